//! Groups that rest and start, leases that end.

use std::{fs, time::Duration};

use predicates::{prelude::*, str::contains};
use souk_localnet::chain::PREFIX;

use crate::fixture::Fixture;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_group_is_paused_started_and_closed_by_its_tenant() {
    let fixture = Fixture::new().await;
    fixture.order_with_a_bid(15_000).await;
    fixture.souk("ann", "accept 1 lowest --no-send").success();
    // The deposit was the least that a deployment needs.
    fixture.pass(60).await;
    let stranger = fixture.souk("bob", "group pause 1 1");
    stranger.code(4).stderr(contains("tenant or delegate"));
    fixture.souk("ann", "group pause 1 1").success().stdout(contains("Group 1/1 is paused;"));
    let again = fixture.souk("ann", "group pause 1 1");
    again
        .code(4)
        .stderr(contains("only one that is open or rests for lack of funds can be paused"));
    fixture.souk("bob", "group start 1 1").code(4);
    let short = fixture.souk("ann", "group start 1 1");
    short.code(4).stderr(contains("500000, the least deposit").and(contains("deposit more")));
    fixture.souk("ann", "deposit 1 1000000usouk").success();
    let started = fixture.souk("ann", "group start 1 1").success();
    started.stdout(contains(
        "Group 1/1 is open, order 2 is open; no provider is excluded; it was put out again 1 of 10",
    ));

    let provider = fixture.keys[2].address(PREFIX).unwrap();
    let excluded = fixture.souk("ann", &format!("group exclude 1 1 {provider}")).success();
    excluded.stdout(contains(format!("excluded: {provider}")));
    fixture.souk("ann", "group exclude 1 1").code(2);
    fixture.souk("ann", "group readmit 1 1").code(2);
    let again = fixture.souk("ann", &format!("group readmit 1 1 {provider}")).success();
    again.stdout(contains("no provider is excluded"));
    fixture.souk("ann", &format!("group exclude 1 1 {provider}")).success();
    let all = fixture.souk("ann", "group readmit 1 1 --all").success();
    all.stdout(contains("no provider is excluded"));
    fixture.souk("ann", "group anyone-starts 1 maybe").code(2);
    let anyone = fixture.souk("ann", "group anyone-starts 1 yes").success();
    anyone.stdout(contains("Anyone may start"));

    fixture.souk("ann", "bidders 1 --allow-all --allow provider").code(2);
    let lists = fixture.souk("ann", &format!("bidders 1 --refuse {provider}")).success();
    lists.stdout(contains(format!("all providers may bid but {provider}.")));
    let shown = fixture.souk("bob", "bidders 1").success();
    shown.stdout(contains(format!("all providers may bid but {provider}.")));
    let lists = fixture.souk("ann", &format!("bidders 1 --allow {provider} --refuse-none"));
    lists.success().stdout(contains(format!("only {provider} may bid.")));
    let lists = fixture.souk("ann", "bidders 1 --allow-all").success();
    lists.stdout(contains("deployment 1 all providers may bid."));

    let bob = fixture.keys[1].address(PREFIX).unwrap();
    let named = fixture.souk("ann", &format!("delegate 1 {bob}")).success();
    named.stdout(contains("It accepts no bid"));
    let limited = fixture.souk("ann", &format!("delegate 1 {bob} --limit 20000usouk")).success();
    limited.stdout(contains("an hour at most"));
    fixture.souk("bob", "bidders 1 --allow-all").code(4).stderr(contains("tenant"));
    fixture.souk("bob", "delegate 1").success().stdout(contains("is the delegate of"));
    fixture.souk("ann", "delegate 1 --limit 5").code(2);
    fixture.souk("ann", "delegate 1 --none").success().stdout(contains("has no delegate"));
    fixture.souk("ann", "group start 1 2").code(4).stderr(contains("group 1/2 does not exist"));
    // With its last group a deployment is closed, and everyone has what is left of theirs.
    fixture.souk("bob", "deposit 1 7000usouk --yes").success();
    let closed = fixture.souk("ann", "group close 1 1").success();
    closed.stdout(contains("Deployment 1 is closed; about ").and(contains("in 2 refunds.")));
    fixture.souk("bob", "close 1").success().stdout(contains("closed already, and paid out"));
    let status = fixture.souk("ann", "status 1").success();
    status.stdout(contains("Account: 0.00 SOUK left"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_lease_is_taken_back_with_the_notice_that_its_file_asks_for_and_its_tenant_sees_until_when()
 {
    let fixture = Fixture::new().await;
    let file = fixture.home.path().join("web.yaml");
    let text = fs::read_to_string(&file).unwrap();
    let with = |window: &str| format!("{text}\nreclamation:\n  min_window: {window}\n");
    fs::write(&file, with("59m")).unwrap();
    let short = fixture.souk("ann", "deploy web.yaml --wait 0");
    short.code(3).stderr(contains("reclamation.min_window is 59m").and(contains("1h to 720h")));
    fs::write(&file, with("1h")).unwrap();
    fixture.order_with_a_bid(15_000).await;
    fixture.souk("ann", "bids 1 --no-reasons").success().stdout(contains("notice 1 h"));
    fixture.souk("ann", "accept 1 lowest --no-send").success();

    let early = fixture.souk("provider", "lease reclaim 1");
    early.code(4).stderr(contains("lease 1 can be reclaimed from"));
    fixture.pass(3_600).await;
    fixture.souk("ann", "lease reclaim 1").code(4).stderr(contains("provider's operator"));
    let begun = fixture.souk("provider", "lease reclaim 1").success();
    let back = "its provider takes it back (decommission), it runs for ";
    begun.stdout(contains(back));
    let status = fixture.souk("ann", "status 1").success();
    status.stdout(contains(back).and(contains("deploy the file again elsewhere")));
    fixture.souk("ann", "lease list").success().stdout(contains("reclaiming"));
    let early = fixture.souk("bob", "lease end-reclaim 1");
    early.code(4).stderr(contains("lease 1 runs until"));
    fixture.pass(3_600).await;
    fixture.chain.handle.produce_blocks(400).await.unwrap();
    let ended = fixture.souk("bob", "lease end-reclaim 1").success();
    ended.stdout(contains("Lease 1 is closed: decommission."));
    let status = fixture.souk("ann", "status 1").success();
    status.stdout(contains("takes it back").not());
}

/// A deployment whose file costs 1,200,000 an hour at most, with as much, and a binding auction of five minutes. The
/// command that made it is gone.
async fn with_an_auction(fixture: &Fixture) {
    let text = fs::read_to_string(fixture.home.path().join("web.yaml")).unwrap();
    let line = text.lines().find(|line| line.contains("amount:")).unwrap();
    let dear = text.replace(line, &(line.split(':').next().unwrap().to_owned() + ": 1200000"));
    let auction = "souk:\n  auction: { policy: lowest_price, duration: 5m }\n";
    assert!(dear.contains("souk:\n"), "{dear}");
    let dear = dear.replace("souk:\n", auction);
    fs::write(fixture.home.path().join("dear.yaml"), dear).unwrap();
    let mut deploy = std::process::Command::new(assert_cmd::cargo::cargo_bin("souk"));
    let home = fixture.home.path();
    deploy.env_clear().current_dir(home).env("SOUK_HOME", home).env("SOUK_NETWORK", "here");
    let args = ["deploy", "dear.yaml", "--deposit", "1200000usouk"];
    let mut deploy = deploy.env("SOUK_KEY", "ann").args(args).spawn().unwrap();
    while fixture.souk("ann", "bids 1 --no-reasons").try_success().is_err() {
        assert!(deploy.try_wait().unwrap().is_none(), "it ended before there was an order");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    deploy.kill().unwrap();
    deploy.wait().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_auction_that_is_over_without_a_bid_keeps_no_money_and_no_group_back() {
    let fixture = Fixture::new().await;
    with_an_auction(&fixture).await;
    let runs = fixture.souk("ann", "withdraw 1 1");
    runs.code(4).stderr(contains("need 1200000"));
    fixture.pass(301).await;
    fixture.chain.handle.produce_blocks(60).await.unwrap();
    // Its end lets the whole reserve go, and its group can be put out again in the same transaction.
    let started = fixture.souk("ann", "group start 1 1").success();
    started.stdout(contains("Group 1/1 is open, order 2 is open;"));
    fixture.pass(301).await;
    fixture.chain.handle.produce_blocks(60).await.unwrap();
    fixture.souk("ann", "withdraw 1 700000").success().stdout(contains("has 0.50 SOUK left"));
    fixture.souk("ann", "group start 1 1").code(4).stderr(contains("deposit the difference"));
}
