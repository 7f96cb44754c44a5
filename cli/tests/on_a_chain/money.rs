//! Deposits, refunds and stakes.

use std::{fs, time::Duration};

use predicates::{prelude::*, str::contains};
use souk_api::{defaults, orderbook};
use souk_chain::Client;
use souk_client::{market::Orderbook, wallet::Wallet};
use souk_core::{DeploymentId, OrderId};

use crate::fixture::{COINS, Fixture};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_deposit_in_another_denom_or_too_small_or_too_large_is_refused_before_it_costs() {
    let fixture = Fixture::new().await;
    for (deposit, code, words) in [
        ("5uatom", 3, "priced in usouk"),
        ("499999", 3, "500000usouk"),
        ("2000000000", 4, "1000000000usouk is smaller than 2000000000usouk"),
    ] {
        let asked = fixture.souk("ann", &format!("deploy web.yaml --deposit {deposit}"));
        asked.code(code).stderr(contains(words));
    }
    let text = fs::read_to_string(fixture.home.path().join("web.yaml")).unwrap();
    let foreign = text.replace("denom: usouk", "denom: uatom");
    fs::write(fixture.home.path().join("foreign.yaml"), foreign).unwrap();
    let asked = fixture.souk("ann", "deploy foreign.yaml");
    asked.code(3).stderr(contains("uatom").and(contains("this market takes usouk")));
    assert_eq!(fixture.coins(0).await, COINS, "not even a fee was paid");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_deposit_carries_the_files_highest_prices_and_what_it_carries_is_said() {
    let fixture = Fixture::new().await;
    let text = fs::read_to_string(fixture.home.path().join("web.yaml")).unwrap();
    let line = text.lines().find(|line| line.contains("amount:")).unwrap();
    let dear = text.replace(line, &(line.split(':').next().unwrap().to_owned() + ": 1200000"));
    fs::write(fixture.home.path().join("dear.yaml"), dear).unwrap();
    let short = fixture.souk("ann", "deploy dear.yaml --deposit 1199999usouk --wait 0");
    short.code(3).stderr(contains("at least 1200000usouk are needed").and(contains("for 3600 s")));
    let enough = fixture.souk("ann", "deploy dear.yaml --deposit 1200000usouk --wait 0");
    enough.code(7).stderr(contains("1200000usouk carry its orders and stay while they are open"));
    fixture.souk("ann", "withdraw 1 1").code(4).stderr(contains("need 1200000"));
    // What nobody recorded is recorded first.
    fixture.pass(2 * 86_400).await;
    fixture.souk("ann", "withdraw 1 700000").success();
    let rests = fixture.souk("ann", "group pause 1 1");
    rests
        .code(4)
        .stderr(contains("only one that is open or rests for lack of funds can be paused"));
    fixture.souk("ann", "group start 1 1").code(4).stderr(contains("deposit the difference"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_deposit_arrives_also_where_no_group_can_be_started_with_it() {
    let fixture = Fixture::new().await;
    fixture.souk("ann", "deploy web.yaml --deposit 500000usouk --wait 0").code(7);
    fixture.bid(1, 15_000).await;
    fixture.souk("ann", "accept 1 lowest --no-send").success();
    fixture.pass(2 * 86_400).await;
    fixture.souk("ann", "lease close 1").success().stdout(contains("insufficient_funds"));

    fixture.decide(&orderbook::ExecuteMsg::Pause {}).await;
    let paused = fixture.souk("ann", "deposit 1 1000000usouk").success();
    paused.stdout(contains("has 1").and(contains("No group was started: the market is paused")));
    fixture.decide(&orderbook::ExecuteMsg::Unpause {}).await;

    // What the market's prices do not allow is not tried.
    fixture.set_min_price(900_000_000_000).await;
    let left_out = fixture.souk("ann", "deposit 1 1000000usouk").success();
    left_out.stdout(contains("has 2").and(contains("Group").not()));
    fixture.set_min_price(1).await;
    let started = fixture.souk("ann", "deposit 1 1000000usouk").success();
    started.stdout(contains("has 3").and(contains("Group 1/1 takes bids again.")));
    let none = fixture.souk("ann", "deposit 1 1000000usouk").success();
    none.stdout(contains("has 4").and(contains("Group").not()));
    // An idle deployment says what its mark means.
    fixture.souk("ann", "group pause 1 1").success();
    let mark = orderbook::ExecuteMsg::EndDeployment { deployment: DeploymentId(1) };
    fixture.decide(&mark).await;
    let status = fixture.souk("ann", "status 1").success();
    status.stdout(contains("Marked as idle: anyone can end it in "));
    fixture.souk("ann", "deposit 1 900000000000usouk").failure();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_deposit_whose_start_the_chain_refuses_is_sent_once_and_says_why() {
    let fixture = Fixture::new().await;
    let home = fixture.home.path();
    let auction = "\nsouk:\n  auction:\n    policy: lowest_price\n    duration: 30s\n";
    let text = fs::read_to_string(home.join("web.yaml")).unwrap() + auction;
    fs::write(home.join("auction.yaml"), text).unwrap();
    let mut deploy = std::process::Command::new(assert_cmd::cargo::cargo_bin("souk"));
    deploy.env_clear().current_dir(home).env("SOUK_HOME", home).env("SOUK_NETWORK", "here");
    let arguments = ["deploy", "auction.yaml", "--deposit", "12000000usouk", "--wait", "0"];
    let mut deploy = deploy.env("SOUK_KEY", "ann").args(arguments).spawn().unwrap();
    let client = Client::new(fixture.chain.network.client_config()).unwrap();
    let contract = &fixture.chain.network.contracts().unwrap().orderbook;
    let market = Orderbook::new(client.query(), contract);
    while market.order(OrderId(1)).await.is_err() {
        assert_eq!(deploy.try_wait().unwrap(), None, "the order is not there");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    fixture.bid(1, 6_000_000).await;
    // The bid came in the last minute, which makes it longer.
    fixture.pass(120).await;
    fixture.decide(&orderbook::ExecuteMsg::CloseAuction { order: OrderId(1), limit: 1 }).await;
    // Its gateway does not exist.
    assert_eq!(deploy.wait().unwrap().code(), Some(5));
    fixture.pass(2 * 86_400).await;
    fixture.souk("ann", "lease close 1").success().stdout(contains("insufficient_funds"));

    let params = orderbook::Params { min_auction: 60, ..defaults::orderbook_params() };
    let longer =
        orderbook::ExecuteMsg::UpdateConfig { guardian: None, denoms: None, params: Some(params) };
    fixture.decide(&longer).await;
    let refused = fixture.souk("ann", "deposit 1 200000000usouk").success();
    let why = "No group was started: group 1: ";
    refused.stdout(contains("has 200").and(contains(why)).and(contains("30")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn dust_from_strangers_does_not_keep_a_deployment_from_being_closed() {
    let fixture = Fixture::new().await;
    fixture.souk("ann", "deploy web.yaml --wait 0").code(7);
    let network = &fixture.chain.network;
    let bob = Wallet::new(
        Client::new(network.client_config()).unwrap(),
        fixture.keys[1].clone(),
        network,
    );
    let (bob, escrow) = (bob.unwrap(), &network.contracts().unwrap().escrow);
    let deposit = |amount: u128| {
        let account = souk_core::AccountId(1);
        let coins = [souk_chain::Coin::new(amount, "usouk")];
        bob.execute(escrow, &souk_api::escrow::ExecuteMsg::Deposit { account }, &coins).unwrap()
    };
    // More refunds than the gas of one transaction pays for.
    for _ in 0..4 {
        bob.send("dust", vec![deposit(1); 75]).await.unwrap();
    }
    bob.send("help", vec![deposit(7_000_000)]).await.unwrap();
    let before = [fixture.coins(0).await, fixture.coins(1).await];

    let closed = fixture.souk("ann", "close 1 --json").success();
    let closed: serde_json::Value = serde_json::from_slice(&closed.get_output().stdout).unwrap();
    assert_eq!((&closed["refunds"], &closed["left"]), (&61.into(), &241.into()), "{closed}");
    assert!(fixture.coins(0).await > before[0], "the tenant's own is back");
    let returned = fixture.coins(1).await - before[1];
    assert_eq!(returned, 7_000_000 + 59, "the largest deposits first");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_staker_gets_its_stake_back_after_the_unstaking_period() {
    let fixture = Fixture::new().await;
    fixture.souk("ann", "fees stake 5000000").success().stdout(contains("You staked 5000000"));
    fixture.souk("ann", "fees claim").success();
    fixture.souk("ann", "fees unstake 5uatom").code(3).stderr(contains("5uatom"));
    fixture.souk("ann", "fees unstake 5000001").code(4);
    let unstaking = fixture.souk("ann", "fees unstake 5000000").success();
    unstaking.stdout(contains("You staked 0, 5000000 unstake for another 2"));
    fixture.souk("ann", "fees claim-unstaked").code(4);

    fixture.pass(21 * 86_400).await;
    fixture.souk("ann", "fees show").success().stdout(contains("5000000 have unstaked"));
    let before = fixture.coins(0).await;
    fixture.souk("ann", "fees claim-unstaked").success();
    assert!(fixture.coins(0).await > before + 4_000_000, "the stake is back, less a fee");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_deposits_for_somebody_else_is_asked_since_it_is_a_gift_until_the_close() {
    let fixture = Fixture::new().await;
    fixture.souk("ann", "deploy web.yaml --wait 0").code(7);
    let gift = || contains("5000000usouk are a gift until it closes").and(contains("not yours"));
    let asked = fixture.souk("bob", "deposit 1 5000000usouk");
    asked.code(3).stderr(gift().and(contains("--yes")));
    let asked = fixture.souk("bob", "deposit 1 5000000usouk --json");
    asked.code(3).stderr(contains("--yes").and(contains("gift")));
    assert_eq!(fixture.coins(1).await, COINS, "nothing was sent");
    fixture.souk("bob", "deposit 1 5000000usouk --yes").success().stderr(gift());
    assert!(fixture.coins(1).await < COINS - 5_000_000);
    // Neither of them takes it out.
    fixture.souk("bob", "withdraw 1 1").code(4);
    let own = fixture.souk("ann", "withdraw 1 4000000usouk");
    own.code(4);
    fixture.souk("ann", "deposit 1 1000000usouk").success().stderr(contains("gift").not());
    // Nothing was spent: all of it comes back to who gave it.
    fixture.souk("ann", "close 1").success();
    assert!(fixture.coins(1).await > COINS - 1_000_000, "what is left, less fees");
}
