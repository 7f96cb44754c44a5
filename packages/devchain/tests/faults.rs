//! The faults that tests of clients switch on do what they say.
#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use serde_json::{Value, json};
use souk_devchain::EndpointMode;
use support::{Client, Draft, Environment};

const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(300);

async fn height(client: &Client) -> String {
    let status = client.call("status", json!({})).await;
    status["sync_info"]["latest_block_height"].as_str().unwrap().to_owned()
}

fn health(client: &Client) -> impl Future<Output = reqwest::Result<Value>> + 'static {
    let request = client.http.get(format!("{}/health", client.url));
    async move { request.send().await?.json().await }
}

#[tokio::test]
async fn an_endpoint_that_refuses_closes_connections_and_recovers() {
    let env = Environment::start().await;
    health(&env.client).await.unwrap();
    env.chain.endpoint().faults().set_mode(EndpointMode::Refuse);
    // Once over the connection that is open, once over a new one.
    health(&env.client).await.unwrap_err();
    health(&Client::new(env.chain.rpc_url())).await.unwrap_err();
    env.chain.endpoint().faults().set_mode(EndpointMode::Serve);
    health(&env.client).await.unwrap();
}

#[tokio::test]
async fn an_endpoint_that_hangs_accepts_and_answers_only_when_it_recovers() {
    let env = Environment::start().await;
    env.chain.endpoint().faults().set_mode(EndpointMode::Hang);
    let mut waiting = tokio::spawn(health(&env.client));
    assert!(tokio::time::timeout(SHORT, &mut waiting).await.is_err());
    env.chain.endpoint().faults().set_mode(EndpointMode::Serve);
    let answered = tokio::time::timeout(LONG, waiting).await.unwrap().unwrap();
    answered.unwrap();
}

#[tokio::test]
async fn endpoints_of_one_chain_fail_on_their_own() {
    let mut env = Environment::start().await;
    let other = env.chain.another_endpoint().await.unwrap();
    let second = Client::new(other.url());
    env.chain.endpoint().faults().set_mode(EndpointMode::Hang);
    env.chain.produce_block().await.unwrap();
    assert_eq!(height(&second).await, "2");
}

#[tokio::test]
async fn a_stale_endpoint_shows_nothing_past_its_height() {
    let mut env = Environment::start().await;
    let other = env.chain.another_endpoint().await.unwrap();
    let stale = Client::new(other.url());
    other.faults().set_stale_at(Some(1));
    let (ann, bob) = (&env.ann, &env.bob);
    let before = env.client.balance(&bob.address).await;
    env.run(ann, 0, vec![ann.send(&bob.address, 5)]).await;
    assert_eq!((height(&stale).await, height(&env.client).await), ("1".into(), "2".into()));
    assert_eq!(stale.balance(&bob.address).await, before);
    assert_eq!(env.client.balance(&bob.address).await, before + 5);
    let hidden = stale.raw("block_results", json!({ "height": "2" })).await;
    assert!(hidden["error"]["data"].as_str().unwrap().contains("current blockchain height 1"));
    other.faults().set_stale_at(None);
    assert_eq!(height(&stale).await, "2");
}

#[tokio::test]
async fn an_endpoint_can_pretend_to_be_of_another_chain() {
    let mut env = Environment::start().await;
    let other = env.chain.another_endpoint().await.unwrap();
    other.faults().set_chain_id(Some("elsewhere".into()));
    let client = Client::new(other.url());
    let status = client.call("status", json!({})).await;
    assert_eq!(status["node_info"]["network"], "elsewhere");
    let block = client.call("block", json!({})).await;
    assert_eq!(block["block"]["header"]["chain_id"], "elsewhere");
    let honest = env.client.call("status", json!({})).await;
    assert_eq!(honest["node_info"]["network"], support::CHAIN_ID);
}

#[tokio::test]
async fn a_paused_chain_makes_no_blocks_by_its_timer_and_goes_on_afterwards() {
    let every = Duration::from_millis(20);
    let env = Environment::with(support::builder().block_time(every)).await;
    env.chain.pause_blocks(true).await.unwrap();
    let paused_at = env.chain.height().await.unwrap();
    tokio::time::sleep(SHORT).await;
    assert_eq!(env.chain.height().await.unwrap(), paused_at);
    let (ann, bob) = (&env.ann, &env.bob);
    let tx = Draft::new(vec![ann.send(&bob.address, 5)], 0).sign(ann);
    assert_eq!(env.client.broadcast(&tx).await["code"], 0);
    let mut blocks = env.chain.subscribe();
    env.chain.pause_blocks(false).await.unwrap();
    let block = tokio::time::timeout(LONG, blocks.recv()).await.unwrap().unwrap();
    assert_eq!((block.height(), block.txs.len()), (paused_at + 1, 1));
}

#[tokio::test]
async fn a_pruned_node_has_neither_blocks_nor_states_below() {
    let env = Environment::start().await;
    env.chain.produce_blocks(9).await.unwrap();
    env.chain.prune_below(6).await.unwrap();
    let status = env.client.call("status", json!({})).await;
    assert_eq!(status["sync_info"]["earliest_block_height"], "6");
    for method in ["block", "block_results"] {
        let pruned = env.client.raw(method, json!({ "height": "5" })).await;
        assert_eq!(pruned["error"]["data"], "height 5 is not available, lowest height is 6");
        env.client.call(method, json!({ "height": "6" })).await;
    }
    let path = "/cosmos.bank.v1beta1.Query/TotalSupply";
    assert_eq!(env.client.abci_raw(path, &[], 5).await["code"], 38);
    assert_eq!(env.client.abci_raw(path, &[], 6).await["code"], 0);
}

#[tokio::test]
async fn a_stopped_chain_closes_its_port() {
    let env = Environment::start().await;
    let client = env.client.clone();
    env.chain.stop().await;
    let gone = async {
        while health(&Client::new(&client.url)).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(LONG, gone).await.unwrap();
}
