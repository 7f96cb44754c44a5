//! Providers that reach their tenants and not the chain: what their gateways say, and who passes it on.

use ed25519_zebra::SigningKey;
use predicates::{prelude::*, str::contains};
use serde_json::Value;
use souk_core::time::HOUR;

use crate::{
    fixture::Fixture,
    gateway::{Gateway, seen_at},
};

/// A lease of ann's, at a provider with a gateway, with the default limit of a day.
async fn leased() -> (Fixture, Gateway) {
    let (fixture, gateway) = (Fixture::new().await, Gateway::start().await);
    gateway.register(&fixture).await;
    fixture.souk("ann", "deploy web.yaml --wait 0").code(7);
    fixture.place(1, 15_000).await;
    fixture.souk("ann", "accept 1 lowest --no-send").success();
    (fixture, gateway)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_a_gateway_says_is_shown_and_passed_on_when_its_tenant_asks_for_that() {
    let (fixture, gateway) = leased().await;
    let began = seen_at(&fixture).await;
    fixture.pass(HOUR).await;
    let old = fixture.souk("ann", "lease status 1").success();
    old.stderr(contains("last seen 1 h").and(contains("gateway").not()));
    let nothing = fixture.souk("ann", "lease status 1 --pass-on").code(6);
    nothing.stderr(contains("lease 1 has no word to pass on").and(contains("404")));

    let stranger = SigningKey::from([9; 32]);
    gateway.signs(&fixture, &stranger, began + HOUR);
    let wrong = fixture.souk("ann", "lease status 1").success();
    wrong.stderr(contains("what its gateway says is not the word of"));
    fixture.souk("ann", "lease status 1 --pass-on").code(6).stderr(contains("not the word of"));

    gateway.says_it_is_there(&fixture).await;
    let shown = fixture.souk("ann", "lease status 1").success();
    let says = contains("its gateway says that it was there 0 s ago").or(contains("s ago;"));
    shown.stderr(says.and(contains("`souk lease status 1 --pass-on` tells the chain")));
    assert_eq!(seen_at(&fixture).await, began, "nothing was sent");
    let json = fixture.souk("ann", "lease status 1 --json").success();
    let json: Value = serde_json::from_slice(&json.get_output().stdout).unwrap();
    assert_eq!(json["phase"], "ready");
    let issued_at = json["presence"]["issued_at"].as_u64().unwrap();

    let passed = fixture.souk("bob", "lease status 1 --pass-on").success();
    passed.stderr(contains("the chain knows now that"));
    assert_eq!(seen_at(&fixture).await, issued_at, "anyone may");
    let again = fixture.souk("ann", "lease status 1 --pass-on").code(4);
    again.stderr(contains("passing on the word of"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_watcher_passes_a_word_on_once_the_providers_pay_would_be_cut() {
    let (fixture, gateway) = leased().await;
    let began = seen_at(&fixture).await;
    fixture.pass(5 * HOUR).await;
    gateway.says_it_is_there(&fixture).await;
    fixture.souk("ann", "keep 1 --once").success().stdout("");
    assert_eq!(seen_at(&fixture).await, began, "a quarter of a day is not over");
    fixture.pass(HOUR + 600).await;
    gateway.says_it_is_there(&fixture).await;
    fixture.souk("ann", "keep 1 --once --no-pass-on").success().stdout(contains("--pass-on"));
    assert_eq!(seen_at(&fixture).await, began, "nothing was sent");
    let passed = fixture.souk("ann", "keep 1 --once").success();
    passed.stdout(contains("done: tell the chain that souk").and(contains("is there")));
    assert!(seen_at(&fixture).await >= began + 6 * HOUR);
    fixture.souk("ann", "keep 1 --once").success().stdout("");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_provider_whose_gateway_answers_and_whose_workload_runs_is_not_closed_as_absent() {
    let (fixture, gateway) = leased().await;
    fixture.pass(25 * HOUR).await;
    fixture.chain.handle.produce_blocks(250).await.unwrap();
    gateway.says_it_is_there(&fixture).await;
    let left = fixture.souk("ann", "keep 1 --once --close-absent --no-pass-on").success();
    left.stdout(contains("is absent").and(contains("done: close").not()));
    let kept = fixture.souk("ann", "keep 1 --once --close-absent").success();
    kept.stdout(contains("done: tell the chain").and(contains("done: close").not()));
    let status = fixture.souk("ann", "status 1").success();
    status.stdout(contains("Lease 1: its provider was last seen"));

    // It still says that it is there, and runs nothing.
    fixture.pass(25 * HOUR).await;
    fixture.chain.handle.produce_blocks(250).await.unwrap();
    gateway.says_it_is_there(&fixture).await;
    gateway.leases_are("deploying", 0);
    let said = fixture.souk("ann", "keep 1 --once").success();
    said.stdout(contains("nothing of the lease runs").and(contains("done:").not()));
    let closed = fixture.souk("ann", "keep 1 --once --close-absent").success();
    closed.stdout(contains("nothing of the lease runs").and(contains("done: close lease 1")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_that_reaches_nobody_with_a_word_of_yesterday_is_closed() {
    let (fixture, gateway) = leased().await;
    gateway.says_it_is_there(&fixture).await;
    fixture.pass(25 * HOUR).await;
    fixture.chain.handle.produce_blocks(250).await.unwrap();
    let closed = fixture.souk("ann", "keep 1 --once --close-absent").success();
    closed.stdout(contains("done: close lease 1"));
}
