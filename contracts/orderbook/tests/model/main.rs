//! Random markets: several tenants and providers send whatever messages in whatever order
//! while time passes. After each step orderbook, escrow and bank must agree with one another and with
//! books that know who gets what; at the end everything can be closed, released and pruned, and all coins are back.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

#[allow(dead_code)]
#[path = "../../../fee-distributor/tests/model/expected.rs"]
mod distributed;
#[path = "../../../escrow/tests/model/expected.rs"]
mod expected;
mod invariants;
mod ledger;
#[path = "../common/market/mod.rs"]
mod market;
#[path = "../common/meter.rs"]
mod meter;
mod steps;
mod view;

use std::collections::BTreeMap;

use souk_api::orderbook::ExecuteMsg;
use souk_contract_std::testing::{Life, Lives, Sent};

use steps::{Play, Step};

/// After as many steps everything is looked at again, not only what changed.
const OFTEN: usize = 40;

fn play(life: &mut Life) -> Play {
    let mut play = Play::begin();
    for n in 1..=life.steps {
        let step = Step::any(life);
        let before = invariants::covered(&play.ledger);
        let done = play.act(step, n % OFTEN == 0);
        let when = format!("step {n} of {}, {step:?}: {done:?}", life.seed);
        invariants::check(&mut play, &when);
        let after = invariants::covered(&play.ledger);
        invariants::check_cover(&before, &after, play.passed, &play.opened, &when);
    }
    play.wind_up();
    invariants::check(&mut play, &format!("{} at the end", life.seed));
    invariants::check_nothing_is_left(&play);
    play
}

#[test]
fn whatever_happens_everyone_gets_what_is_theirs_and_every_coin_comes_back() {
    let lives = Lives::new(10_000, 250);
    let (mut seen, mut sent) = (BTreeMap::<String, usize>::new(), Sent::default());
    lives.play("orderbook", |life| {
        let play = play(life);
        for (kind, count) in play.counts() {
            *seen.entry(kind.clone()).or_default() += count;
        }
        for (why, count) in &play.ledger.refused {
            *seen.entry(format!("quote refused: {why}")).or_default() += count;
        }
        sent.add(&play.ledger.sent);
    });
    // That proves little if nothing happens in it.
    if lives.are_whole() {
        let missing: Vec<_> = LIVELY.iter().filter(|kind| !seen.contains_key(**kind)).collect();
        assert!(missing.is_empty(), "no {missing:?} in {seen:?}");
        sent.assert_all::<ExecuteMsg>();
    }
}

/// What must happen in a run of usual length.
const LIVELY: &[&str] = &[
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
    "provider_seen",
    "seen in the last second",
    "closed as absent",
    "closed as absent by anyone",
    "pay taken back",
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
    "all that is free",
    "marked in the second of depletion",
    "a clock starts again",
    "ended in the last second of its grace",
    "no manifest, first second",
    "no manifest, last second",
    "a bid in the last second",
    "an auction closed in its last second",
    "a bid in an order's last second",
    "a bid in an attestation's last second",
    "expired after its last second",
    "a slot released in its second",
    "bond returned",
    "payout",
    "refund of the tenant",
    "refund of a friend",
    "maintenance",
    "several bids in a message",
    "a bid left out of several",
    "lease by a quote",
    "lease by a quote with an offer",
    "created by quotes",
    "created by quotes in tokens",
    "several groups by quotes",
    "quotes for all that is paid in",
    "quote accepted",
    "quote accepted before bids",
    "quote accepted beside an own bid",
    "quote accepted by a delegate",
    "a quote in its first second",
    "a quote in its last second",
    "a quote a second too early, and then",
    "a quote a second too late",
    "a quote used again",
    "a nonce used again",
    "a nonce used again after it was forgotten",
    "quote refused: from the future",
    "quote refused: over",
    "quote refused: for too long",
    "quote refused: another take rate",
    "quote refused: another notice",
    "quote refused: not signed for this",
    "quote refused: in maintenance",
    "quote refused: not allowed",
    "quote refused: left out",
    "quote refused: above the ceiling",
    "quote refused: not attested",
    "quote refused: used",
    "quote refused: paused",
    "quote refused: delisted",
    "quote refused: an auction",
    "quote refused: one for each group",
    "quote refused: not carried",
    "quote refused: the delegate's limit",
    "quote refused: not open to it",
    "quote refused: no slot is free",
];
