//! From a file to a lease.

use std::{fs, process::Stdio, time::Duration};

use base64::{Engine, prelude::BASE64_STANDARD};
use cosmrs::proto::{cosmwasm::wasm::v1::QuerySmartContractStateResponse, traits::Message};
use predicates::{prelude::*, str::contains};
use souk_api::orderbook::OrderState::{Active, Open};
use souk_chain::Client;
use souk_client::market::Orderbook;
use souk_core::OrderId;
use souk_devchain::proxy::{Effect, On, Proxy, change};
use souk_localnet::chain::PREFIX;

use crate::fixture::Fixture;

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

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_market_that_stores_no_notice_and_no_absence_is_named_at_the_deployment() {
    let fixture = Fixture::new().await;
    let file = fixture.home.path().join("web.yaml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, format!("{text}\nreclamation:\n  min_window: 1h\n")).unwrap();
    let stored = fixture.souk("ann", "deploy web.yaml --wait 0");
    stored.code(7).stderr(contains("deployment 1 created").and(contains("knows no notice").not()));

    // As an orderbook of the first release answers, which drops the field.
    let proxy = Proxy::before(&fixture.chain.handle.rpc_url()).await;
    proxy.always(On("abci_query", "{\"deployment\":{\"deployment\":2"), without("reclamation"));
    for order in ["{\"order\":{\"order\":2", "{\"order\":{\"order\":3"] {
        proxy.always(On("abci_query", order), without("absence"));
    }
    let network = fs::read_to_string(fixture.network()).unwrap();
    let url = fixture.chain.handle.rpc_url();
    assert!(network.contains(&url), "{network}");
    fs::write(fixture.network(), network.replace(&url, proxy.url())).unwrap();
    let dropped = fixture.souk("ann", "deploy web.yaml --wait 0");
    let said = contains("deployment 2 created").and(contains("This market knows no notice"));
    let no_absence = contains("This market knows no absence").and(contains("`souk.absence`").not());
    dropped.code(7).stderr(said.and(contains("with a notice of 1 h")).and(no_absence));

    fs::write(&file, text.replace("\nsouk:\n", "\nsouk:\n  absence: { limit: 12h }\n")).unwrap();
    let dropped = fixture.souk("ann", "deploy web.yaml --wait 0");
    let said =
        contains("deployment 3 created").and(contains("it stored nothing of `souk.absence`"));
    dropped.code(7).stderr(said);
}

/// What an orderbook answers that does not know the field.
fn without(field: &'static str) -> Effect {
    change(move |result: &mut serde_json::Value| {
        let Some(value) = result["response"]["value"].as_str() else { return };
        let bytes = BASE64_STANDARD.decode(value).unwrap();
        let found = QuerySmartContractStateResponse::decode(bytes.as_slice()).unwrap();
        let mut answer: serde_json::Value = serde_json::from_slice(&found.data).unwrap();
        answer.as_object_mut().unwrap().remove(field).unwrap();
        let data = answer.to_string().into_bytes();
        let answer = QuerySmartContractStateResponse { data };
        result["response"]["value"] = BASE64_STANDARD.encode(answer.encode_to_vec()).into();
    })
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
    fixture.souk("ann", "close 1").success().stdout(contains("closed already, and paid out"));
    let late = fixture.souk("bob", "deposit 1 5");
    late.code(4).stderr(contains("closed"));
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
