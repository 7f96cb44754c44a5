//! Whatever people do in whatever order: coins add up to the unit after every step, a tenant
//! can always close, and when all have gone home the contracts are empty.

#![allow(clippy::unwrap_used)]

mod step;
mod world;

use std::collections::BTreeSet;

use proptest::{prelude::*, strategy::ValueTree};
use step::Step;
use world::World;

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, max_shrink_iters: 400, ..Default::default() })]

    #[test]
    fn coins_add_up_after_every_step_and_nothing_is_left_at_the_end(
        steps in prop::collection::vec(Step::any(), 10..80),
    ) {
        let mut world = World::new();
        for step in &steps {
            world.take(step);
            world.check();
        }
        world.all_go_home();
        world.check_nothing_is_left();
    }
}

#[test]
fn the_random_steps_reach_every_part_of_the_market() {
    // A generator whose steps are all refused would prove nothing: each kind must have gone well.
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let steps = prop::collection::vec(Step::any(), 80);
    let mut succeeded = BTreeSet::new();
    for _ in 0..60 {
        let mut world = World::new();
        for step in steps.new_tree(&mut runner).unwrap().current() {
            world.take(&step);
        }
        succeeded.extend(world.succeeded);
    }
    let missing: Vec<_> =
        Step::KINDS.into_iter().filter(|kind| !succeeded.contains(kind)).collect();
    assert!(missing.is_empty(), "never succeeded: {missing:?}");
}
