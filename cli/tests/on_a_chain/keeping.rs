//! `souk keep`: what it says, does, and leaves to others.

use std::fs;

use predicates::{prelude::*, str::contains};
use souk_core::time::HOUR;

use crate::fixture::Fixture;

/// A deployment of ann's with a lease of 15,000 an hour, of which 500,000 are deposited.
async fn leased(fixture: &Fixture) {
    fixture.souk("ann", "deploy web.yaml --wait 0").code(7);
    fixture.bid(1, 15_000).await;
    fixture.souk("ann", "accept 1 lowest --no-send").success();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_watcher_closes_what_an_absent_provider_left_and_hands_the_news_to_a_command() {
    let fixture = Fixture::new().await;
    leased(&fixture).await;
    let quiet = fixture.souk("ann", "keep 1 --once --close-absent").success();
    quiet.stdout("");
    fixture.pass(13 * HOUR).await;
    let news = fixture.home.path().join("news");
    let keep = ["keep", "1", "--once", "--close-absent", "--run"];
    let into = format!("cat >> {}; echo >> {}", news.display(), news.display());
    let watch = |key: &str| fixture.command(key).args(keep).arg(&into).assert();
    watch("ann").success().stdout(contains("was not seen since second"));
    assert!(fs::read_to_string(&news).unwrap().contains(r#""what":"unseen""#));

    fixture.pass(12 * HOUR).await;
    fixture.chain.handle.produce_blocks(250).await.unwrap();
    let other = fixture.souk("bob", "keep 1 --once --close-absent").code(1);
    other.stdout(contains("is absent").and(contains("failed: close lease 1")));
    watch("ann").success().stdout(contains("is absent").and(contains("done: close lease 1")));
    let kept = fs::read_to_string(&news).unwrap();
    assert!(kept.contains(r#""what":"absent""#), "{kept}");
    // A start takes the least deposit of its denom.
    fixture.souk("ann", "deposit 1 200000usouk").success();
    let after = fixture.souk("ann", "keep 1 --once --start-again --wait 0").success();
    after.stdout(
        contains("group 1 rests")
            .and(contains("ended: unspecified"))
            .and(contains("done: put group 1")),
    );
    fixture.souk("ann", "status 1").success().stdout(contains("takes bids").or(contains("open")));
    fixture.souk("ann", "close 1").success();
    let closed = fixture.souk("ann", "keep 1").success();
    closed.stdout(contains("the deployment is closed"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_watcher_tops_up_within_its_limit_and_only_with_the_tenants_key() {
    let fixture = Fixture::new().await;
    leased(&fixture).await;
    // It lasts for 33 hours.
    fixture.souk("ann", "keep 1 --once --runway 108000 --spend 900000").success().stdout("");
    fixture.pass(5 * HOUR).await;
    let foreign = fixture.souk("bob", "keep 1 --once --runway 108000 --spend 900000").code(1);
    foreign.stdout(contains("failed: add").and(contains("would be a gift")));
    let added = fixture.souk("ann", "keep 1 --once --runway 108000 --spend 900000").success();
    added.stdout(contains("the money is used up at second").and(contains("done: add 4")));
    fixture.souk("ann", "keep 1 --once --runway 108000 --spend 900000").success().stdout("");
    let limit = fixture.souk("ann", "keep 1 --once --runway 864000 --spend 0").success();
    limit.stdout(contains("0 may still be spent"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn wrong_input_is_refused_before_anything_is_watched() {
    let fixture = Fixture::new().await;
    fixture.souk("ann", "keep 9 --once").failure().stderr(contains("9"));
    fixture.souk("ann", "keep 1 --runway 60").code(2).stderr(contains("--spend"));
    leased(&fixture).await;
    let denom = fixture.souk("ann", "keep 1 --once --runway 60 --spend 5uother");
    denom.failure().stderr(contains("it must be in usouk"));
    let broken = fixture.command("ann").args(["keep", "1", "--once", "--every", "0"]).assert();
    broken.code(2);
}
