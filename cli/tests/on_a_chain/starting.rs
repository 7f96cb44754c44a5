//! A watcher that finds the next provider, and hands the news to a web server.

use std::{
    fs,
    sync::{Arc, Mutex},
};

use axum::{Router, extract::State, http::StatusCode, routing::post};
use predicates::{prelude::*, str::contains};
use souk_api::orderbook::OrderState;
use souk_client::Market;
use souk_core::{OrderId, time::HOUR};
use souk_localnet::chain::PREFIX;
use tokio::net::TcpListener;

use crate::{fixture::Fixture, gateway::Gateway};

/// A lease of ann's whose provider is absent; bob is a provider with a gateway.
async fn left(fixture: &Fixture, gateway: &Gateway) {
    fixture.souk("ann", "deploy web.yaml --wait 0 --deposit 2000000usouk").code(7);
    fixture.bid(1, 15_000).await;
    fixture.souk("ann", "accept 1 lowest --no-send").success();
    gateway.serves(fixture, "bob");
    fixture.pass(25 * HOUR).await;
    fixture.chain.handle.produce_blocks(250).await.unwrap();
    let closed = fixture.souk("ann", "keep 1 --once --close-absent --start-again").success();
    closed.stdout(contains("done: close lease 1").and(contains("put group").not()));
}

/// Runs the command while `meanwhile` happens.
fn during(
    fixture: &Fixture,
    (key, arguments): (&str, &str),
    meanwhile: impl Future<Output = ()>,
) -> assert_cmd::assert::Assert {
    std::thread::scope(|threads| {
        let asked = threads.spawn(|| fixture.souk(key, arguments));
        tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(meanwhile));
        asked.join().unwrap()
    })
}

async fn order_opens(fixture: &Fixture, order: u64) {
    let market = Market::new(fixture.chain.network.clone()).unwrap();
    while market.orderbook.order(OrderId(order)).await.is_err() {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_delegate_puts_a_group_out_again_takes_the_lowest_bid_and_sends_the_manifest() {
    let (fixture, gateway) = (Fixture::new().await, Gateway::start().await);
    left(&fixture, &gateway).await;
    // Any key that its tenant made the delegate does; this one is the provider's that is excluded.
    fixture.souk("ann", "delegate 1 provider --limit 20000").success();
    let bob = fixture.keys[1].address(PREFIX).unwrap();
    let bidding = async {
        order_opens(&fixture, 2).await;
        fixture.place_as(1, 2, 14_000).await;
    };
    let keep = ("provider", "keep 1 --once --start-again --wait 30");
    let placed = during(&fixture, keep, bidding).success();
    placed.stdout(
        contains("done: put group 1 out again")
            .and(contains(format!("lease 2: the bid of {bob} at 14000"))),
    );
    assert_eq!(gateway.manifests(), [2]);
    fixture.souk("ann", "lease status 2").success();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn without_its_manifest_no_bid_is_accepted_and_its_tenant_is_told() {
    let (fixture, gateway) = (Fixture::new().await, Gateway::start().await);
    left(&fixture, &gateway).await;
    fs::remove_dir_all(fixture.home.path().join("deployments")).unwrap();
    let bidding = async {
        order_opens(&fixture, 2).await;
        fixture.place_as(1, 2, 14_000).await;
    };
    let said = during(&fixture, ("ann", "keep 1 --once --start-again"), bidding).success();
    said.stdout(contains("its manifest is not here").and(contains("--home")));
    let market = Market::new(fixture.chain.network.clone()).unwrap();
    assert_eq!(market.orderbook.order(OrderId(2)).await.unwrap().state, OrderState::Open);
    assert_eq!(gateway.manifests(), [0; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_group_without_a_bid_in_time_keeps_its_order() {
    let (fixture, gateway) = (Fixture::new().await, Gateway::start().await);
    left(&fixture, &gateway).await;
    let none = fixture.souk("ann", "keep 1 --once --start-again --wait 0").success();
    none.stdout(contains("done: put group 1 out again").and(contains("accepted").not()));
    let market = Market::new(fixture.chain.network.clone()).unwrap();
    assert_eq!(market.orderbook.order(OrderId(2)).await.unwrap().state, OrderState::Open);
    fixture
        .souk("ann", "keep 1 --once --start-again --wait 0")
        .success()
        .stdout(contains("done").not());
}

/// What was posted, and how many of the next posts are refused.
type Posts = Arc<Mutex<(Vec<serde_json::Value>, usize)>>;

async fn web_server(refused: usize) -> (String, Posts) {
    async fn take(State(posts): State<Posts>, body: String) -> StatusCode {
        let mut posts = posts.lock().unwrap();
        if posts.1 > 0 {
            posts.1 -= 1;
            return StatusCode::BAD_GATEWAY;
        }
        posts.0.push(serde_json::from_str(&body).unwrap());
        StatusCode::NO_CONTENT
    }
    let posts = Posts::new(Mutex::new((Vec::new(), refused)));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/secret", listener.local_addr().unwrap());
    let router = Router::new().route("/secret", post(take)).with_state(posts.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, posts)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_web_server_gets_what_a_command_gets_and_is_tried_three_times() {
    let fixture = Fixture::new().await;
    fixture.souk("ann", "deploy web.yaml --wait 0").code(7);
    fixture.bid(1, 15_000).await;
    fixture.souk("ann", "accept 1 lowest --no-send").success();
    let file = fixture.home.path().join("news");
    let (url, posts) = web_server(2).await;
    let keep = ["keep", "1", "--once", "--runway", "864000", "--spend", "0", "--webhook", &url];
    let into = format!("cat >> {0}; echo >> {0}", file.display());
    let said = fixture.command("ann").args(keep).args(["--run", &into]).assert().success();
    said.stdout(contains("failed").not());
    let handed = fs::read_to_string(&file).unwrap();
    let handed: Vec<serde_json::Value> =
        handed.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(handed.len(), 2, "{handed:?}");
    assert_eq!((&handed[0]["deployment"], &handed[0]["what"]), (&1.into(), &"runway_short".into()));
    assert_eq!(posts.lock().unwrap().0, handed);

    // One that refuses is told once and keeps nothing from being done; what lets one post is not shown.
    let (url, posts) = web_server(100).await;
    let keep = ["keep", "1", "--once", "--runway", "864000", "--spend", "5", "--webhook", &url];
    let said = fixture.command("ann").args(keep).assert().success();
    let said = String::from_utf8(said.get_output().stdout.clone()).unwrap();
    assert!(said.contains("done: add 5 base units"), "{said}");
    assert_eq!(
        said.matches("failed: posting to 127.0.0.1: it answers with 502").count(),
        1,
        "{said}"
    );
    assert!(!said.contains("secret"), "{said}");
    assert_eq!(posts.lock().unwrap().1, 97, "three attempts");
    for wrong in ["ftp://127.0.0.1/", "nowhere"] {
        fixture.souk("ann", &format!("keep 1 --once --webhook {wrong}")).code(2);
    }
}
