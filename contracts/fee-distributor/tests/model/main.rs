//! Random lives of stakers and income against a bookkeeper that keeps everything apart,
//! compared after every step: no unit of income is lost, made or paid to the wrong one.
#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::unwrap_used)]

#[path = "../common/mod.rs"]
mod common;
mod expected;

use common::{DAY_AND_PERIOD, Fees, OTHER, PERIOD, STAKE, START, UNSTAKING, amount, split, who};
use cosmwasm_std::{Addr, coins};
use expected::{DENOMS, Expected, STAKED, STAKERS};
use proptest::prelude::*;
use souk_api::fees::{ExecuteMsg, QueryMsg, StakerResponse};
use souk_core::Denom;

const NAMES: [&str; DENOMS] = [STAKE, OTHER];
const MIN: u128 = 1_000;

#[derive(Clone, Debug)]
enum Step {
    Pass(u64),
    Income {
        denom: usize,
        units: u128,
    },
    Distribute {
        denom: usize,
    },
    PayPool {
        denom: usize,
    },
    Burn {
        denom: usize,
    },
    Stake {
        who: usize,
        units: u128,
    },
    Unstake {
        who: usize,
        units: u128,
    },
    UnstakeAll {
        who: usize,
    },
    ClaimUnstaked {
        who: usize,
    },
    Claim {
        who: usize,
        denom: usize,
    },
    Minimum {
        units: u128,
    },
    /// Just at or just above what is staked.
    TightMinimum {
        above: u128,
    },
    Split {
        parts: [u16; 3],
    },
}

/// The contract and what is expected of it, side by side.
struct Life {
    fees: Fees,
    expected: Expected,
    stakers: Vec<Addr>,
    /// Coins of the staked denom that each person has staked and got back.
    returned: [u128; STAKERS],
}

impl Life {
    fn new() -> Self {
        let fees = Fees::new();
        let stakers = (0..STAKERS).map(|n| who(&format!("person {n}"))).collect();
        let min = ExecuteMsg::UpdateConfig {
            guardian: None,
            pool: None,
            split: None,
            add_denoms: None,
            min_total_stake: Some(amount(MIN)),
        };
        let expected = Expected::new(START, MIN, [2_000, 5_000, 3_000]);
        let mut life = Self { fees, expected, stakers, returned: [0; STAKERS] };
        life.fees.send(&who("owner"), &min, &[]).unwrap();
        life
    }

    fn step(&mut self, step: &Step) {
        let (fees, expected) = (&mut self.fees, &mut self.expected);
        let stranger = who("stranger");
        let native = |denom: usize| Denom::native(NAMES[denom]);
        let change = |min_total_stake, split| ExecuteMsg::UpdateConfig {
            guardian: None,
            pool: None,
            split,
            add_denoms: None,
            min_total_stake,
        };
        match *step {
            Step::Pass(seconds) => {
                fees.pass(seconds);
                expected.pass(seconds);
            }
            Step::Income { denom, units } => {
                let address = fees.address.clone();
                fees.mint(&address, units, NAMES[denom]);
                expected.income(denom, units);
            }
            Step::Distribute { denom } => {
                let msg = ExecuteMsg::Distribute { denom: native(denom) };
                fees.send(&stranger, &msg, &[]).unwrap();
                expected.distribute(denom, PERIOD);
            }
            Step::PayPool { denom } => {
                let before = fees.balance(&common::who("pool"), NAMES[denom]);
                let pending = fees.denom(NAMES[denom]).pending_pool.u128();
                fees.send(&stranger, &ExecuteMsg::PayPool { denom: native(denom) }, &[]).unwrap();
                let paid = fees.balance(&common::who("pool"), NAMES[denom]) - before;
                assert_eq!(paid, pending, "what was shown is paid");
                expected.denoms[denom].pool_paid += paid;
            }
            Step::Burn { denom } => {
                fees.send(&stranger, &ExecuteMsg::Burn { denom: native(denom) }, &[]).unwrap();
                expected.burn(denom);
            }
            Step::Stake { who, units } => {
                let msg = ExecuteMsg::Stake {};
                fees.send(&self.stakers[who], &msg, &coins(units, STAKE)).unwrap();
                expected.stakes[who] += units;
            }
            Step::Unstake { who, units } => {
                let msg = ExecuteMsg::Unstake { amount: amount(units) };
                let done = fees.send(&self.stakers[who], &msg, &[]);
                assert_eq!(done.is_ok(), expected.unstake(who, units, UNSTAKING), "{done:?}");
            }
            Step::UnstakeAll { who } => {
                let units = expected.stakes[who];
                self.step(&Step::Unstake { who, units });
            }
            Step::ClaimUnstaked { who } => {
                let done = fees.send(&self.stakers[who], &ExecuteMsg::ClaimUnstaked {}, &[]);
                let expected = expected.claim_unstaked(who);
                assert_eq!(done.is_ok(), expected.is_some(), "{done:?}");
                self.returned[who] += expected.unwrap_or(0);
            }
            Step::Claim { who, denom } => {
                let before = fees.balance(&self.stakers[who], NAMES[denom]);
                let staker = self.stakers[who].to_string();
                let msg = ExecuteMsg::ClaimRewards { staker, denoms: vec![native(denom)] };
                fees.send(&stranger, &msg, &[]).unwrap();
                let paid = fees.balance(&self.stakers[who], NAMES[denom]) - before;
                expected.denoms[denom].paid[who] += paid;
            }
            Step::Minimum { units } => {
                fees.send(&who("owner"), &change(Some(amount(units)), None), &[]).unwrap();
                expected.set_min(units);
            }
            Step::TightMinimum { above } => {
                let units = (expected.total() + above).max(1);
                self.step(&Step::Minimum { units });
            }
            Step::Split { parts } => {
                let parts_msg = split(parts[0], parts[1], parts[2]);
                fees.send(&who("owner"), &change(None, Some(parts_msg)), &[]).unwrap();
                expected.split = parts.map(Into::into);
            }
        }
    }

