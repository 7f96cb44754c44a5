//! The pipeline against a chain: what it promises when all is well and when the chain is not.

#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use souk_chain::pipeline::{Enqueued, FailureKind, ItemState, PipelineConfig, PipelineError};
use souk_chain::tx::{GasConfig, Instantiate, execute, instantiate};
use souk_chain::{Any, Coin, Pipeline};
use souk_devchain::Handle;
use support::contract::Execute;
use support::proxy::{Effect, On};
use support::*;

fn is_signed(state: &ItemState) -> bool {
    matches!(state, ItemState::Signed { .. })
}

/// Makes blocks until the item is final.
async fn produce_until_final(chain: &Handle, process: &Process, key: &str) -> ItemState {
    eventually(key, || async {
        chain.produce_block().await.unwrap();
        let record = process.handle.outcome(key).await.unwrap().unwrap();
        record.state.is_final()
    })
    .await;
    process.outcome(key).await.state
}

#[tokio::test(flavor = "multi_thread")]
async fn items_are_executed_once_and_in_order() {
    let chain = running_chain().await;
    let proxy = Proxy::before(&chain.rpc_url()).await;
    let dir = tempfile::tempdir().unwrap();
    let config = PipelineConfig { max_batch: 4, ..pipeline_config() };
    let mut process = Process::start(&dir, proxy.url(), config);
    let items: Vec<(String, Any)> = (1..=10).map(|n| (format!("pay/{n}"), pay(n))).collect();
    let refs: Vec<(&str, Any)> = items.iter().map(|(k, m)| (k.as_str(), m.clone())).collect();
    assert_eq!(process.enqueue(&refs), vec![Enqueued::New; 10]);
    for (key, _) in &refs {
        process.done(key).await;
    }
    let sent: Vec<Any> = proxy.transactions().into_iter().flat_map(|(_, m)| m).collect();
    let expected: Vec<Any> = items.iter().map(|(_, m)| m.clone()).collect();
    assert_eq!(sent, expected);
    assert_eq!(proxy.transactions().len(), 3);
    assert_eq!(paid(proxy.url()).await, 55);
    process.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_item_once_enqueued_is_never_enqueued_again() {
    let chain = running_chain().await;
    let proxy = Proxy::before(&chain.rpc_url()).await;
    let dir = tempfile::tempdir().unwrap();
    let mut process = Process::start(&dir, proxy.url(), pipeline_config());
    process.enqueue(&[("pay/1", pay(1)), ("pay/too-much", pay(u128::MAX))]);
    let height = process.done("pay/1").await;
    let failed = process.outcome("pay/too-much").await.state;
    let again = process.enqueue(&[("pay/1", pay(1)), ("pay/too-much", pay(1))]);
    match &again[..] {
        [Enqueued::Before(ItemState::Done { height: h, .. }), Enqueued::Before(other)] => {
            assert_eq!(*h, height);
            assert_eq!(*other, failed);
        }
        other => panic!("{other:?}"),
    }
    // Also by another process on the same database.
    process.stop().await;
    let mut process = Process::start(&dir, proxy.url(), pipeline_config());
    process.enqueue(&[("pay/1", pay(1)), ("pay/2", pay(2))]);
    process.done("pay/2").await;
    assert_eq!(proxy.count(&pay(1)), 1);
    assert_eq!(paid(proxy.url()).await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_fails_for_its_own_reason_is_failed_and_the_others_go_on() {
    let chain = running_chain().await;
    let proxy = Proxy::before(&chain.rpc_url()).await;
    let dir = tempfile::tempdir().unwrap();
    let mut process = Process::start(&dir, proxy.url(), pipeline_config());
    let too_much =
        souk_chain::tx::send(&address(1), &address(3), &[Coin::new(9_999_999_999, DENOM)]);
    process.enqueue(&[("a", pay(1)), ("b", pay(2)), ("bad", too_much.clone()), ("c", pay(4))]);
    for key in ["a", "b", "c"] {
        process.done(key).await;
    }
    match process.outcome("bad").await.state {
        ItemState::Failed(failure) => {
            assert_eq!(failure.kind, FailureKind::Refused);
            assert!(failure.reason.contains("insufficient funds"), "{failure:?}");
            assert_eq!(failure.tx, None);
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(proxy.count(&too_much), 0);
    assert_eq!(paid(proxy.url()).await, 7);
}

/// Key 1's contract on a chain without a timer.
async fn slots(chain: &Handle) -> String {
    let signer = signer(&chain.rpc_url(), 1);
    let what = Instantiate { code_id: 1, label: "slots".into(), ..Instantiate::default() };
    let msg = instantiate(&address(1), &what, &serde_json::json!({})).unwrap();
    let sending = tokio::spawn(async move { signer.send_and_confirm(vec![msg]).await });
    eventually("instantiation", || async {
        chain.produce_block().await.unwrap();
        sending.is_finished()
    })
    .await;
    let outcome = sending.await.unwrap().unwrap();
    outcome.contract_address().unwrap().to_owned()
}

/// Key 2 executes the contract, its transaction waits in the mempool.
async fn rival(chain: &Handle, contract: &str, msg: &Execute) {
    let client = client(&chain.rpc_url());
    let account = client.query().account(&address(2)).await.unwrap();
    let plan = souk_chain::tx::TxPlan {
        messages: vec![execute(&address(2), contract, msg, &[]).unwrap()],
        gas_limit: 1_000_000,
        fee: vec![Coin::new(25_000, DENOM)],
        ..Default::default()
    };
    let data = souk_chain::tx::SignerData {
        chain_id: CHAIN.into(),
        account_number: account.number,
        sequence: account.sequence,
    };
    let sent = client.broadcast_tx_sync(&plan.sign(&key(2), &data).bytes).await;
    assert_eq!(sent.reply, Ok(souk_chain::rpc::BroadcastReply::Accepted));
}

fn take(contract: &str, slot: u64) -> Any {
    execute(&address(1), contract, &Execute::Take { slot }, &[]).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_fails_in_the_block_loses_only_the_item_that_fails_by_itself() {
    let chain = manual_chain().await;
    let contract = slots(&chain).await;
    let proxy = Proxy::before(&chain.rpc_url()).await;
    let dir = tempfile::tempdir().unwrap();
    let mut process = Process::start(&dir, proxy.url(), pipeline_config());
    // The rival is first in the same block, so the simulation cannot see it.
    rival(&chain, &contract, &Execute::Take { slot: 7 }).await;
    let items = [
        ("before", take(&contract, 6)),
        ("lost", take(&contract, 7)),
        ("after", take(&contract, 8)),
    ];
    process.enqueue(&items);
    process.until("lost", is_signed).await;
    for key in ["before", "after"] {
        let state = produce_until_final(&chain, &process, key).await;
        assert!(matches!(state, ItemState::Done { .. }), "{key} {state:?}");
    }
    match process.outcome("lost").await.state {
        ItemState::Failed(failure) => assert!(failure.reason.contains("slot 7 is"), "{failure:?}"),
        other => panic!("{other:?}"),
    }
    let query = client(proxy.url()).query();
    for (slot, owner) in [(6, 1), (7, 2), (8, 1)] {
        let ask = support::contract::Query::Owner { slot };
        let found: Option<String> = query.smart(&contract, &ask).await.unwrap();
        assert_eq!(found, Some(address(owner)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_single_item_that_fails_in_the_block_is_failed_with_its_transaction() {
    let chain = manual_chain().await;
    let contract = slots(&chain).await;
    let dir = tempfile::tempdir().unwrap();
    let mut process = Process::start(&dir, &chain.rpc_url(), pipeline_config());
    rival(&chain, &contract, &Execute::Take { slot: 7 }).await;
    process.enqueue(&[("lost", take(&contract, 7))]);
    process.until("lost", is_signed).await;
    match produce_until_final(&chain, &process, "lost").await {
        ItemState::Failed(failure) => {
            assert_eq!(failure.kind, FailureKind::Executed);
            assert!(failure.tx.is_some());
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_ran_out_of_gas_is_sent_again_with_more() {
    let chain = manual_chain().await;
    let contract = slots(&chain).await;
    let proxy = Proxy::before(&chain.rpc_url()).await;
    let dir = tempfile::tempdir().unwrap();
    let mut process = Process::start(&dir, proxy.url(), pipeline_config());
    rival(&chain, &contract, &Execute::SetWeight { records: 40 }).await;
    let work = execute(&address(1), &contract, &Execute::Work {}, &[]).unwrap();
    process.enqueue(&[("work", work.clone())]);
    process.until("work", is_signed).await;
    let state = produce_until_final(&chain, &process, "work").await;
    assert!(matches!(state, ItemState::Done { .. }), "{state:?}");
    assert_eq!(proxy.count(&work), 2);
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
    let config = |gas| PipelineConfig { gas, ..pipeline_config() };
    let mut process = Process::start(&dir, &chain.rpc_url(), config(low));
    process.enqueue(&[("pay", pay(1))]);
    let mut status = process.handle.status();
    let told = status.wait_for(|s| s.trouble.as_deref().is_some_and(|t| t.contains("maximum")));
    tokio::time::timeout(DEADLINE, told).await.unwrap().unwrap();
    let state = process.handle.outcome("pay").await.unwrap().unwrap().state;
    assert!(!state.is_final());
    // With a higher bound it goes on from where it is.
    process.stop().await;
    let process = Process::start(&dir, &chain.rpc_url(), config(gas()));
    process.done("pay").await;
    assert_eq!(paid(&chain.rpc_url()).await, 1);
}

/// Another process with key 1 sends `amount`, and a block with it is made.
async fn elsewhere(chain_url: String, amount: u128) {
    signer(&chain_url, 1).send_and_confirm(vec![pay(amount)]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sequence_that_moved_on_is_noticed_at_simulation_and_at_broadcast() {
    for on in [On("abci_query", "Simulate"), On("broadcast_tx_sync", "")] {
        let chain = running_chain().await;
        let proxy = Proxy::before(&chain.rpc_url()).await;
        let dir = tempfile::tempdir().unwrap();
        let url = chain.rpc_url();
        proxy.once(on, Effect::Before(Box::new(move || Box::pin(elsewhere(url, 100)))));
        let mut process = Process::start(&dir, proxy.url(), pipeline_config());
        process.enqueue(&[("pay", pay(1))]);
        process.done("pay").await;
        assert_eq!(paid(proxy.url()).await, 101);
        process.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_lost_by_the_mempool_is_broadcast_again_with_the_same_bytes() {
    let chain = manual_chain().await;
    let proxy = Proxy::before(&chain.rpc_url()).await;
    let dir = tempfile::tempdir().unwrap();
    let mut process = Process::start(&dir, proxy.url(), pipeline_config());
    process.enqueue(&[("pay", pay(1))]);
    eventually("broadcast", || async { proxy.broadcasts() == 1 }).await;
    eventually("mempool dropped", || async { chain.drop_mempool().await.unwrap() == 1 }).await;
    let state = produce_until_final(&chain, &process, "pay").await;
    assert!(matches!(state, ItemState::Done { .. }), "{state:?}");
    assert!(proxy.broadcasts() >= 2);
    assert_eq!(proxy.transactions().len(), 1);
    assert_eq!(paid(proxy.url()).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_no_block_took_is_signed_anew_only_past_its_timeout() {
    let chain = manual_chain().await;
    let proxy = Proxy::before(&chain.rpc_url()).await;
    let dir = tempfile::tempdir().unwrap();
    let config = PipelineConfig { timeout_blocks: 5, ..pipeline_config() };
    let mut process = Process::start(&dir, proxy.url(), config);
    chain.swallow_transactions(true).await.unwrap();
    process.enqueue(&[("pay", pay(1))]);
    let first = process.until("pay", is_signed).await;
    eventually("broadcast", || async { proxy.broadcasts() >= 1 }).await;
    chain.produce_blocks(4).await.unwrap();
    eventually("broadcast again", || async { proxy.broadcasts() >= 2 }).await;
    assert_eq!(process.until("pay", is_signed).await, first);
    assert_eq!(proxy.transactions().len(), 1);
    chain.swallow_transactions(false).await.unwrap();
    let state = produce_until_final(&chain, &process, "pay").await;
    assert!(matches!(state, ItemState::Done { .. }), "{state:?}");
    assert!(proxy.transactions().len() >= 2);
    assert_eq!(paid(proxy.url()).await, 1);
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
async fn when_nobody_can_tell_the_item_is_failed_as_unknown_and_not_sent_again() {
    let chain = manual_chain().await;
    let proxy = Proxy::before(&chain.rpc_url()).await;
    let dir = tempfile::tempdir().unwrap();
    let mut process = Process::start(&dir, proxy.url(), pipeline_config());
    process.enqueue(&[("pay", pay(1))]);
    eventually("broadcast", || async { proxy.broadcasts() == 1 }).await;
    process.stop().await;
    // While nobody looks it is included, and the block with it is pruned.
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
async fn an_endpoint_that_hangs_or_fails_only_delays() {
    let mut chain = running_chain().await;
    let second = chain.another_endpoint().await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    let config = souk_chain::ClientConfig {
        request_timeout: Duration::from_millis(800),
        ..client_config(&[chain.rpc_url(), second.url()])
    };
    let client = souk_chain::Client::new(config).unwrap();
    let db = dir.path().join("agent.db");
    let mut process = Process::with_client(db, client, pipeline_config());
    let first = chain.endpoint().faults().clone();
    use souk_devchain::Manner;
    let manners = [Manner::Hang, Manner::Refuse, Manner::Serve, Manner::Hang];
    for (n, manner) in (1u32..).zip(manners) {
        first.set_manner(manner);
        let key = format!("pay/{n}");
        process.enqueue(&[(key.as_str(), pay(1 << n))]);
        process.done(&key).await;
    }
    assert_eq!(paid(&second.url()).await, 2 + 4 + 8 + 16);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_followed_block_tells_of_the_inclusion() {
    let chain = manual_chain().await;
    let proxy = Proxy::before(&chain.rpc_url()).await;
    let dir = tempfile::tempdir().unwrap();
    let config = PipelineConfig {
        // Without followed blocks it would not look again for an hour.
        poll: Duration::from_secs(3_600),
        ..pipeline_config()
    };
    let mut process = Process::start(&dir, proxy.url(), config);
    process.enqueue(&[("pay", pay(1))]);
    eventually("broadcast", || async { proxy.broadcasts() == 1 }).await;
    let cursor = chain.height().await.unwrap();
    chain.produce_block().await.unwrap();
    let client = client(&chain.rpc_url());
    let mut follower = souk_chain::Follower::new(client, cursor, Default::default());
    let block = follower.next().await.unwrap();
    process.handle.saw_block(&block);
    assert_eq!(process.done("pay").await, block.height);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outbox_is_not_used_by_another_key_or_for_another_chain() {
    let chain = running_chain().await;
    let dir = tempfile::tempdir().unwrap();
    let process = Process::start(&dir, &chain.rpc_url(), pipeline_config());
    let db = process.db.clone();
    process.stop().await;
    let client = client(&chain.rpc_url());
    let other_key = Pipeline::open(pipeline_config(), client, key(2), &db);
    assert!(matches!(other_key.map(|_| ()), Err(PipelineError::OtherIdentity { .. })));
    let config = souk_chain::ClientConfig::new("other-1", [chain.rpc_url()]);
    let client = souk_chain::Client::new(config).unwrap();
    let other_chain = Pipeline::open(pipeline_config(), client, key(1), &db);
    assert!(matches!(other_chain.map(|_| ()), Err(PipelineError::OtherIdentity { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_caller_rolls_back_is_not_sent() {
    let chain = running_chain().await;
    let proxy = Proxy::before(&chain.rpc_url()).await;
    let dir = tempfile::tempdir().unwrap();
    let mut process = Process::start(&dir, proxy.url(), pipeline_config());
    {
        let tx = process.connection.transaction().unwrap();
        let item = souk_chain::pipeline::OutboxItem {
            dedup_key: "pay/1".into(),
            msgs: vec![pay(1)],
            meta: String::new(),
        };
        souk_chain::Outbox::enqueue(&tx, &item).unwrap();
        tx.rollback().unwrap();
    }
    process.enqueue(&[("pay/2", pay(2))]);
    process.done("pay/2").await;
    assert_eq!(proxy.count(&pay(1)), 0);
    assert_eq!(process.handle.outcome("pay/1").await.unwrap(), None);
}
