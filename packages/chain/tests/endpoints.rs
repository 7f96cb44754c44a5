//! The RPC client with several endpoints, some of which cannot be trusted.

#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use serde_json::json;
use souk_chain::rpc::{EndpointFault, EndpointHealth, EndpointStatus, RpcError, TxLookup};
use souk_chain::{Client, ClientConfig, TxHash};
use souk_devchain::{EndpointMode, Handle, RpcEndpoint};
use support::proxy::{Effect, On};
use support::*;

async fn two_endpoints() -> (Handle, RpcEndpoint) {
    let mut chain = running_chain().await;
    let second = chain.another_endpoint().await.unwrap();
    (chain, second)
}

fn impatient(urls: &[String]) -> Client {
    Client::new(ClientConfig {
        request_timeout: Duration::from_millis(800),
        max_lag: 3,
        ..client_config(urls)
    })
    .unwrap()
}

fn fault(client: &Client, index: usize) -> Option<EndpointFault> {
    match &client.endpoints()[index].health {
        EndpointHealth::SetAside(fault) => Some(fault.clone()),
        _ => None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_configuration_without_a_usable_endpoint_is_refused() {
    let none = Client::new(ClientConfig::new(CHAIN, Vec::<String>::new()));
    assert!(matches!(none.map(|_| ()), Err(RpcError::NoEndpoints)));
    let bad = Client::new(ClientConfig::new(CHAIN, ["localhost:26657"]));
    assert!(matches!(bad.map(|_| ()), Err(RpcError::BadEndpoint { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_of_another_chain_is_never_used() {
    let (chain, second) = two_endpoints().await;
    let faults = chain.endpoint().faults();
    faults.set_chain_id(Some("other-1".into()));
    let proxied = Proxy::before(&chain.rpc_url()).await;
    let client = impatient(&[proxied.url().into(), second.url()]);
    for _ in 0..5 {
        assert_eq!(client.status().await.unwrap().chain_id, CHAIN);
    }
    client.broadcast_tx_sync(b"anything").await;
    assert_eq!(proxied.broadcasts().len(), 0);
    assert!(matches!(
        fault(&client, 0),
        Some(EndpointFault::WrongChain { found, .. }) if found == "other-1"
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_moves_to_another_chain_is_noticed() {
    let (chain, second) = two_endpoints().await;
    let client = impatient(&[chain.rpc_url(), second.url()]);
    all_known(&client).await;
    let faults = chain.endpoint().faults();
    faults.set_chain_id(Some("other-1".into()));
    assert_eq!(client.block(1).await.unwrap().header.chain_id, CHAIN);
    assert!(fault(&client, 0).is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn only_endpoints_of_another_chain_is_an_error_of_its_own() {
    let chain = running_chain().await;
    let config = ClientConfig::new("souk-other-2", [chain.rpc_url()]);
    let client = Client::new(config).unwrap();
    match client.status().await {
        Err(RpcError::WrongChain { expected, reports }) => {
            assert_eq!(expected, "souk-other-2");
            assert_eq!(reports.len(), 1);
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_hangs_is_set_aside_and_used_again_when_it_answers() {
    let (chain, second) = two_endpoints().await;
    let client = impatient(&[chain.rpc_url(), second.url()]);
    all_known(&client).await;
    let faults = chain.endpoint().faults();
    faults.set_mode(EndpointMode::Hang);
    client.block(1).await.unwrap();
    assert!(matches!(fault(&client, 0), Some(EndpointFault::Timeout { .. })));
    faults.set_mode(EndpointMode::Serve);
    eventually("used again", || async {
        client.status().await.unwrap();
        client.endpoints()[0].health == EndpointHealth::Good
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_hangs_from_the_start_does_not_keep_the_other_waiting() {
    let (chain, second) = two_endpoints().await;
    chain.endpoint().faults().set_mode(EndpointMode::Hang);
    let urls = [chain.rpc_url(), second.url()];
    // With this timeout the test would end only past its own deadline, were it waited for.
    let config = ClientConfig { request_timeout: DEADLINE * 10, ..client_config(&urls) };
    let client = Client::new(config).unwrap();
    let status = tokio::time::timeout(DEADLINE, client.status()).await;
    assert_eq!(status.unwrap().unwrap().chain_id, CHAIN);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_stays_at_an_old_height_is_found_out() {
    let (chain, second) = two_endpoints().await;
    let client = impatient(&[chain.rpc_url(), second.url()]);
    all_known(&client).await;
    let stuck = chain.height().await.unwrap();
    chain.endpoint().faults().set_stale_at(Some(stuck));
    eventually("newer heights", || async { client.status().await.unwrap().height > stuck + 10 })
        .await;
    assert!(matches!(fault(&client, 0), Some(EndpointFault::Stale { .. })));
    // Its old state is not taken for the newest one either.
    let account = client.query().account(&address(1)).await.unwrap();
    assert!(account.height > stuck);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_within_reach_names_every_endpoint_and_its_fault() {
    let (chain, second) = two_endpoints().await;
    let client = impatient(&[chain.rpc_url(), second.url()]);
    chain.endpoint().faults().set_mode(EndpointMode::Refuse);
    second.faults().set_mode(EndpointMode::Hang);
    let error = client.status().await.unwrap_err();
    let RpcError::Unavailable { reports, .. } = &error else {
        panic!("{error:?}");
    };
    assert_eq!(reports.len(), 2);
    for endpoint in [chain.rpc_url(), second.url()] {
        assert!(error.to_string().contains(&endpoint), "{error}");
    }
    // It is usable as soon as one answers, backoff or not.
    second.faults().set_mode(EndpointMode::Serve);
    eventually("answers", || async { client.status().await.is_ok() }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage_and_http_errors_are_the_endpoints_fault_and_not_the_callers() {
    let chain = running_chain().await;
    let proxy = Proxy::before(&chain.rpc_url()).await;
    let client = impatient(&[proxy.url().into(), chain.rpc_url()]);
    all_known(&client).await;
    proxy.once(On("block", ""), Effect::Result(json!({"no": "block"})));
    assert_eq!(client.block(1).await.unwrap().header.height, 1);
    assert!(matches!(fault(&client, 0), Some(EndpointFault::Malformed { .. })));
    eventually("back", || async {
        client.status().await.unwrap();
        fault(&client, 0).is_none()
    })
    .await;
    proxy.once(On("block_results", ""), Effect::Unreachable);
    assert_eq!(client.block_results(1).await.unwrap().height, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_block_of_another_height_is_not_taken_for_the_one_asked_for() {
    let chain = running_chain().await;
    eventually("blocks", || async { chain.height().await.unwrap() > 3 }).await;
    let proxy = Proxy::before(&chain.rpc_url()).await;
    let client = impatient(&[proxy.url().into(), chain.rpc_url()]);
    all_known(&client).await;
    let other = json!({"block_id": {}, "block": {"header": {"chain_id": CHAIN, "height": "2",
        "time": "2026-11-22T13:00:00Z"}, "data": {"txs": []}}});
    proxy.once(On("block", ""), Effect::Result(other));
    assert_eq!(client.block(3).await.unwrap().header.height, 3);
    assert!(fault(&client, 0).is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn heights_that_are_gone_or_not_there_yet_are_told_apart() {
    let chain = manual_chain().await;
    let head = chain.produce_blocks(20).await.unwrap();
    chain.prune_below(10).await.unwrap();
    let client = client(&chain.rpc_url());
    let pruned = RpcError::Pruned { height: 4, lowest: 10 };
    assert_eq!(client.block(4).await, Err(pruned.clone()));
    assert_eq!(client.block_results(4).await, Err(pruned.clone()));
    assert_eq!(client.header(4).await, Err(pruned));
    let height = head + 5;
    let not_yet = RpcError::NotYet { height, head };
    assert_eq!(client.block(height).await, Err(not_yet));
    assert_eq!(client.header(10).await.unwrap().height, 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_node_has_pruned_another_serves() {
    let chain = manual_chain().await;
    chain.produce_blocks(20).await.unwrap();
    let pruned = Proxy::before(&chain.rpc_url()).await;
    let error = "height 4 is not available, lowest height is 10";
    pruned.always(On("block", ""), Effect::Error(error));
    let client = client_of(&[pruned.url(), &chain.rpc_url()]);
    all_known(&client).await;
    assert_eq!(client.block(4).await.unwrap().header.height, 4);
    // A refusal about a height is not a fault of the endpoint.
    assert_eq!(fault(&client, 0), None);
}

/// Waits until every endpoint was probed.
async fn all_known(client: &Client) {
    client.status().await.unwrap();
    eventually("probed", || async {
        let known = |e: &EndpointStatus| e.health == EndpointHealth::Good;
        client.endpoints().iter().all(known)
    })
    .await;
}

fn client_of(urls: &[&str]) -> Client {
    let urls: Vec<String> = urls.iter().map(|url| (*url).to_owned()).collect();
    impatient(&urls)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_is_looked_up_in_every_index() {
    let chain = running_chain().await;
    let outcome = signer(&chain.rpc_url(), 1).send_and_confirm(vec![pay(1)]).await.unwrap();
    let (no_index, lagging) =
        (Proxy::before(&chain.rpc_url()).await, Proxy::before(&chain.rpc_url()).await);
    no_index.always(On("tx", ""), Effect::Error("transaction indexing is disabled"));
    lagging.always(On("tx", ""), Effect::Error("tx (AB) not found"));
    let found = client_of(&[no_index.url(), lagging.url(), &chain.rpc_url()]);
    all_known(&found).await;
    match found.tx(&outcome.hash).await.unwrap() {
        TxLookup::Found(tx) => assert_eq!(tx.height, outcome.height),
        other => panic!("{other:?}"),
    }
    let absent = client_of(&[no_index.url(), lagging.url()]);
    all_known(&absent).await;
    assert_eq!(absent.tx(&outcome.hash).await.unwrap(), TxLookup::Absent);
    let blind = client_of(&[no_index.url()]);
    assert_eq!(blind.tx(&outcome.hash).await.unwrap(), TxLookup::NotIndexed);
    let never = client_of(&[&chain.rpc_url()]);
    let lookup = never.tx(&TxHash::of(b"never sent")).await.unwrap();
    assert_eq!(lookup, TxLookup::Absent);
}

#[tokio::test(flavor = "multi_thread")]
async fn genesis_and_health_answer() {
    let chain = running_chain().await;
    let client = client(&chain.rpc_url());
    client.health().await.unwrap();
    assert_eq!(client.genesis().await.unwrap()["chain_id"], CHAIN);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_without_block_results_is_set_aside_as_long_as_another_has_them() {
    let (chain, second) = two_endpoints().await;
    chain.endpoint().faults().set_without_results(true);
    let client = impatient(&[chain.rpc_url(), second.url()]);
    all_known(&client).await;
    assert_eq!(client.block_results(1).await.unwrap().height, 1);
    let is_aside = || matches!(fault(&client, 0), Some(EndpointFault::NoResults { .. }));
    assert!(is_aside());
    // Probes after the backoff find that it still has none.
    let height = chain.height().await.unwrap();
    eventually("some surveys", || async { client.status().await.unwrap().height > height + 10 })
        .await;
    assert!(is_aside(), "{:?}", client.endpoints());
    // What it says of the state still counts where each is asked alone.
    let alone = &client.each()[0];
    assert!(alone.query().account(&address(1)).await.is_ok());
    assert!(is_aside(), "{:?}", client.endpoints());

    // What else it knows is better than nothing.
    second.faults().set_mode(EndpointMode::Refuse);
    eventually("the other's state", || async { client.status().await.is_ok() }).await;
    let error = client.block_results(1).await.unwrap_err();
    assert!(matches!(&error, RpcError::Node { error, .. } if error.keeps_no_results()), "{error}");
    second.faults().set_mode(EndpointMode::Serve);
    eventually("results again", || async { client.block_results(1).await.is_ok() }).await;
    chain.endpoint().faults().set_without_results(false);
    eventually("both in use", || async {
        client.status().await.unwrap();
        fault(&client, 0).is_none() && fault(&client, 1).is_none()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_block_that_only_the_endpoint_without_results_has_yet_is_waited_for() {
    let (chain, second) = two_endpoints().await;
    chain.endpoint().faults().set_without_results(true);
    second.faults().set_stale_at(Some(1));
    let config = client_config(&[chain.rpc_url(), second.url()]);
    let client = Client::new(ClientConfig { max_lag: 100_000, ..config }).unwrap();
    eventually("blocks", || async { chain.height().await.unwrap() > 3 }).await;
    all_known(&client).await;
    let error = client.block_results(3).await.unwrap_err();
    assert!(matches!(error, RpcError::NotYet { .. }), "{error}");
}
