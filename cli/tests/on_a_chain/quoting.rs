//! Leases by prices that providers sign: what tenants can rely on, whoever answers.

use std::{
    fs,
    process::{Child, Command, Stdio},
    time::Duration,
};

use predicates::{prelude::*, str::contains};
use serde_json::Value;
use souk_api::orderbook::{DeploymentResponse, LeaseResponse};
use souk_client::Market;
use souk_core::OrderId;
use souk_localnet::chain::PREFIX;

use crate::{
    fixture::{COINS, Fixture},
    quoter::{Mode, Quoter},
};

async fn deployments(fixture: &Fixture) -> Vec<DeploymentResponse> {
    let market = Market::new(fixture.chain.network.clone()).unwrap();
    let tenant = fixture.keys[0].address(PREFIX).unwrap();
    market.orderbook.deployments(&tenant).await.unwrap()
}

async fn lease(fixture: &Fixture, order: u64) -> LeaseResponse {
    let market = Market::new(fixture.chain.network.clone()).unwrap();
    market.orderbook.lease(OrderId(order)).await.unwrap()
}

/// What a command printed as JSON.
fn printed(done: assert_cmd::assert::Assert) -> Value {
    serde_json::from_slice(&done.success().get_output().stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn prices_and_reasons_are_shown_without_a_key_and_nothing_is_spent() {
    let fixture = Fixture::new().await;
    let dear = Quoter::start(&fixture, "provider", 16_000).await;
    let cheap = Quoter::start(&fixture, "second", 15_000).await;
    let silent = Quoter::without_key(&fixture, "third", 1_000).await;
    let before = fixture.coins(0).await;
    let mut command = fixture.command("ann");
    command.env_remove("SOUK_KEY").args(["quote", "web.yaml", "--json"]);
    let report = printed(command.assert());
    let group = &report["groups"][0];
    let offers = group["quotes"].as_array().unwrap();
    let offer =
        |at: usize| (offers[at]["provider"].as_str().unwrap(), offers[at]["price"].as_str());
    assert_eq!(offer(0), (cheap.provider.as_str(), Some("15000")));
    assert_eq!(offer(1), (dear.provider.as_str(), Some("16000")));
    assert_eq!((offers.len(), offers[0]["region"].as_str()), (2, Some("eu")));
    let other = &group["others"][0];
    assert_eq!(other["provider"].as_str(), Some(silent.provider.as_str()));
    assert!(other["reason"].as_str().unwrap().contains("no key"), "{other}");
    assert!(silent.inner().asked.is_empty(), "it could not sign what it says");

    dear.becomes(Mode::Declines);
    let shown = fixture.souk("ann", "quote web.yaml").success();
    let declined = format!("no quote from {}: it has no room", dear.provider);
    shown.stdout(contains("15").and(contains(&cheap.provider)).and(contains(declined)));
    let asked = cheap.inner().asked.last().unwrap().clone();
    assert_eq!(asked.tenant, fixture.keys[0].address(PREFIX).unwrap());
    let other = fixture.souk("ann", "quote web.yaml --tenant bob").success();
    drop(other);
    let bob = fixture.keys[1].address(PREFIX).unwrap();
    assert_eq!(cheap.inner().asked.last().unwrap().tenant, bob);
    cheap.becomes(Mode::Declines);
    fixture.souk("ann", "quote web.yaml").code(6).stdout(contains("nobody quotes a price"));

    assert!(cheap.inner().signed.is_empty() && dear.inner().signed.is_empty());
    assert_eq!(fixture.coins(0).await, before);
    assert!(deployments(&fixture).await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_lowest_signed_price_is_a_lease_in_one_transaction_with_its_manifest() {
    let fixture = Fixture::new().await;
    let dear = Quoter::start(&fixture, "provider", 16_000).await;
    let cheap = Quoter::start(&fixture, "second", 15_000).await;
    // Without a choice nothing happens.
    let unsure = fixture.souk("ann", "deploy web.yaml");
    unsure.code(3).stderr(contains("nothing spent").and(contains(&cheap.provider)));
    fixture.souk("ann", "deploy web.yaml --bid 3").code(6).stderr(contains("no such row"));
    assert!(deployments(&fixture).await.is_empty() && cheap.inner().signed.is_empty());

    let report = printed(fixture.souk("ann", "deploy web.yaml --bid lowest --json"));
    assert_eq!(report["deployment"], 1);
    let found = lease(&fixture, 1).await;
    assert_eq!((found.provider.as_str(), found.price.u128()), (cheap.provider.as_str(), 15_000));
    assert!(found.nonce.is_some());
    assert_eq!(cheap.inner().manifests, [1]);
    let took = &report["by_quotes"];
    assert_eq!(took["leases"][0][1].as_str(), Some(cheap.provider.as_str()));
    assert!(took["gas_used"].as_u64().unwrap() > 0 && took["blocks"].as_u64().unwrap() > 0);
    assert_eq!(report["orders"][0]["bids"][0]["quote"], serde_json::json!({}));

    // A row and an address are one provider's, which alone is asked to sign.
    let signed = cheap.inner().signed.len();
    let said = fixture.souk("ann", "deploy web.yaml --bid 2").success();
    said.stderr(contains(" gas, ").and(contains("block")));
    assert_eq!(lease(&fixture, 2).await.provider, dear.provider);
    fixture.souk("ann", &format!("deploy web.yaml --bid {}", dear.provider)).success();
    assert_eq!(lease(&fixture, 3).await.provider, dear.provider);
    assert_eq!(cheap.inner().signed.len(), signed);

    // Who asks for an order gets one, and nobody is asked.
    let asked = cheap.inner().asked.len();
    fixture.souk("ann", "deploy web.yaml --order --bid lowest --wait 0").code(7);
    assert_eq!(cheap.inner().asked.len(), asked);
    assert_eq!(deployments(&fixture).await.len(), 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_gateway_that_lies_or_says_nothing_is_passed_over() {
    let fixture = Fixture::new().await;
    let honest = Quoter::start(&fixture, "provider", 16_000).await;
    let liar = Quoter::start(&fixture, "second", 15_000).await;
    for (at, mode) in (1..).zip([
        Mode::Dearer,
        Mode::OtherOffer,
        Mode::OtherKey,
        Mode::OtherTenant,
        Mode::Over,
        Mode::DoesNotSign,
        Mode::TooMany,
        Mode::Garbage,
        Mode::Huge,
        Mode::Slow,
        Mode::SlowToSign,
    ]) {
        liar.becomes(mode);
        fixture.souk("ann", "deploy web.yaml --bid lowest").success();
        let found = lease(&fixture, at).await;
        let taken = (found.provider.as_str(), found.price.u128());
        assert_eq!(taken, (honest.provider.as_str(), 16_000), "{mode:?}");
    }
    assert!(liar.inner().manifests.is_empty());
    liar.becomes(Mode::Honest);
    fixture.souk("ann", "deploy web.yaml --bid lowest").success();
    assert_eq!(lease(&fixture, 12).await.provider, liar.provider);
}

/// The file with two groups.
fn with_two_groups(fixture: &Fixture) {
    let home = fixture.home.path();
    let mut text = fs::read_to_string(home.join("web.yaml")).unwrap();
    let placement = "    there:\n      pricing:\n        web:\n          denom: usouk\n          amount: 20000\n";
    let deployed = "    there:\n      profile: web\n      count: 1\n";
    text = text.replace("\ndeployment:\n", &format!("{placement}\ndeployment:\n"));
    text = text.replace("\nsouk:\n", &format!("{deployed}\nsouk:\n"));
    fs::write(home.join("two.yaml"), text).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_provider_is_asked_once_for_all_groups_and_all_leases_begin_together() {
    let fixture = Fixture::new().await;
    with_two_groups(&fixture);
    let quoter = Quoter::start(&fixture, "provider", 15_000).await;
    let report = printed(fixture.souk("ann", "deploy two.yaml --bid lowest --json"));
    assert_eq!(report["leases"].as_array().unwrap().len(), 2);
    let (one, other) = (lease(&fixture, 1).await, lease(&fixture, 2).await);
    assert_eq!(one.created_at, other.created_at);
    assert_ne!(one.nonce, other.nonce);
    let inner = quoter.inner();
    assert_eq!((inner.asked.len(), inner.signed.len()), (1, 1));
    assert_eq!((inner.asked[0].groups.len(), inner.signed[0].groups.len()), (2, 2));
    assert_eq!(inner.manifests, [1, 2]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn where_quotes_are_refused_others_are_tried_once_and_then_an_order_with_one_deposit() {
    let fixture = Fixture::new().await;
    let quoter = Quoter::start(&fixture, "provider", 15_000).await;
    fixture.souk("ann", "deploy web.yaml --bid lowest").success();
    // Its first signature is on a nonce that was used, the next is fresh.
    quoter.becomes(Mode::Used(1));
    let again = fixture.souk("ann", "deploy web.yaml --bid lowest").success();
    again.stderr(contains("was used").and(contains("asking for other quotes")));
    assert_eq!(lease(&fixture, 2).await.provider, quoter.provider);

    let before = fixture.coins(0).await;
    let signed = quoter.inner().signed.len();
    quoter.becomes(Mode::Used(9));
    let order = fixture.souk("ann", "deploy web.yaml --bid lowest --wait 0 --deposit 5000000");
    let word = contains("opening an order for bids").and(contains("order 3 got no bid"));
    order.code(7).stderr(word);
    assert_eq!(quoter.inner().signed.len(), signed + 2);
    let paid = before - fixture.coins(0).await;
    assert!((5_000_000..6_000_000).contains(&paid), "one deposit and fees, not {paid}");
    assert_eq!(deployments(&fixture).await.len(), 3);

    // Nobody quotes: an order, with a word.
    quoter.becomes(Mode::Declines);
    let none = fixture.souk("ann", "deploy web.yaml --bid lowest --wait 0").code(7);
    none.stderr(contains("nobody quotes a price for group").and(contains("opening an order")));
    assert_eq!(deployments(&fixture).await.len(), 4);
}

/// Ann's deployment by the lowest quote, under way.
fn start(fixture: &Fixture) -> Child {
    let home = fixture.home.path();
    let mut deploy = Command::new(assert_cmd::cargo::cargo_bin("souk"));
    deploy.env_clear().current_dir(home).env("SOUK_HOME", home).env("SOUK_NETWORK", "here");
    deploy.env("SOUK_KEY", "ann").args(["deploy", "web.yaml", "--bid", "lowest"]);
    deploy.stderr(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_command_that_is_killed_while_it_waits_for_the_block_is_gone_on_with_by_the_next() {
    let fixture = Fixture::new().await;
    let quoter = Quoter::start(&fixture, "provider", 15_000).await;
    let chain = &fixture.chain.handle;
    chain.pause_blocks(true).await.unwrap();
    let mut first = start(&fixture);
    while chain.mempool_size().await.unwrap() == 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    first.kill().unwrap();
    first.wait().unwrap();
    assert!(quoter.inner().manifests.is_empty());
    let next = start(&fixture);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(chain.mempool_size().await.unwrap(), 1, "it sends nothing meanwhile");
    chain.pause_blocks(false).await.unwrap();
    let done = tokio::task::block_in_place(|| next.wait_with_output().unwrap());
    let said = String::from_utf8(done.stderr).unwrap();
    assert!(done.status.success(), "{said}");
    assert!(said.contains("created deployment 1 of this file; going on with it"), "{said}");
    assert_eq!(deployments(&fixture).await.len(), 1);
    assert_eq!(quoter.inner().manifests, [1]);

    // What was done is not gone on with: the same file again is another deployment.
    fixture.souk("ann", "deploy web.yaml --bid lowest").success();
    assert_eq!(deployments(&fixture).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_commands_at_once_are_two_deployments() {
    let fixture = Fixture::new().await;
    let quoter = Quoter::start(&fixture, "provider", 15_000).await;
    let chain = &fixture.chain.handle;
    chain.pause_blocks(true).await.unwrap();
    let one = start(&fixture);
    while chain.mempool_size().await.unwrap() == 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let other = start(&fixture);
    let signs = async {
        while quoter.inner().signed.len() < 2 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let signed = tokio::time::timeout(Duration::from_secs(60), signs).await;
    assert!(signed.is_ok(), "the other waits for what is not its own");
    chain.pause_blocks(false).await.unwrap();
    for command in [one, other] {
        let done = tokio::task::block_in_place(|| command.wait_with_output().unwrap());
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }
    assert_eq!(deployments(&fixture).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_never_came_into_a_block_is_waited_for_and_then_sent_anew() {
    let fixture = Fixture::new().await;
    let _quoter = Quoter::start(&fixture, "provider", 15_000).await;
    fixture.souk("ann", "deploy web.yaml --bid lowest").success();
    let folder = fixture.home.path().join("deployments/here");
    let mut kept: Value =
        serde_json::from_slice(&fs::read(folder.join("1.json")).unwrap()).unwrap();
    let market = Market::new(fixture.chain.network.clone()).unwrap();
    // As if it were sent in a while, since this chain is fast.
    let height = market.now().await.unwrap().0 + 100;
    kept["sending"]["height"] = height.into();
    let left = folder.join(format!("{}.json", "07".repeat(32)));
    fs::write(&left, kept.to_string()).unwrap();
    // Another's is not waited for.
    let bob = fixture.souk("bob", "deploy web.yaml --bid lowest").success();
    bob.stderr(contains("waiting until").not());
    let waited = fixture.souk("ann", "deploy web.yaml --bid lowest").success();
    waited.stderr(contains("waiting until it is in a block or cannot be any more"));
    assert!(market.now().await.unwrap().0 > height + 40);
    assert!(!left.exists());
    assert_eq!(deployments(&fixture).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_open_order_takes_a_quote_by_its_tenant_or_delegate() {
    let fixture = Fixture::new().await;
    let quoter = Quoter::start(&fixture, "provider", 15_000).await;
    for _ in 0..2 {
        fixture.souk("ann", "deploy web.yaml --order --wait 0").code(7);
    }
    let unsure = fixture.souk("ann", "accept 1 --quotes");
    unsure.code(3).stderr(contains("say `lowest`").and(contains(&quoter.provider)));
    fixture.souk("ann", "accept 1").code(2);
    fixture.souk("ann", "accept 1 #1 --quotes").code(3).stderr(contains("--quotes"));
    fixture.souk("ann", "accept 1 1 --quotes").code(3).stderr(contains("--max-price"));
    let stingy = fixture.souk("ann", "accept 1 lowest --quotes --max-price 14999");
    stingy.code(6).stderr(contains("no price is low enough"));
    assert!(quoter.inner().signed.is_empty());
    fixture.souk("ann", "accept 1 lowest --quotes").success().stderr(contains("took the quote of"));
    assert_eq!(lease(&fixture, 1).await.price.u128(), 15_000);
    assert_eq!(quoter.inner().manifests, [1]);

    fixture.souk("bob", "accept 2 lowest --quotes --no-send").code(4);
    let bob = fixture.keys[1].address(PREFIX).unwrap();
    fixture.souk("ann", &format!("delegate 2 {bob} --limit 15000usouk")).success();
    fixture.souk("bob", "accept 2 lowest --quotes --no-send").success();
    let ann = fixture.keys[0].address(PREFIX).unwrap();
    assert!(quoter.inner().signed.iter().all(|asked| asked.tenant == ann));
    assert!(lease(&fixture, 2).await.nonce.is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn public_prices_are_sorted_and_have_what_is_free() {
    let fixture = Fixture::new().await;
    let dear = Quoter::start(&fixture, "provider", 16_000).await;
    let cheap = Quoter::without_key(&fixture, "second", 15_000).await;
    let gone = "provider register --operator third --gateway https://p.invalid --bond 20000000";
    fixture.souk("third", gone).success();
    let mut command = fixture.command("ann");
    command.env_remove("SOUK_KEY").args(["prices", "--gpu", "H100", "--json"]);
    let prices = printed(command.assert());
    let found = prices["prices"].as_array().unwrap();
    let providers: Vec<&str> = found.iter().map(|one| one["provider"].as_str().unwrap()).collect();
    assert_eq!(providers, [cheap.provider.as_str(), dear.provider.as_str()]);
    assert_eq!(found[0]["gpus"], serde_json::json!([3, 8]));
    assert_eq!(prices["others"].as_array().unwrap().len(), 1);
    let shown = fixture.souk("ann", "prices --region eu").success();
    shown.stdout(contains("nvidia/h100").and(contains("3 of 8")).and(contains("t4").not()));
    let none = contains("Nobody asks for such a price");
    fixture.souk("ann", "prices --gpu t4").success().stdout(none.clone());
    fixture.souk("ann", "prices --region us").success().stdout(none.clone());
    fixture.souk("ann", "prices --denom uatom").success().stdout(none);
    assert_eq!(fixture.coins(0).await, COINS);
}