    /// Everything that must hold at every moment.
    fn check(&self) {
        for (denom, name) in NAMES.iter().enumerate() {
            self.check_denom(denom, name);
        }
        for (who, person) in self.stakers.iter().enumerate() {
            let paid = self.expected.denoms[STAKED].paid[who];
            let has = self.fees.balance(person, STAKE);
            assert_eq!(has, paid + self.returned[who], "stakes come back whole");
        }
    }

    fn check_denom(&self, denom: usize, name: &str) {
        let (fees, expected) = (&self.fees, &self.expected.denoms[denom]);
        let shown = fees.denom(name);
        let stakes: u128 = self.expected.total()
            + self.expected.unstaking.map(|(units, _)| units).iter().sum::<u128>();
        let stakes = if denom == STAKED { stakes } else { 0 };
        let parts = [
            shown.undistributed,
            shown.dripping,
            shown.unclaimed,
            shown.pending_pool,
            shown.pending_burn,
        ];
        let owed: u128 = parts.iter().map(|part| part.u128()).sum();
        assert_eq!(fees.balance(&fees.address, name), stakes + owed, "nothing is uncounted");

        let pool = fees.balance(&who("pool"), name);
        let paid: u128 = expected.paid.iter().sum();
        assert_eq!(
            expected.came,
            pool + expected.burned + paid + owed,
            "income is all accounted for"
        );
        assert_eq!((shown.to_pool.u128(), pool), (pool, expected.pool_paid));
        assert_eq!(shown.undistributed.u128(), expected.unsplit(), "split to the unit");
        assert_eq!(
            (shown.pending_burn.u128(), shown.burned.u128()),
            (expected.to_burn(), expected.burned)
        );

        // To the unit: the contract's shares may differ from the expected ones by the last bits.
        let pool_due = pool + shown.pending_pool.u128();
        let pool_expected = expected.pool_split() + expected.pool_dripped();
        assert!(
            pool_due.abs_diff(pool_expected) <= 1,
            "pool: {pool_due}, expected {pool_expected}"
        );
        for (who, person) in self.stakers.iter().enumerate() {
            let staker: StakerResponse =
                fees.query(&QueryMsg::Staker { staker: person.to_string() });
            assert_eq!(staker.stake.u128(), self.expected.stakes[who]);
            let earned = staker.rewards[denom].amount.u128() + expected.paid[who];
            assert!(
                earned.abs_diff(expected.earned(who)) <= 1,
                "{earned}, {}",
                expected.earned(who)
            );
        }
    }

