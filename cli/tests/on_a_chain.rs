//! What the command says when the chain is there and the request is wrong: the exit code, the
//! values, what to do, and that nothing was lost by it.
#![allow(clippy::unwrap_used)]

use std::{fs, path::PathBuf, process::Stdio, time::Duration};

use assert_cmd::{Command, assert::Assert};
use base64::{Engine, prelude::BASE64_STANDARD};
use cosmrs::proto::{cosmwasm::wasm::v1::QuerySmartContractStateResponse, traits::Message};
use predicates::{prelude::*, str::contains};
use souk_api::{
    defaults,
    orderbook::{
        self,
        OrderState::{Active, Open},
    },
};
use souk_chain::{Client, SecretKey, keys::write_plain_key_file};
use souk_client::{market::Orderbook, wallet::Wallet};
use souk_core::{Denom, DeploymentId, OrderId, Price};
use souk_devchain::proxy::{On, Proxy, change};
use souk_localnet::chain::{EmbeddedChain, EmbeddedConfig, PREFIX};
use tempfile::TempDir;

const COINS: u128 = 1_000_000_000;
const ACCOUNTS: [&str; 3] = ["ann", "bob", "provider"];

/// A chain with three accounts on it, whose keys are in the home folder.
struct Fixture {
    home: TempDir,
    chain: EmbeddedChain,
    keys: Vec<SecretKey>,
    owner: SecretKey,
}

