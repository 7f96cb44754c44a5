//! Whatever accounts do in whatever order: coins add up to the unit after every step, a tenant
//! can always close, and when everything is closed and claimed the contracts are empty.

#![allow(clippy::unwrap_used)]

mod fixture;
mod step;

use std::collections::BTreeSet;

use fixture::Fixture;
use proptest::{prelude::*, strategy::ValueTree};
use step::Step;

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, max_shrink_iters: 400, ..Default::default() })]

    #[test]
    fn coins_add_up_after_every_step_and_nothing_is_left_at_the_end(
        steps in prop::collection::vec(Step::any(), 10..80),
    ) {
        let mut fixture = Fixture::new();
        for step in &steps {
            fixture.take(step);
            fixture.check();
        }
        fixture.close_everything();
        fixture.check_nothing_is_left();
    }
}

#[test]
fn the_random_steps_reach_every_part_of_the_market() {
    // A generator whose steps are all refused would prove nothing: each kind must have gone well.
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let steps = prop::collection::vec(Step::any(), 80);
    let mut succeeded = BTreeSet::new();
    for _ in 0..100 {
        let mut fixture = Fixture::new();
        for step in steps.new_tree(&mut runner).unwrap().current() {
            fixture.take(&step);
        }
        succeeded.extend(fixture.succeeded);
    }
    let missing: Vec<_> =
        Step::KINDS.into_iter().filter(|kind| !succeeded.contains(kind)).collect();
    assert!(missing.is_empty(), "never succeeded: {missing:?}");
}
