//! Random lives: what may happen to a few accounts, in any order, at small and at the
//! largest amounts, within a second and over centuries.

use proptest::prelude::*;
use souk_api::escrow::ReserveChange;
use souk_core::Rate;

/// How many accounts, and parties who own, deposit and are paid.
pub const ACCOUNTS: u64 = 4;
/// The account that is held in a token.
pub const OF_TOKEN: u64 = 4;
pub const PARTIES: usize = 4;
pub const STREAMS: u64 = 4;

/// A stream that begins with others.
#[derive(Clone, Debug)]
pub struct New {
    pub stream: u64,
    pub payee: usize,
    pub rate: u128,
    pub bps: u16,
    pub hold: u64,
}

#[derive(Clone, Debug)]
pub enum Step {
    Pass(u64),
    /// Lets time pass until the account is depleted, if it does so soon, and a little more.
    Deplete {
        account: u64,
        more: u64,
    },
    /// Lets time pass until the second before, in which it still pays.
    AlmostDeplete {
        account: u64,
    },
    Open {
        account: u64,
        tenant: usize,
        units: u128,
        reserved: u128,
        streams: Vec<New>,
    },
    /// Several, or none.
    Streams {
        account: u64,
        streams: Vec<New>,
    },
    Stream {
        account: u64,
        stream: u64,
        payee: usize,
        rate: u128,
        bps: u16,
        reserved: ReserveChange,
        hold: u64,
    },
    /// With what was earned until that number of seconds ago.
    End {
        account: u64,
        stream: u64,
        reserved: ReserveChange,
        ago: Option<u64>,
    },
    Reserve {
        account: u64,
        reserved: ReserveChange,
    },
    /// Likewise, of some streams.
    Close {
        account: u64,
        ago: Vec<(u64, u64)>,
    },
    Deposit {
        account: u64,
        who: usize,
        units: u128,
    },
    Withdraw {
        account: u64,
        stream: u64,
    },
    TakeOwn {
        account: u64,
        units: u128,
    },
    Refund {
        account: u64,
        deposit: Option<usize>,
    },
    /// All of what the tenant can take, or one unit more.
    TakeAll {
        account: u64,
        more: u128,
    },
    /// Just what starts a stopped clock, or one unit less.
    Restart {
        account: u64,
        who: usize,
        less: u128,
    },
    /// The controller sends tokens on for the tenant.
    Fund {
        account: u64,
        units: u128,
    },
    Sweep(usize),
    /// The owner delists the controller, or lists it again.
    Delist(bool),
    /// Likewise the token.
    DelistToken(bool),
    /// Fees go elsewhere.
    Collect(usize),
    /// Something that owner or guardian may do, by its number.
    Office(u64),
}

/// How large the amounts of one life are.
#[derive(Clone, Copy, Debug)]
pub enum Scale {
    Small,
    Usual,
    Largest,
}

impl Scale {
    pub const ALL: [Self; 3] = [Self::Small, Self::Usual, Self::Largest];

    fn units(self) -> BoxedStrategy<u128> {
        match self {
            Self::Small => (1..200u128).boxed(),
            Self::Usual => (1..50_000_000u128).boxed(),
            // Many deposits of one life still stay below 2^112.
            Self::Largest => prop_oneof![1..1_000u128, (1u128 << 100)..(1u128 << 106)].boxed(),
        }
    }

    fn rate(self) -> BoxedStrategy<u128> {
        match self {
            Self::Small => (1..40u128).boxed(),
            Self::Usual => (1..2_000_000u128).boxed(),
            Self::Largest => prop_oneof![1..1_000u128, (1u128 << 90)..=(1u128 << 96)].boxed(),
        }
    }

    fn reserved(self) -> BoxedStrategy<u128> {
        prop_oneof![3 => Just(0), 1 => self.rate()].boxed()
    }

    /// Often none; what is let go may be more than there is.
    fn change(self) -> BoxedStrategy<ReserveChange> {
        let rate = || self.rate().prop_map(|units| Rate::new(units).unwrap());
        prop_oneof![
            4 => Just(ReserveChange::NONE),
            2 => rate().prop_map(ReserveChange::More),
            2 => rate().prop_map(ReserveChange::Less),
            1 => rate().prop_map(ReserveChange::To),
        ]
        .boxed()
    }
}

fn seconds() -> impl Strategy<Value = u64> {
    prop_oneof![
        4 => 0..10u64,
        4 => 0..500u64,
        4 => 500..20_000u64,
        3 => 20_000..5_000_000u64,
        1 => 0..3_153_600_000u64,
    ]
}

/// Often none.
fn hold() -> impl Strategy<Value = u64> {
    prop_oneof![2 => Just(0), 1 => 1..500u64, 1 => Just(21_600), 1 => Just(u64::MAX)]
}

