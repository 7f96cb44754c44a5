//! Random lives of stakers and income against a bookkeeper that keeps everything apart,
//! compared after every step: no unit of income is lost, made or paid to the wrong one.
#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::unwrap_used)]

#[path = "../common/mod.rs"]
mod common;
mod expected;
mod life;

use expected::{DENOMS, STAKERS};
use life::{Life, Step};
use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use souk_api::fees::ExecuteMsg;
use souk_contract_std::testing::{Lives, Sent};

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
        1 => who().prop_map(|who| Step::UnstakeMore { who }),
        2 => who().prop_map(|who| Step::ClaimOnTime { who }),
        2 => (denom(), 0..3u64).prop_map(|(denom, n)| Step::ToTheEnd { denom, n }),
        1 => (0..2usize).prop_map(Step::Pool),
        2 => any::<u64>().prop_map(Step::Office),
    ]
}

fn cases() -> ProptestConfig {
    let given = std::env::var_os("PROPTEST_CASES").is_some();
    let usual = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    if given { usual } else { ProptestConfig { cases: 24, ..usual } }
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

#[test]
fn every_unit_reaches_whom_it_belongs_to_whatever_is_sent() {
    let lives = Lives::new(3_000, 120);
    let mut sent = Sent::default();
    lives.play("fee-distributor", |number| {
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &number.bytes());
        let mut runner = TestRunner::new_with_rng(Config::default(), rng);
        let steps = step();
        let mut life = Life::new();
        for _ in 0..number.steps {
            life.step(&steps.new_tree(&mut runner).unwrap().current());
            life.check();
        }
        life.end();
        life.renounce();
        sent.add(&life.sent);
    });
    if lives.are_whole() {
        sent.assert_all::<ExecuteMsg>();
    }
}
