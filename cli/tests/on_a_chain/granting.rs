//! A keeper that tops up with its tenant's coins, as far as the tenant lets it.

use predicates::{prelude::*, str::contains};
use serde_json::Value;
use souk_client::Market;
use souk_core::{AccountId, time::HOUR};
use souk_localnet::chain::PREFIX;

use crate::fixture::Fixture;

/// A deployment of ann's with a lease of 15,000 an hour, of which 500,000 are deposited: it lasts for 33 hours.
async fn leased(fixture: &Fixture) {
    fixture.souk("ann", "deploy web.yaml --wait 0").code(7);
    fixture.bid(1, 15_000).await;
    fixture.souk("ann", "accept 1 lowest --no-send").success();
}

fn address(fixture: &Fixture, who: usize) -> String {
    fixture.keys[who].address(PREFIX).unwrap()
}

fn json(fixture: &Fixture, key: &str, arguments: &str) -> Value {
    let shown = fixture.souk(key, &format!("{arguments} --json")).success();
    serde_json::from_slice(&shown.get_output().stdout).unwrap()
}

/// What bob may still spend on a deployment; none if nothing.
fn left(fixture: &Fixture, deployment: u64) -> Option<u128> {
    let shown = json(fixture, "bob", &format!("keep show {deployment}"));
    shown["allowance"]["left"].as_str().map(|left| left.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_keeper_tops_up_with_its_tenants_coins_until_the_grant_is_used_up() {
    let fixture = Fixture::new().await;
    leased(&fixture).await;
    let bob = address(&fixture, 1);
    let granted = fixture.souk("ann", "keep grant 1 --to bob --limit 300000usouk --until 90d");
    granted.success().stdout(
        contains(format!("{bob} may top deployment 1 up with 0.3"))
            .and(contains(format!("--granted-by {}", address(&fixture, 0))))
            .and(contains(format!("souk delegate 1 {bob}")))
            .and(contains("Replaced").not()),
    );
    assert_eq!(left(&fixture, 1), Some(300_000));

    fixture.pass(5 * HOUR).await;
    let market = Market::new(fixture.chain.network.clone()).unwrap();
    let account = async || market.escrow.account(AccountId(1)).await.unwrap();
    let before = [fixture.coins(0).await, fixture.coins(1).await, account().await.balance.u128()];
    let keep = "keep 1 --once --runway 72000 --granted-by ann";
    fixture.souk("bob", keep).success().stdout("");
    let keep = "keep 1 --once --runway 108000 --granted-by ann";
    let limited = fixture.souk("bob", &format!("{keep} --spend 100000")).success();
    limited.stdout(contains("done: add 100000 base units"));
    assert_eq!(left(&fixture, 1), Some(200_000));
    let after = [fixture.coins(0).await, fixture.coins(1).await, account().await.balance.u128()];
    assert_eq!(after[0], before[0] - 100_000, "the tenant paid, and no fee");
    assert!(after[1] < before[1] && after[1] > before[1] - 10_000, "the keeper paid the fee");
    // Some seconds at 15,000 an hour passed.
    assert!(after[2] > before[2] + 99_000, "{before:?} {after:?}");
    assert_eq!(account().await.deposits, 0, "it is no gift: it is the tenant's own");

    // The next one uses the grant up, though more is wanted.
    fixture.pass(7 * HOUR).await;
    let last = fixture.souk("bob", keep).success();
    last.stdout(contains("done: add 200000 base units"));
    assert_eq!(left(&fixture, 1), None);
    fixture.pass(12 * HOUR).await;
    let over = fixture.souk("bob", keep).success();
    over.stdout(contains("no grant to add them by").and(contains("done:").not()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_grant_that_is_over_or_taken_back_tops_nothing_up() {
    let fixture = Fixture::new().await;
    leased(&fixture).await;
    let give = "keep grant 1 --to bob --limit 900000 --until";
    let keep = "keep 1 --once --runway 108000 --granted-by ann";
    fixture.souk("ann", &format!("{give} 6h")).success();
    let ends = fixture.souk("bob", keep).success();
    ends.stdout(contains("the tenant's grant ends at second"));
    fixture.pass(7 * HOUR).await;
    let over = fixture.souk("bob", keep).success();
    over.stdout(contains("no grant to add them by").and(contains("done:").not()));
    fixture.souk("ann", "keep --json show 1 --to bob").success().stdout(contains("null"));

    fixture.souk("ann", &format!("{give} 9d")).success();
    fixture.souk("ann", "keep revoke 1 --to bob").success().stdout(contains("may not top"));
    fixture.souk("ann", "keep revoke 1 --to bob").code(3).stderr(contains("has no leave"));
    let back = fixture.souk("bob", keep).success();
    back.stdout(contains("no grant to add them by").and(contains("done:").not()));
    // Without a grant its own coins would be a gift.
    let own = fixture.souk("bob", "keep 1 --once --runway 108000 --spend 900000").code(1);
    own.stdout(contains("would be a gift").and(contains("souk keep grant 1")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_grant_keeps_those_for_other_deployments_and_says_which_it_replaces() {
    let fixture = Fixture::new().await;
    for _ in 0..2 {
        fixture.souk("ann", "deploy web.yaml --wait 0").code(7);
    }
    let give = |deployment, limit, more: &str| {
        let until = "--until 2030-01-31";
        let text = format!("keep grant {deployment} --to bob --limit {limit} {until}{more}");
        fixture.souk("ann", &text)
    };
    give(1, 100, "").success().stdout(contains("other grants").not());
    give(2, 200, "").success().stdout(contains("Its 1 other grants of yours stay"));
    assert_eq!((left(&fixture, 1), left(&fixture, 2)), (Some(100), Some(200)));
    give(1, 50, "").success().stdout(contains("Replaced is the grant").and(contains("0.0001")));
    assert_eq!((left(&fixture, 1), left(&fixture, 2)), (Some(50), Some(200)));

    let other = "keep grant 1 --to bob --limit 70 --until 2031-01-31";
    let refused = fixture.souk("ann", other).code(3);
    refused.stderr(
        contains("leave for 1 other")
            .and(contains("2030-01-31T00:00:00Z"))
            .and(contains("--replace")),
    );
    assert_eq!((left(&fixture, 1), left(&fixture, 2)), (Some(50), Some(200)));
    fixture.souk("ann", "keep revoke 1 --to bob").success();
    assert_eq!((left(&fixture, 1), left(&fixture, 2)), (None, Some(200)));
    let replaced = fixture.souk("ann", &format!("{other} --replace")).success();
    replaced.stdout(contains("Its 1 other grants of yours are taken back"));
    assert_eq!((left(&fixture, 1), left(&fixture, 2)), (Some(70), None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_cannot_be_granted_is_refused_before_anything_is_sent() {
    let fixture = Fixture::new().await;
    leased(&fixture).await;
    let coins = [fixture.coins(0).await, fixture.coins(1).await];
    for (key, arguments, words) in [
        ("bob", "keep grant 1 --to ann --limit 5 --until 9d", "takes the key of the tenant"),
        ("ann", "keep grant 1 --to ann --limit 5 --until 9d", "needs no leave"),
        ("ann", "keep grant 1 --to bob --limit 0 --until 9d", "nothing is no limit"),
        ("ann", "keep grant 1 --to bob --limit 5uother --until 9d", "it must be in usouk"),
        ("ann", "keep grant 1 --to bob --limit 5 --until 2020-01-31", "it is not after now"),
        ("bob", "keep 1 --once --runway 60 --granted-by bob", "would be a gift"),
        ("ann", "keep 1 show 1 --to bob", "not both at once"),
        ("ann", "keep --close-absent show 1 --to bob", "not both at once"),
        // There is no grant that would bound what it spends.
        ("ann", "keep 1 --once --runway 999999 --granted-by ann", "give --spend in its place"),
    ] {
        fixture.souk(key, arguments).code(3).stderr(contains(words));
    }
    for usage in ["keep grant 1 --to bob", "keep 1 --granted-by ann", "keep", "keep --once"] {
        fixture.souk("ann", usage).code(2);
    }
    assert_eq!([fixture.coins(0).await, fixture.coins(1).await], coins);
}
