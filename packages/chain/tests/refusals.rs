//! The pipeline when the chain refuses, lies or forgets.

#![allow(clippy::unwrap_used)]

mod support;

use serde_json::json;
use souk_chain::pipeline::{FailureKind, ItemState, OutboxItem, PipelineConfig};
use souk_chain::rpc::{BroadcastReply, EndpointHealth};
use souk_chain::tx::{GasConfig, Refusal, RefusalKind, TxPhase};
use souk_chain::{Client, Coin, Outbox, Signer};
use support::proxy::{Effect, On, change};
use support::*;

const BROADCAST: On = On("broadcast_tx_sync", "");

fn refusal(code: u32, log: &str) -> Effect {
    Effect::Result(json!({"code": code, "codespace": "sdk", "log": log}))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_of_bytes_that_another_node_may_hold_does_not_sign_again() {
    // After a lost answer, and after a restart: in both cases the chain has the bytes.
    for restart in [false, true] {
        let chain = manual_chain().await;
        let proxy = Proxy::before(&chain.rpc_url()).await;
        let dir = tempfile::tempdir().unwrap();
        let again = || refusal(13, "insufficient fees; got: 1usouk required: 2usouk");
        if !restart {
            proxy.once(BROADCAST, Effect::LoseReply);
            proxy.always(BROADCAST, again());
        }
        let mut process = Process::start(&dir, proxy.url(), pipeline_config());
        process.enqueue(&[("pay", pay(1))]);
        in_mempool(&chain).await;
        if restart {
            process.stop().await;
            proxy.always(BROADCAST, again());
            process = Process::start(&dir, proxy.url(), pipeline_config());
        }
        eventually("broadcast again", || async { proxy.broadcasts().len() >= 2 }).await;
        produce_until_final(&chain, &process, "pay").await;
        process.done("pay").await;
        assert_eq!(proxy.transactions().len(), 1);
        assert_eq!(paid(proxy.url()).await, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_by_the_only_node_that_was_asked_signs_again_with_the_same_sequence() {
    let chain = running_chain().await;
    let proxy = Proxy::before(&chain.rpc_url()).await;
    let dir = tempfile::tempdir().unwrap();
    proxy.once(BROADCAST, refusal(11, "out of gas in location: txSize"));
    let mut process = Process::start(&dir, proxy.url(), pipeline_config());
    process.enqueue(&[("pay", pay(1))]);
    process.done("pay").await;
    assert_eq!(proxy.transactions().len(), 2);
    let account = client(proxy.url()).query().account(&address(1)).await.unwrap();
    assert_eq!(account.sequence, 1);
    assert_eq!(paid(proxy.url()).await, 1);
}

/// Upload of as many bytes as no node takes by its defaults.
fn too_large() -> souk_chain::Any {
    souk_chain::tx::store_code(&address(1), vec![0; 600_000])
}

#[tokio::test(flavor = "multi_thread")]
async fn an_item_that_is_longer_than_nodes_read_is_failed_and_those_behind_it_go_on() {
    let chain = running_chain().await;
    let dir = tempfile::tempdir().unwrap();
    let mut process = Process::start(&dir, &chain.rpc_url(), pipeline_config());
    process.enqueue(&[("upload", too_large()), ("pay", pay(1))]);
    match process.outcome("upload").await.state {
        ItemState::Failed(failure) => {
            assert_eq!(failure.kind, FailureKind::Refused);
            assert!(failure.reason.contains("request body too large"), "{failure:?}");
        }
        other => panic!("{other:?}"),
    }
    process.done("pay").await;
    assert_eq!(paid(&chain.rpc_url()).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_too_long_does_not_count_against_the_endpoint() {
    let chain = running_chain().await;
    let client = client(&chain.rpc_url());
    let sent = client.broadcast_tx_sync(&vec![0; 800_000]).await;
    assert!(!sent.may_be_held());
    let Ok(BroadcastReply::Refused { codespace, code, log }) = sent.reply else {
        panic!("{sent:?}")
    };
    let refusal = Refusal::read(TxPhase::Check, &codespace, code, &log);
    assert_eq!(refusal.kind, RefusalKind::TooLarge, "{refusal}");
    let error = signer(&chain.rpc_url(), 1).send_and_confirm(vec![too_large()]).await.unwrap_err();
    assert!(error.to_string().contains("send less at once"), "{error}");
    let endpoints = client.endpoints();
    assert!(!matches!(endpoints[0].health, EndpointHealth::SetAside(_)), "{endpoints:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_says_by_http_alone_that_a_request_is_too_long() {
    use axum::{Json, Router, extract::DefaultBodyLimit, routing::post};
    let state = json!({"node_info": {"network": CHAIN}, "sync_info": {"latest_block_height": "7"}});
    let answer = json!({"jsonrpc": "2.0", "id": 1, "result": state});
    // The body is read, and refused with status 413 if it is longer.
    let node = post(move |_: bytes::Bytes| async move { Json(answer) });
    let router = Router::new().route("/", node).layer(DefaultBodyLimit::max(1_000));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = client(&format!("http://{}", listener.local_addr().unwrap()));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let sent = client.broadcast_tx_sync(&[0; 2_000]).await;
    let Ok(BroadcastReply::Refused { code, .. }) = sent.reply else { panic!("{sent:?}") };
    assert_eq!(code, 21);
    assert_eq!(client.status().await.unwrap().height, 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_mempool_is_waited_out_with_the_same_bytes() {
    let chain = running_chain().await;
    let proxy = Proxy::before(&chain.rpc_url()).await;
    let dir = tempfile::tempdir().unwrap();
    for _ in 0..3 {
        let full = Effect::Error("mempool is full: number of txs 5000 (max: 5000)");
        proxy.once(BROADCAST, full);
    }
    let mut process = Process::start(&dir, proxy.url(), pipeline_config());
    process.enqueue(&[("pay", pay(1))]);
    process.done("pay").await;
    assert_eq!((proxy.broadcasts().len(), proxy.transactions().len()), (4, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_without_coins_waits_and_goes_on_when_it_has_some() {
    let chain = running_chain().await;
    let url = chain.rpc_url();
    let dir = tempfile::tempdir().unwrap();
    // Key 1 keeps too little for a fee.
    let all = souk_chain::tx::send(&address(1), &address(2), &[Coin::new(999_996_500, DENOM)]);
    signer(&url, 1).send_and_confirm(vec![all]).await.unwrap();
    let mut process = Process::start(&dir, &url, pipeline_config());
    process.enqueue(&[("pay", pay(1))]);
    let mut status = process.handle.status();
    let seen = status.wait_for(|s| s.last_error.as_deref().is_some_and(|t| t.contains("smaller")));
    tokio::time::timeout(DEADLINE, seen).await.unwrap().unwrap();
    let state = process.handle.outcome("pay").await.unwrap().unwrap().state;
    assert!(!state.is_final(), "{state:?}");
    let help = souk_chain::tx::send(&address(2), &address(1), &[Coin::new(1_000_000, DENOM)]);
    signer(&url, 2).send_and_confirm(vec![help]).await.unwrap();
    process.done("pay").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_above_the_gas_limit_is_split_and_a_single_item_above_it_is_failed() {
    let chain = running_chain().await;
    let proxy = Proxy::before(&chain.rpc_url()).await;
    let dir = tempfile::tempdir().unwrap();
    let exact = GasConfig { adjustment_percent: 100, ..gas() };
    let exact = Signer::new(client(proxy.url()), key(1), PREFIX, exact).unwrap();
    let estimate = exact.estimate(vec![pay(1), pay(2)]).await.unwrap();
    let config =
        |max_gas| PipelineConfig { gas: GasConfig { max_gas, ..gas() }, ..pipeline_config() };
    // Room for two payments, not for four.
    let mut process = Process::start(&dir, proxy.url(), config(estimate.gas_limit));
    let names = ["a", "b", "c", "d"];
    process.enqueue(&names.map(|name| (name, pay(1))));
    for name in names {
        process.done(name).await;
    }
    assert!(proxy.transactions().len() > 1);
    process.stop().await;
    let mut process = Process::start(&dir, proxy.url(), config(1_000));
    process.enqueue(&[("e", pay(1))]);
    match process.outcome("e").await.state {
        ItemState::Failed(failure) => assert!(failure.reason.contains("maximum"), "{failure:?}"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fee_that_is_refused_is_raised_within_the_bound() {
    let chain = running_chain().await;
    let dir = tempfile::tempdir().unwrap();
    let gas = GasConfig {
        max_price: "0.03usouk".parse().unwrap(),
        ..GasConfig::new("0.001usouk".parse().unwrap())
    };
    let config = PipelineConfig { gas, ..pipeline_config() };
    let mut process = Process::start(&dir, &chain.rpc_url(), config);
    process.enqueue(&[("pay", pay(1))]);
    process.done("pay").await;
    let price = process.handle.status().borrow().gas_price.to_string();
    assert!(price.starts_with("0.025"), "{price}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fee_above_the_bound_is_not_paid_and_the_item_waits() {
    let chain = running_chain().await;
    let dir = tempfile::tempdir().unwrap();
    let low = GasConfig {
        max_price: "0.002usouk".parse().unwrap(),
        ..GasConfig::new("0.001usouk".parse().unwrap())
    };
    // Stopped between signing and the refusal, it waits until no node can include what was signed.
    let config = |gas| PipelineConfig { gas, timeout_blocks: 20, ..pipeline_config() };
    let mut process = Process::start(&dir, &chain.rpc_url(), config(low));
    process.enqueue(&[("pay", pay(1))]);
    let mut status = process.handle.status();
    let seen = status.wait_for(|s| s.last_error.as_deref().is_some_and(|t| t.contains("maximum")));
    tokio::time::timeout(DEADLINE, seen).await.unwrap().unwrap();
    let state = process.handle.outcome("pay").await.unwrap().unwrap().state;
    assert!(!state.is_final());
    // With a higher bound it goes on from where it is.
    process.stop().await;
    let process = Process::start(&dir, &chain.rpc_url(), config(gas()));
    process.done("pay").await;
    assert_eq!(paid(&chain.rpc_url()).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_lost_by_the_mempool_is_broadcast_again_with_the_same_bytes() {
    let chain = manual_chain().await;
    let proxy = Proxy::before(&chain.rpc_url()).await;
    let dir = tempfile::tempdir().unwrap();
    let mut process = Process::start(&dir, proxy.url(), pipeline_config());
    process.enqueue(&[("pay", pay(1))]);
    eventually("broadcast", || async { !proxy.broadcasts().is_empty() }).await;
    eventually("mempool dropped", || async { chain.drop_mempool().await.unwrap() == 1 }).await;
    let state = produce_until_final(&chain, &process, "pay").await;
    assert!(matches!(state, ItemState::Done { .. }), "{state:?}");
    assert!(proxy.broadcasts().len() >= 2);
    assert_eq!(proxy.transactions().len(), 1);
    assert_eq!(paid(proxy.url()).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_no_block_took_is_signed_again_only_past_its_timeout() {
    let chain = manual_chain().await;
    let proxy = Proxy::before(&chain.rpc_url()).await;
    let dir = tempfile::tempdir().unwrap();
    let config = PipelineConfig { timeout_blocks: 5, ..pipeline_config() };
    let mut process = Process::start(&dir, proxy.url(), config);
    chain.swallow_transactions(true).await.unwrap();
    process.enqueue(&[("pay", pay(1))]);
    let first = process.until("pay", is_signed).await;
    eventually("broadcast", || async { !proxy.broadcasts().is_empty() }).await;
    chain.produce_blocks(4).await.unwrap();
    eventually("broadcast again", || async { proxy.broadcasts().len() >= 2 }).await;
    assert_eq!(process.until("pay", is_signed).await, first);
    assert_eq!(proxy.transactions().len(), 1);
    chain.swallow_transactions(false).await.unwrap();
    let state = produce_until_final(&chain, &process, "pay").await;
    assert!(matches!(state, ItemState::Done { .. }), "{state:?}");
    assert!(proxy.transactions().len() >= 2);
    assert_eq!(paid(proxy.url()).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_no_block_took_is_told_of_and_costs_more_until_blocks_take_some() {
    let chain = running_chain().await;
    let dir = tempfile::tempdir().unwrap();
    let gas = GasConfig { max_price: "0.04usouk".parse().unwrap(), ..gas() };
    let config = PipelineConfig { timeout_blocks: 5, gas, ..pipeline_config() };
    let (floor, bound) = (config.gas.price.clone(), config.gas.max_price.clone());
    let mut process = Process::start(&dir, &chain.rpc_url(), config);
    chain.swallow_transactions(true).await.unwrap();
    process.enqueue(&[("pay", pay(1))]);
    let mut status = process.handle.status();
    let seen = status.wait_for(|s| {
        let says = |text| s.last_error.as_deref().is_some_and(|t| t.contains(text));
        says("in no block") && says("maximum")
    });
    tokio::time::timeout(DEADLINE, seen).await.unwrap().unwrap();
    assert_eq!(status.borrow().gas_price, bound, "never above the bound");
    chain.swallow_transactions(false).await.unwrap();
    process.done("pay").await;
    for n in 0.. {
        let key = format!("pay/{n}");
        process.enqueue(&[(key.as_str(), pay(1))]);
        process.done(&key).await;
        if status.borrow().gas_price == floor {
            break;
        }
        assert!(n < 100, "{:?}", *status.borrow());
    }
    let fine = status.wait_for(|s| s.last_error.is_none());
    tokio::time::timeout(DEADLINE, fine).await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_lost_after_the_broadcast_does_not_send_twice() {
    let chain = running_chain().await;
    let proxy = Proxy::before(&chain.rpc_url()).await;
    let dir = tempfile::tempdir().unwrap();
    proxy.once(On("broadcast_tx_sync", ""), Effect::LoseReply);
    let mut process = Process::start(&dir, proxy.url(), pipeline_config());
    process.enqueue(&[("pay", pay(1))]);
    process.done("pay").await;
    assert_eq!(proxy.transactions().len(), 1);
    assert_eq!(paid(proxy.url()).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn inclusion_is_found_by_blocks_when_no_node_keeps_an_index() {
    let chain = running_chain().await;
    let proxy = Proxy::before(&chain.rpc_url()).await;
    let dir = tempfile::tempdir().unwrap();
    proxy.always(On("tx", ""), Effect::Error("transaction indexing is disabled"));
    let mut process = Process::start(&dir, proxy.url(), pipeline_config());
    process.enqueue(&[("pay", pay(1))]);
    process.done("pay").await;
    assert_eq!(proxy.transactions().len(), 1);
    assert_eq!(paid(proxy.url()).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_outcome_cannot_be_known_the_item_is_failed_as_unknown_and_not_sent_again() {
    let chain = manual_chain().await;
    let proxy = Proxy::before(&chain.rpc_url()).await;
    let dir = tempfile::tempdir().unwrap();
    let mut process = Process::start(&dir, proxy.url(), pipeline_config());
    process.enqueue(&[("pay", pay(1))]);
    in_mempool(&chain).await;
    process.stop().await;
    // While no pipeline runs it is included, and the block with it is pruned.
    proxy.always(On("tx", ""), Effect::Error("transaction indexing is disabled"));
    let height = chain.produce_blocks(3).await.unwrap();
    chain.prune_below(height).await.unwrap();
    let process = Process::start(&dir, proxy.url(), pipeline_config());
    match process.outcome("pay").await.state {
        ItemState::Failed(failure) => assert_eq!(failure.kind, FailureKind::Unknown),
        other => panic!("{other:?}"),
    }
    assert_eq!(proxy.transactions().len(), 1);
    assert_eq!(paid(proxy.url()).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_has_just_started_and_serves_no_simulations_judges_no_item() {
    // Both come from wasmd: before its services are there, and before its first block.
    for log in [
        "unknown query path: unknown request",
        "rpc error: code = Unknown desc = recovered: Block (unix) time must never be empty or \
         negative stack: goroutine 97: unknown request",
    ] {
        let chain = running_chain().await;
        let proxy = Proxy::before(&chain.rpc_url()).await;
        let dir = tempfile::tempdir().unwrap();
        let on = On("abci_query", "Simulate");
        let starting =
            json!({"response": {"code": 6, "codespace": "sdk", "height": "0", "log": log}});
        proxy.always(on, Effect::Result(starting));
        let mut process = Process::start(&dir, proxy.url(), pipeline_config());
        process.enqueue(&[("pay", pay(1))]);
        // More often than a message that fails by itself would be tried.
        eventually("many simulations", || async { proxy.requests(on) > 10 }).await;
        assert_eq!(process.handle.outcome("pay").await.unwrap().unwrap().state, ItemState::Queued);
        proxy.clear();
        process.done("pay").await;
        assert_eq!(paid(proxy.url()).await, 1);
    }
}

/// What wasmd says when a simulation panics in it.
fn panicked() -> Effect {
    let log = "rpc error: code = Unknown desc = recovered: runtime error: invalid memory address \
               or nil pointer dereference stack: goroutine 97: unknown request";
    Effect::Result(json!({"response": {"code": 6, "codespace": "sdk", "height": "0", "log": log}}))
}

const SIMULATE: On = On("abci_query", "Simulate");

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_panics_over_a_simulation_does_not_cost_the_item() {
    let chain = running_chain().await;
    let proxy = Proxy::before(&chain.rpc_url()).await;
    let dir = tempfile::tempdir().unwrap();
    for _ in 0..3 {
        proxy.once(SIMULATE, panicked());
    }
    let mut process = Process::start(&dir, proxy.url(), pipeline_config());
    process.enqueue(&[("pay", pay(1))]);
    process.done("pay").await;
    assert_eq!(paid(proxy.url()).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_node_panics_over_another_is_asked() {
    let chain = running_chain().await;
    let proxy = Proxy::before(&chain.rpc_url()).await;
    let dir = tempfile::tempdir().unwrap();
    proxy.always(SIMULATE, panicked());
    let urls = [proxy.url().to_owned(), chain.rpc_url()];
    let client = souk_chain::Client::new(client_config(&urls)).unwrap();
    let db = dir.path().join("agent.db");
    let mut process = Process::with_client(db, client, pipeline_config());
    process.enqueue(&[("pay", pay(1))]);
    process.done("pay").await;
    assert_eq!(paid(proxy.url()).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_over_which_every_node_panics_is_failed_in_the_end() {
    let chain = running_chain().await;
    let proxy = Proxy::before(&chain.rpc_url()).await;
    let dir = tempfile::tempdir().unwrap();
    proxy.always(SIMULATE, panicked());
    let mut process = Process::start(&dir, proxy.url(), pipeline_config());
    process.enqueue(&[("pay", pay(1))]);
    let state = process.outcome("pay").await.state;
    assert!(matches!(state, ItemState::Failed(f) if f.reason.contains("recovered")));
    assert_eq!(proxy.broadcasts().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_in_one_block_does_not_hide_the_success_in_a_later_one() {
    let chain = manual_chain().await;
    let proxy = Proxy::before(&chain.rpc_url()).await;
    let dir = tempfile::tempdir().unwrap();
    // The index has the first of two inclusions, which failed before it used the sequence.
    let failed = |value: &mut serde_json::Value| {
        value["height"] = json!("1");
        value["tx_result"] = json!({"code": 5, "codespace": "sdk", "log": "insufficient funds"});
    };
    proxy.always(On("tx", ""), change(failed));
    let mut process = Process::start(&dir, proxy.url(), pipeline_config());
    process.enqueue(&[("pay", pay(1))]);
    in_mempool(&chain).await;
    chain.produce_blocks(2).await.unwrap();
    process.done("pay").await;
    assert_eq!(proxy.transactions().len(), 1);
    assert_eq!(paid(proxy.url()).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_endpoints_word_that_it_would_fail_silences_nothing_that_is_urgent() {
    let mut chain = running_chain().await;
    let second = chain.another_endpoint().await.unwrap();
    let liar = Proxy::before(&chain.rpc_url()).await;
    let client = Client::new(client_config(&[liar.url().to_owned(), second.url()])).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let log = "failed to execute message; message index: 0: no";
    let lie = json!({"response": {"code": 5, "codespace": "wasm", "log": log, "height": "1"}});
    liar.always(SIMULATE, Effect::Result(lie));
    let mut process = Process::with_client(dir.path().join("agent.db"), client, pipeline_config());
    let tx = process.connection.transaction().unwrap();
    Outbox::enqueue(&tx, &OutboxItem::new("urgent", vec![pay(8)]).urgent()).unwrap();
    tx.commit().unwrap();
    process.handle.wake();
    process.done("urgent").await;
    assert_eq!(paid(&second.url()).await, 8);
    // All else is judged by the endpoint that is asked.
    process.enqueue(&[("pay", pay(1))]);
    let state = process.outcome("pay").await.state;
    assert!(matches!(state, ItemState::Failed(f) if f.reason.contains("index: 0: no")));
}
