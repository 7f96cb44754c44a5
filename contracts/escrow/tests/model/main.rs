//! Random lives of several accounts against a naive bookkeeper, compared after every step:
//! no unit is lost, created, paid twice or paid to the wrong one, at any amount and time.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unreachable,
    clippy::unwrap_used
)]

#[path = "../common/mod.rs"]
mod common;
mod expected;
mod life;
mod messages;
mod steps;

use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use souk_api::escrow::ExecuteMsg;
use souk_contract_std::testing::{Lives, Sent};

use life::Life;
use steps::{Scale, Step};

fn cases() -> ProptestConfig {
    let given = std::env::var_os("PROPTEST_CASES").is_some();
    let usual = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    if given { usual } else { ProptestConfig { cases: 24, ..usual } }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn no_life_loses_or_makes_a_unit(steps in steps::life()) {
        let mut life = Life::new();
        for step in &steps {
            life.step(step);
        }
        life.end();
    }

    /// The same life, with and without someone who withdraws for everybody at every turn.
    #[test]
    fn payees_get_the_same_however_often_anyone_withdraws(steps in steps::life()) {
        let kept = |step: &&Step| !matches!(step, Step::Withdraw { .. } | Step::Sweep(_));
        // What was paid out stays paid where pay is taken back, so that there withdrawing makes a difference.
        let steps: Vec<Step> = steps.iter().filter(kept).cloned().map(Step::in_full).collect();
        let end = |busy: bool| {
            let mut life = Life::new();
            for step in &steps {
                life.act(step);
                if busy {
                    life.withdraw_all_open();
                }
            }
            life.end();
            (life.paid, life.swept.map(|swept| swept.iter().sum::<u128>()))
        };
        prop_assert_eq!(end(false), end(true));
    }
}

#[test]
fn everybody_is_paid_their_own_whatever_is_sent() {
    let lives = Lives::new(5_000, 125);
    let mut sent = Sent::default();
    lives.play("escrow", |number| {
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &number.bytes());
        let mut runner = TestRunner::new_with_rng(Config::default(), rng);
        let scale = Scale::ALL[usize::try_from(number.below(3)).unwrap()];
        let (steps, first) = (steps::step(scale), steps::first(scale));
        let mut life = Life::new();
        life.step(&first.new_tree(&mut runner).unwrap().current());
        for _ in 1..number.steps {
            life.step(&steps.new_tree(&mut runner).unwrap().current());
        }
        life.end();
        life.renounce();
        sent.add(&life.sent);
    });
    if lives.are_whole() {
        sent.assert_all::<ExecuteMsg>();
        for kind in [
            "hook deposit",
            "hook fund",
            "streams in coins with their account",
            "streams in coins together",
            "streams in tokens together",
        ] {
            assert!(sent.count(kind) > 0, "no {kind}");
        }
    }
}
