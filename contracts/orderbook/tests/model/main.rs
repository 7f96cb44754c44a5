//! Random markets: several tenants and providers send whatever messages in whatever order
//! while time passes. After each step orderbook, escrow and bank must agree; at the
//! end everything can be closed, released and pruned, and all coins are back.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod invariants;
#[path = "../common/market/mod.rs"]
mod market;
#[path = "../common/meter.rs"]
mod meter;
mod steps;

use proptest::{collection::vec, prelude::*};

use steps::{Play, Step, any_step};

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(24)
    })]

    #[test]
    fn whatever_happens_the_orderbook_stays_consistent_and_every_coin_comes_back(
        steps in vec(any_step(), 1..150),
    ) {
        let mut play = Play::begin();
        for step in steps {
            let before = invariants::covered(&play);
            let done = play.act(step);
            let when = format!("{step:?}: {done:?}");
            invariants::check(&play, &when);
            let after = invariants::covered(&play);
            invariants::check_cover(&before, &after, play.passed, &play.opened, &when);
        }
        play.wind_up();
        invariants::check(&play, "at the end");
        invariants::check_nothing_is_left(&play);
    }
}

#[test]
fn the_random_markets_are_lively() {
    // The property above proves little if nothing happens in it: a run of fixed steps must
    // reach leases by both ways, dryness, disqualification and reopening.
    let mut play = Play::begin();
    let mut seed = 7u64;
    for _ in 0..12_000 {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let bytes = (seed >> 16).to_be_bytes();
        // The lowest bits of such a number repeat soon.
        let units = (seed >> 24) as u16;
        let step = Step { what: bytes[2], who: bytes[3], which: bytes[4], units };
        let _ = play.act(step);
    }
    invariants::check(&play, "after all steps");
    for kind in [
        "deployment_created",
        "deployment_marked",
        "deployment_closed",
        "bid_lowered",
        "bid_withdrawn",
        "bid_disqualified",
        "bids_released",
        "auction_extended",
        "lease_created",
        "lease_closed",
        "order_closed",
        "order_pruned",
        "group_changed",
        "excluded_set",
        "anyone_starts_set",
        "lists_set",
        "delegate_set",
        "accept by a delegate",
        "close by a delegate",
        "start by a delegate",
        "end by a notice with a pause in it",
        "lease_reclaiming",
        "end by notice",
        "breach",
        "lease closed for manifest_timeout",
        "lease closed for insufficient_funds",
        "group closed",
        "group paused",
        "group insufficient_funds",
        "start by the tenant",
        "start by a friend",
        "pause by the guardian",
        "time in a guardian's pause",
        "refused: not carried",
        "refused: no cover",
        "refused: notice lapsed",
        "group rests without cover",
        "denom delisted",
    ] {
        assert!(play.seen(kind) > 0, "no {kind} in {:?}", play.counts());
    }
}