impl Step {
    /// The same with all pay, where it would take some back.
    pub fn in_full(self) -> Self {
        match self {
            Self::End { account, stream, reserved, .. } => {
                Self::End { account, stream, reserved, ago: None }
            }
            Self::Close { account, .. } => Self::Close { account, ago: Vec::new() },
            other => other,
        }
    }
}

fn bps() -> impl Strategy<Value = u16> {
    prop_oneof![Just(0), Just(1), Just(137), Just(2_000), Just(9_999), Just(10_000)]
}

/// Up to four streams, now and then one number twice or a fee above everything. Mostly small ones, so that the
/// account carries them all.
fn streams(scale: Scale) -> impl Strategy<Value = Vec<New>> {
    let rate = prop_oneof![scale.rate(), scale.rate().prop_map(|rate| rate / 8 + 1)];
    let bps = prop_oneof![20 => bps(), 1 => Just(10_001)];
    let new = (0..PARTIES, rate, bps, hold());
    let numbers = prop_oneof![
        4 => (1..=STREAMS, 0..=STREAMS).prop_map(|(first, count)| {
            (first..first + count).map(|number| (number - 1) % STREAMS + 1).collect()
        }),
        1 => prop::collection::vec(1..=STREAMS, 2..4),
    ];
    (numbers, prop::collection::vec(new, 4)).prop_map(|(numbers, all): (Vec<u64>, _)| {
        let all = numbers.into_iter().zip(all);
        let new = |(stream, (payee, rate, bps, hold))| New { stream, payee, rate, bps, hold };
        all.map(new).collect()
    })
}

/// Any step, with amounts of that scale.
pub fn step(scale: Scale) -> impl Strategy<Value = Step> {
    let account = || 1..=ACCOUNTS;
    let stream = || 1..=STREAMS;
    let person = || 0..PARTIES;
    prop_oneof![
        8 => seconds().prop_map(Step::Pass),
        4 => (account(), prop_oneof![Just(0), 0..5_000u64])
            .prop_map(|(account, more)| Step::Deplete { account, more }),
        3 => (account(), person(), scale.units(), scale.reserved(), streams(scale)).prop_map(
            |(account, tenant, units, reserved, streams)| Step::Open {
                account, tenant, units, reserved, streams
            }
        ),
        2 => (account(), streams(scale))
            .prop_map(|(account, streams)| Step::Streams { account, streams }),
        6 => (account(), stream(), person(), scale.rate(), bps(), scale.change(), hold()).prop_map(
            |(account, stream, payee, rate, bps, reserved, hold)| Step::Stream {
                account, stream, payee, rate, bps, reserved, hold
            }
        ),
        3 => (account(), stream(), scale.change(), prop::option::of(seconds()))
            .prop_map(|(account, stream, reserved, ago)| Step::End { account, stream, reserved, ago }),
        1 => (account(), scale.change())
            .prop_map(|(account, reserved)| Step::Reserve { account, reserved }),
        1 => (account(), prop::collection::vec((stream(), seconds()), 0..3))
            .prop_map(|(account, ago)| Step::Close { account, ago }),
        5 => (account(), person(), scale.units())
            .prop_map(|(account, who, units)| Step::Deposit { account, who, units }),
        5 => (account(), stream())
            .prop_map(|(account, stream)| Step::Withdraw { account, stream }),
        2 => (account(), scale.units())
            .prop_map(|(account, units)| Step::TakeOwn { account, units }),
        2 => (account(), prop::option::of(0..4usize))
            .prop_map(|(account, deposit)| Step::Refund { account, deposit }),
        2 => (account(), 0..2u128).prop_map(|(account, more)| Step::TakeAll { account, more }),
        2 => (account(), person(), 0..2u128)
            .prop_map(|(account, who, less)| Step::Restart { account, who, less }),
        1 => account().prop_map(|account| Step::AlmostDeplete { account }),
        1 => (account(), scale.units()).prop_map(|(account, units)| Step::Fund { account, units }),
        1 => (0..2usize).prop_map(Step::Sweep),
        1 => any::<bool>().prop_map(Step::Delist),
        1 => any::<bool>().prop_map(Step::DelistToken),
        1 => (0..2usize).prop_map(Step::Collect),
        2 => any::<u64>().prop_map(Step::Office),
    ]
}

/// The first account.
pub fn first(scale: Scale) -> impl Strategy<Value = Step> {
    let parts = (0..PARTIES, scale.units(), prop_oneof![Just(Vec::new()), streams(scale)]);
    parts.prop_map(|(tenant, units, streams)| Step::Open {
        account: 1,
        tenant,
        units,
        reserved: 0,
        streams,
    })
}

/// A life that begins with an account, so that it is not all refusals.
pub fn life() -> impl Strategy<Value = Vec<Step>> {
    let scale = prop_oneof![Just(Scale::Small), Just(Scale::Usual), Just(Scale::Largest)];
    scale.prop_flat_map(|scale| {
        (first(scale), prop::collection::vec(step(scale), 1..60)).prop_map(|(first, mut steps)| {
            steps.insert(0, first);
            steps
        })
    })
}
