//! Random lives: what may happen to a few accounts, in any order, at small and at the
//! largest amounts, within a second and over centuries.

use proptest::prelude::*;
use souk_api::escrow::ReserveChange;
use souk_core::Rate;

/// How many accounts, and parties who own, deposit and are paid.
pub const ACCOUNTS: u64 = 3;
pub const PARTIES: usize = 4;
pub const STREAMS: u64 = 4;

#[derive(Clone, Debug)]
pub enum Step {
    Pass(u64),
    /// Lets time pass until the account is depleted, if it does so soon, and a little more.
    Deplete {
        account: u64,
        more: u64,
    },
    Open {
        account: u64,
        tenant: usize,
        units: u128,
        reserved: u128,
    },
    Stream {
        account: u64,
        stream: u64,
        payee: usize,
        rate: u128,
        bps: u16,
        reserved: ReserveChange,
    },
    End {
        account: u64,
        stream: u64,
        reserved: ReserveChange,
    },
    Reserve {
        account: u64,
        reserved: ReserveChange,
    },
    Close {
        account: u64,
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
    Sweep,
}

/// How large the amounts of one life are.
#[derive(Clone, Copy, Debug)]
pub enum Scale {
    Small,
    Usual,
    Largest,
}

impl Scale {
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

fn step(scale: Scale) -> impl Strategy<Value = Step> {
    let account = || 1..=ACCOUNTS;
    let stream = || 1..=STREAMS;
    let person = || 0..PARTIES;
    let bps = prop_oneof![Just(0), Just(1), Just(137), Just(2_000), Just(9_999), Just(10_000)];
    prop_oneof![
        8 => seconds().prop_map(Step::Pass),
        4 => (account(), prop_oneof![Just(0), 0..5_000u64])
            .prop_map(|(account, more)| Step::Deplete { account, more }),
        2 => (account(), person(), scale.units(), scale.reserved())
            .prop_map(|(account, tenant, units, reserved)| Step::Open { account, tenant, units, reserved }),
        6 => (account(), stream(), person(), scale.rate(), bps, scale.change()).prop_map(
            |(account, stream, payee, rate, bps, reserved)| Step::Stream {
                account, stream, payee, rate, bps, reserved
            }
        ),
        2 => (account(), stream(), scale.change())
            .prop_map(|(account, stream, reserved)| Step::End { account, stream, reserved }),
        1 => (account(), scale.change())
            .prop_map(|(account, reserved)| Step::Reserve { account, reserved }),
        1 => account().prop_map(|account| Step::Close { account }),
        5 => (account(), person(), scale.units())
            .prop_map(|(account, who, units)| Step::Deposit { account, who, units }),
        5 => (account(), stream())
            .prop_map(|(account, stream)| Step::Withdraw { account, stream }),
        2 => (account(), scale.units())
            .prop_map(|(account, units)| Step::TakeOwn { account, units }),
        2 => (account(), prop::option::of(0..4usize))
            .prop_map(|(account, deposit)| Step::Refund { account, deposit }),
        1 => Just(Step::Sweep),
    ]
}

/// A life that begins with an account, so that it is not all refusals.
pub fn life() -> impl Strategy<Value = Vec<Step>> {
    let scale = prop_oneof![Just(Scale::Small), Just(Scale::Usual), Just(Scale::Largest)];
    scale.prop_flat_map(|scale| {
        let first = (0..PARTIES, scale.units()).prop_map(|(tenant, units)| Step::Open {
            account: 1,
            tenant,
            units,
            reserved: 0,
        });
        (first, prop::collection::vec(step(scale), 1..60)).prop_map(|(first, mut steps)| {
            steps.insert(0, first);
            steps
        })
    })
}