    /// Lets everything drip and everybody claim.
    fn end(&mut self) {
        let all = (0..STAKERS).flat_map(|who| (0..DENOMS).map(move |denom| (who, denom)));
        for denom in 0..DENOMS {
            self.step(&Step::Distribute { denom });
        }
        self.step(&Step::Pass(DAY_AND_PERIOD));
        for denom in 0..DENOMS {
            self.step(&Step::Distribute { denom });
            self.step(&Step::PayPool { denom });
            self.step(&Step::Burn { denom });
        }
        for (who, denom) in all {
            self.step(&Step::Claim { who, denom });
        }
        for who in 0..STAKERS {
            let units = self.expected.stakes[who];
            if units > 0 {
                self.step(&Step::Unstake { who, units });
            }
        }
        self.step(&Step::Pass(UNSTAKING));
        for who in 0..STAKERS {
            self.step(&Step::ClaimUnstaked { who });
        }
        self.check();
        for (denom, name) in NAMES.iter().enumerate() {
            assert!(!self.expected.denoms[denom].drips());
            let left = self.fees.balance(&self.fees.address, name);
            // A fraction of each staker and of the index; two units of splits at most.
            let bound = u128::try_from(STAKERS).unwrap() + 1 + 2;
            assert!(left <= bound, "{left} {name} are left over");
        }
    }
}

fn units() -> impl Strategy<Value = u128> {
    prop_oneof![1..50u128, 1..3_000u128, 1..5_000_000_000u128, (1u128 << 90)..(1u128 << 104)]
}

fn seconds() -> impl Strategy<Value = u64> {
    prop_oneof![0..5u64, 0..90_000u64, 0..700_000u64, 0..40_000_000u64]
}

fn step() -> impl Strategy<Value = Step> {
    let denom = || 0..DENOMS;
    let who = || 0..STAKERS;
    let parts = prop_oneof![
        Just([0, 10_000, 0]),
        Just([2_000, 5_000, 3_000]),
        Just([1, 9_998, 1]),
        Just([10_000, 0, 0])
    ];
    prop_oneof![
        6 => seconds().prop_map(Step::Pass),
        4 => (denom(), units()).prop_map(|(denom, units)| Step::Income { denom, units }),
        5 => denom().prop_map(|denom| Step::Distribute { denom }),
        1 => denom().prop_map(|denom| Step::Burn { denom }),
        2 => denom().prop_map(|denom| Step::PayPool { denom }),
        4 => (who(), units()).prop_map(|(who, units)| Step::Stake { who, units }),
        3 => (who(), units()).prop_map(|(who, units)| Step::Unstake { who, units }),
        1 => who().prop_map(|who| Step::ClaimUnstaked { who }),
        4 => (who(), denom()).prop_map(|(who, denom)| Step::Claim { who, denom }),
        2 => who().prop_map(|who| Step::UnstakeAll { who }),
        1 => units().prop_map(|units| Step::Minimum { units }),
        2 => (0..2u128).prop_map(|above| Step::TightMinimum { above }),
        1 => parts.prop_map(|parts| Step::Split { parts }),
    ]
}

fn cases() -> ProptestConfig {
    let given = std::env::var_os("PROPTEST_CASES").is_some();
    let usual = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    if given { usual } else { ProptestConfig { cases: 40, ..usual } }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn every_unit_of_income_reaches_whom_it_belongs_to(steps in prop::collection::vec(step(), 1..50)) {
        let mut life = Life::new();
        for step in &steps {
            life.step(step);
            life.check();
        }
        life.end();
    }

    /// The same life, with and without someone who counts and claims at every turn.
    #[test]
    fn stakers_earn_the_same_however_often_anyone_claims(steps in prop::collection::vec(step(), 1..50)) {
        let kept = |step: &&Step| !matches!(step, Step::Claim { .. });
        let steps: Vec<&Step> = steps.iter().filter(kept).collect();
        let end = |busy: bool| {
            let mut life = Life::new();
            for step in &steps {
                life.step(step);
                if busy {
                    for who in 0..STAKERS {
                        life.step(&Step::Claim { who, denom: 1 });
                    }
                }
            }
            life.end();
            life.expected.denoms[1].paid
        };
        prop_assert_eq!(end(false), end(true));
    }
}