impl Fixture {
    async fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let keys: Vec<SecretKey> = ACCOUNTS.iter().map(|_| SecretKey::generate()).collect();
        let owner = SecretKey::generate();
        let chain = EmbeddedChain::start(EmbeddedConfig {
            chain_id: "here".into(),
            listen: ([127, 0, 0, 1], 0).into(),
            block_time: Duration::from_millis(50),
            pool: owner.address(PREFIX).unwrap(),
            owner: owner.clone(),
            accounts: keys.iter().map(|key| (key.address(PREFIX).unwrap(), COINS)).collect(),
        })
        .await
        .unwrap();
        for folder in ["networks", "keys"] {
            fs::create_dir(home.path().join(folder)).unwrap();
        }
        for (name, key) in ACCOUNTS.iter().zip(&keys) {
            write_plain_key_file(&home.path().join(format!("keys/{name}.key")), key).unwrap();
        }
        let fixture = Self { home, chain, keys, owner };
        fixture.chain.network.write(&fixture.network()).unwrap();
        fixture.souk("ann", "sdl init web --output web.yaml").success();
        fixture
    }

    /// Lets time pass, until there is a block after it: what is asked next knows of it.
    async fn pass(&self, seconds: u64) {
        self.chain.handle.advance(seconds).await.unwrap();
        self.chain.handle.produce_blocks(1).await.unwrap();
    }

    fn network(&self) -> PathBuf {
        self.home.path().join("networks/here.toml")
    }

    /// Runs the command, its arguments divided by blanks.
    fn souk(&self, key: &str, arguments: &str) -> Assert {
        let home = self.home.path();
        let mut command = Command::cargo_bin("souk").unwrap();
        command.env_clear().current_dir(home).env("SOUK_HOME", home).env("SOUK_NETWORK", "here");
        command.env("SOUK_KEY", key).args(arguments.split(' ')).assert()
    }

    /// Deploys the web server for ann, as order 1, and lets the provider bid.
    async fn order_with_a_bid(&self, price: u128) {
        self.souk("ann", "deploy web.yaml --wait 0").code(7).stderr(contains("souk close 1"));
        self.bid(1, price).await;
    }

    /// The market's owner sends the orderbook a message.
    async fn decide(&self, message: &orderbook::ExecuteMsg) {
        let network = &self.chain.network;
        let client = Client::new(network.client_config()).unwrap();
        let wallet = Wallet::new(client, self.owner.clone(), network).unwrap();
        let orderbook = &network.contracts().unwrap().orderbook;
        let message = wallet.execute(orderbook, message, &[]).unwrap();
        wallet.send("deciding", vec![message]).await.unwrap();
    }

    /// The market's owner sets the least price, for the orders to come.
    async fn set_min_price(&self, units: u128) {
        let mut denom = defaults::denom_config(Denom::native("usouk"));
        denom.min_price = Price::new(units).unwrap();
        let denoms = Some(vec![denom]);
        self.decide(&orderbook::ExecuteMsg::UpdateConfig { guardian: None, denoms, params: None })
            .await;
    }

    /// Registers the provider and bids on an order.
    async fn bid(&self, order: u64, price: u128) {
        let register = "provider register --operator provider --gateway https://p.example --bond";
        self.souk("provider", &format!("{register} 20000000")).success();
        self.place(order, price).await;
    }

    /// Bids on an order as the provider that is registered.
    async fn place(&self, order: u64, price: u128) {
        let network = &self.chain.network;
        let client = Client::new(network.client_config()).unwrap();
        let wallet = Wallet::new(client.clone(), self.keys[2].clone(), network).unwrap();
        let orderbook = &network.contracts().unwrap().orderbook;
        let asked = Orderbook::new(client.query(), orderbook).order(OrderId(order)).await.unwrap();
        let bid = orderbook::ExecuteMsg::PlaceBid {
            order: OrderId(order),
            provider: wallet.address.clone(),
            price: Price::new(price).unwrap(),
            offer: vec![],
            reclamation_window: asked.reclamation.map(|asked| asked.min_window),
        };
        let bid = wallet.execute(orderbook, &bid, &[]).unwrap();
        wallet.send("bidding", vec![bid]).await.unwrap();
    }

    async fn coins(&self, who: usize) -> u128 {
        let client = Client::new(self.chain.network.client_config()).unwrap();
        let address = self.keys[who].address(PREFIX).unwrap();
        client.query().balance(&address, "usouk").await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_not_there_is_named_and_has_an_exit_code_of_its_own() {
    let fixture = Fixture::new().await;
    for (arguments, words) in [
        ("status 7", "deployment 7 does not exist"),
        ("close 7", "deployment 7 does not exist"),
        ("deposit 7 5", "deployment 7 does not exist"),
        ("withdraw 7 5", "deployment 7 does not exist"),
        ("bids 7", "order 7 is not there"),
        ("accept 7 lowest", "order 7 is not there"),
        ("lease status 7", "order 7 is not there"),
        ("provider show bob", "is not registered"),
    ] {
        let noise = contains("souk1").or(contains("wasm")).or(contains("sdk"));
        let noise = noise.and(contains("is not registered").not());
        fixture.souk("ann", arguments).code(6).stderr(contains(words).and(noise.not()));
    }
    fixture.souk("ann", "deploy web.yaml --wait 0").code(7).stderr(contains("souk bids 1"));
    fixture.souk("ann", "accept 1 lowest").code(6).stderr(contains("no bids yet"));
    fixture.souk("ann", "lease status 1").code(6).stderr(contains("order 1 has no lease"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_chain_with_another_id_than_the_network_files_gets_nothing() {
    let fixture = Fixture::new().await;
    let text = fs::read_to_string(fixture.network()).unwrap();
    fs::write(fixture.network(), text.replace("chain_id = \"here\"", "chain_id = \"there\""))
        .unwrap();
    let asked = fixture.souk("ann", "deploy web.yaml");
    asked.code(5).stderr(contains("here").and(contains("there")));
    assert_eq!(fixture.coins(0).await, COINS);
}

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
async fn an_order_is_accepted_once_by_its_tenant_at_no_more_than_was_seen() {
    let fixture = Fixture::new().await;
    fixture.order_with_a_bid(15_000).await;
    let stranger = fixture.souk("bob", "accept 1 lowest --no-send");
    stranger.code(4).stderr(contains("tenant or delegate"));
    let stingy = fixture.souk("ann", "accept 1 lowest --no-send --max-price 14999");
    stingy.code(4).stderr(contains("15000").and(contains("14999")));
    fixture.souk("ann", "accept 1 2 --no-send").code(6).stderr(contains("souk bids 1"));
    fixture.souk("ann", "accept 1 lowest --no-send").success();
    let again = fixture.souk("ann", "accept 1 lowest --no-send");
    let again = String::from_utf8(again.failure().get_output().stderr.clone()).unwrap();
    assert!(again.contains("order 1"), "{again}");

    let most = fixture.souk("ann", "withdraw 1 500000");
    most.code(4).stderr(contains("withdrawing 500000usouk was refused"));
    fixture.souk("bob", "close 1").code(4).stderr(contains("tenant or delegate"));
    fixture.souk("ann", "close 1").success();
    fixture.souk("ann", "close 1").code(4).stderr(contains("deployment 1 is closed"));
    let late = fixture.souk("bob", "deposit 1 5");
    late.code(4).stderr(contains("closed"));
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
    rests.code(4).stderr(contains("only an open one can be paused"));
    fixture.souk("ann", "group start 1 1").code(4).stderr(contains("deposit the difference"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_provider_takes_an_open_bid_back_and_its_slot_is_free() {
    let fixture = Fixture::new().await;
    fixture.order_with_a_bid(15_000).await;
    let provider = fixture.keys[2].address(PREFIX).unwrap();
    let other = fixture.souk("ann", &format!("provider withdraw-bid 1 --provider {provider}"));
    other.code(4).stderr(contains("operator"));
    fixture.souk("provider", "provider withdraw-bid").code(2);
    let free = fixture.souk("provider", "provider withdraw-bid 1").success();
    free.stdout(contains("0 of 20 in use"));
    fixture.souk("provider", "provider withdraw-bid 1").failure().stderr(contains("bid"));
    fixture.souk("ann", "accept 1 lowest --no-send").code(6).stderr(contains("no bids yet"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_bid_is_accepted_by_the_number_that_was_shown() {
    let fixture = Fixture::new().await;
    fixture.order_with_a_bid(15_000).await;
    fixture.souk("ann", "bids 1 --no-reasons").success().stdout(contains("#1"));
    let other = fixture.souk("ann", "accept 1 #2 --no-send");
    other.code(6).stderr(contains("no such bid"));
    fixture.souk("ann", "accept 1 #one --no-send").code(2);
    let provider = fixture.keys[2].address(PREFIX).unwrap();
    for place in ["1", provider.as_str()] {
        let unsure = fixture.souk("ann", &format!("accept 1 {place} --no-send"));
        unsure.code(3).stderr(contains("bid #1 of").and(contains("--max-price")));
    }
    let stingy = fixture.souk("ann", "accept 1 1 --no-send --max-price 14999");
    stingy.code(4).stderr(contains("14999"));
    fixture.souk("ann", "accept 1 #1 --no-send").success();
}

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
    again.code(4).stderr(contains("only an open one can be paused"));
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

    fixture.souk("ann", "bidders 1").code(2);
    fixture.souk("ann", "bidders 1 --allow-all --allow provider").code(2);
    let lists = fixture.souk("ann", &format!("bidders 1 --refuse {provider}")).success();
    lists.stdout(contains(format!("all providers may bid, not {provider}.")));
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
    fixture.souk("ann", "delegate 1").code(2);
    fixture.souk("ann", "delegate 1 --none").success().stdout(contains("has no delegate"));
    fixture.souk("ann", "group start 1 2").code(4).stderr(contains("group 1/2 does not exist"));
    fixture.souk("ann", "group close 1 1").success().stdout(contains("Group 1/1 is closed;"));
    fixture.souk("ann", "close 1").code(4).stderr(contains("deployment 1 is closed"));
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
async fn a_manifest_that_is_not_at_home_is_missed_before_the_bid_is_accepted() {
    let fixture = Fixture::new().await;
    fixture.order_with_a_bid(15_000).await;
    fs::remove_dir_all(fixture.home.path().join("deployments")).unwrap();
    let asked = fixture.souk("ann", "accept 1 lowest");
    asked.code(6).stderr(contains("manifest of deployment 1").and(contains("--home")));
    fixture.souk("ann", "lease status 1").code(6).stderr(contains("order 1 has no lease"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_command_that_is_killed_before_the_block_does_not_lose_the_manifest() {
    let fixture = Fixture::new().await;
    let chain = &fixture.chain.handle;
    chain.pause_blocks(true).await.unwrap();
    let mut deploy = std::process::Command::new(assert_cmd::cargo::cargo_bin("souk"));
    let home = fixture.home.path();
    deploy.env_clear().current_dir(home).env("SOUK_HOME", home).env("SOUK_NETWORK", "here");
    let mut deploy = deploy.env("SOUK_KEY", "ann").args(["deploy", "web.yaml"]).spawn().unwrap();
    while chain.mempool_size().await.unwrap() == 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    deploy.kill().unwrap();
    deploy.wait().unwrap();
    chain.pause_blocks(false).await.unwrap();
    fixture.bid(1, 15_000).await;
    // As far as the gateway, which there is none of.
    fixture.souk("ann", "accept 1 lowest").code(5).stderr(contains("https://p.example"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_goes_wrong_once_a_deployment_is_there_says_so_and_names_it() {
    let fixture = Fixture::new().await;
    let deploy = "deploy web.yaml --wait 20 --collect 0";
    let deploying = async {
        while fixture.souk("ann", "bids 1").try_success().is_err() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        fixture.bid(1, 15_000).await;
    };
    let asked = std::thread::scope(|threads| {
        let asked = threads.spawn(|| fixture.souk("ann", &format!("{deploy} --bid 7 --json")));
        tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(deploying));
        asked.join().unwrap()
    });
    let asked = asked.code(6);
    let error: serde_json::Value = serde_json::from_slice(&asked.get_output().stderr).unwrap();
    assert_eq!((&error["deployment"], &error["orders"]), (&1.into(), &[1].as_slice().into()));
    let text = error["error"].as_str().unwrap();
    assert!(text.contains("souk close 1") && text.ends_with("see `souk bids 1`"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_file_that_begins_with_init_is_priced_in_the_networks_denom() {
    let fixture = Fixture::new().await;
    let text = fs::read_to_string(fixture.network()).unwrap();
    fs::write(fixture.network(), text.replace("denom = \"usouk\"", "denom = \"uatom\"")).unwrap();
    fixture.souk("ann", "sdl init gpu").success().stdout(contains("denom: uatom"));
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
async fn a_provider_names_another_operator_takes_its_bond_back_and_leaves() {
    let fixture = Fixture::new().await;
    let register = "provider register --operator provider --gateway https://p.example --bond";
    fixture.souk("provider", &format!("{register} 20000000")).success();
    let bob = fixture.keys[1].address(PREFIX).unwrap();
    fixture.souk("provider", "provider set-operator bob").success().stdout(contains(bob));

    let foreign = fixture.souk("provider", "provider unbond 5uatom");
    foreign.code(3).stderr(contains("5uatom").and(contains("usouk")));
    let unbonding = fixture.souk("provider", "provider unbond 5000000usouk").success();
    unbonding.stdout(contains("5000000, for another 2"));
    fixture.souk("provider", "provider claim-unbonded").code(4);
    let left = fixture.souk("provider", "provider deregister").success();
    left.stdout(contains("20000000, for another 2").and(contains("registered     false")));

    fixture.pass(21 * 86_400).await;
    let before = fixture.coins(2).await;
    fixture.souk("provider", "provider claim-unbonded").success();
    assert!(fixture.coins(2).await > before + 19_000_000, "the bond is back, less a fee");
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
async fn an_auditor_says_who_it_is() {
    let fixture = Fixture::new().await;
    let profile = "audit profile Bob --website https://bob.example --policy visits";
    fixture.souk("bob", profile).success().stdout(contains("Bob"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_order_that_fails_keeps_no_other_from_its_lease_and_manifest() {
    let fixture = Fixture::new().await;
    let home = fixture.home.path();
    let mut text = fs::read_to_string(home.join("web.yaml")).unwrap();
    let placement =
        "      pricing:\n        web:\n          denom: usouk\n          amount: 20000\n";
    let places = ["here", "there"].map(|place| format!("    {place}:\n{placement}"));
    let deployed = ["here", "there"]
        .map(|place| format!("    {place}:\n      profile: web\n      count: 1\n"));
    text = text.replace("\ndeployment:\n", &format!("{}\ndeployment:\n", places.concat()));
    text = text.replace("\nsouk:\n", &format!("{}\nsouk:\n", deployed.concat()));
    fs::write(home.join("three.yaml"), text).unwrap();
    let mut deploy = std::process::Command::new(assert_cmd::cargo::cargo_bin("souk"));
    deploy.env_clear().current_dir(home).env("SOUK_HOME", home).env("SOUK_NETWORK", "here");
    let arguments = ["deploy", "three.yaml", "--bid", "lowest", "--wait", "8", "--collect", "1"];
    let deploy = deploy.env("SOUK_KEY", "ann").args(arguments).stderr(Stdio::piped());
    let deploy = deploy.stdout(Stdio::piped()).spawn().unwrap();
    let client = Client::new(fixture.chain.network.client_config()).unwrap();
    let contract = &fixture.chain.network.contracts().unwrap().orderbook;
    let market = Orderbook::new(client.query(), contract);
    while market.order(OrderId(3)).await.is_err() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    fixture.bid(1, 15_000).await;
    fixture.place(3, 15_000).await;
    let ended = deploy.wait_with_output().unwrap();
    let said = String::from_utf8(ended.stderr).unwrap();
    // The gateway of both leases does not exist; nobody bid on the second order.
    let unreached = "the gateway at https://p.example cannot be reached";
    for (order, why) in [(1, unreached), (2, "order 2 got no bid within"), (3, unreached)] {
        assert!(said.contains(&format!("order {order} has no workload: {why}")), "{order}: {said}");
    }
    assert!(said.contains("`souk lease send ORDER`"), "{said}");
    let states = [1, 2, 3].map(async |order| market.order(OrderId(order)).await.unwrap().state);
    assert_eq!(futures::future::join_all(states).await, [Active, Open, Active]);
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

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_market_that_stores_no_notice_is_named_at_the_deployment() {
    let fixture = Fixture::new().await;
    let file = fixture.home.path().join("web.yaml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, format!("{text}\nreclamation:\n  min_window: 1h\n")).unwrap();
    let stored = fixture.souk("ann", "deploy web.yaml --wait 0");
    stored.code(7).stderr(contains("deployment 1 created").and(contains("knows no notice").not()));

    // As an orderbook of the first release answers, which drops the field.
    let proxy = Proxy::before(&fixture.chain.handle.rpc_url()).await;
    let without = change(|result: &mut serde_json::Value| {
        let Some(value) = result["response"]["value"].as_str() else { return };
        let bytes = BASE64_STANDARD.decode(value).unwrap();
        let found = QuerySmartContractStateResponse::decode(bytes.as_slice()).unwrap();
        let mut answer: serde_json::Value = serde_json::from_slice(&found.data).unwrap();
        answer.as_object_mut().unwrap().remove("reclamation").unwrap();
        let data = answer.to_string().into_bytes();
        let answer = QuerySmartContractStateResponse { data };
        result["response"]["value"] = BASE64_STANDARD.encode(answer.encode_to_vec()).into();
    });
    proxy.always(On("abci_query", "{\"deployment\":{\"deployment\":2"), without);
    let network = fs::read_to_string(fixture.network()).unwrap();
    let url = fixture.chain.handle.rpc_url();
    assert!(network.contains(&url), "{network}");
    fs::write(fixture.network(), network.replace(&url, proxy.url())).unwrap();
    let dropped = fixture.souk("ann", "deploy web.yaml --wait 0");
    let said = contains("deployment 2 created").and(contains("This market knows no notice"));
    dropped.code(7).stderr(said.and(contains("with a notice of 1 h")));
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
