//! The pipeline against a chain: what it promises when all is well and when the chain is not.

#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use serde_json::json;
use souk_chain::pipeline::{
    Enqueued, FailureKind, ItemState, OutboxItem, PipelineConfig, PipelineError,
};
use souk_chain::rpc::EndpointHealth;
use souk_chain::tx::{Instantiate, execute, instantiate};
use souk_chain::{Any, Client, Coin, Outbox, Pipeline};
use souk_devchain::Handle;
use support::contract::Execute;
use support::proxy::{Effect, On};
use support::*;

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
async fn what_is_urgent_goes_before_all_that_waits_alone_and_to_every_endpoint_at_once() {
    let mut chain = manual_chain().await;
    let second = chain.another_endpoint().await.unwrap();
    let proxies = [Proxy::before(&chain.rpc_url()).await, Proxy::before(&second.url()).await];
    let urls: Vec<String> = proxies.iter().map(|proxy| proxy.url().to_owned()).collect();
    let client = Client::new(client_config(&urls)).unwrap();
    eventually("both endpoints are in use", || async {
        client.status().await.unwrap();
        client.endpoints().iter().all(|one| one.health == EndpointHealth::Good)
    })
    .await;
    let dir = tempfile::tempdir().unwrap();
    let config = PipelineConfig { rebroadcast_blocks: 1_000, ..pipeline_config() };
    let mut process = Process::with_client(dir.path().join("agent.db"), client, config);
    process.enqueue(&[("first", pay(1))]);
    in_mempool(&chain).await;
    process.enqueue(&[("second", pay(2)), ("third", pay(4))]);
    // The endpoint that is asked first drops what it takes.
    let dropped = json!({"code": 0, "data": "", "log": "", "codespace": "", "hash": ""});
    proxies[0].always(On("broadcast_tx_sync", ""), Effect::Result(dropped));
    let tx = process.connection.transaction().unwrap();
    let urgent = OutboxItem::new("urgent", vec![pay(8)]).urgent();
    Outbox::enqueue(&tx, &urgent).unwrap();
    tx.commit().unwrap();
    process.handle.wake();
    produce_until_final(&chain, &process, "urgent").await;
    let sent: Vec<Vec<Any>> = proxies[1].transactions().into_iter().map(|(_, m)| m).collect();
    assert_eq!(sent, [vec![pay(8)]], "the others go to one endpoint, as long as it takes them");
    assert_eq!(paid(&second.url()).await, 9);
    assert!(Outbox::gas_limit(&process.connection, "urgent").unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn while_all_else_is_held_what_is_urgent_is_sent_behind_what_was_sent_before() {
    let chain = manual_chain().await;
    let proxy = Proxy::before(&chain.rpc_url()).await;
    let dir = tempfile::tempdir().unwrap();
    let config = PipelineConfig { timeout_blocks: 4, rebroadcast_blocks: 1, ..pipeline_config() };
    let mut process = Process::start(&dir, proxy.url(), config);
    // A transaction that no node has any more.
    let dropped = json!({"code": 0, "data": "", "log": "", "codespace": "", "hash": ""});
    proxy.always(On("broadcast_tx_sync", ""), Effect::Result(dropped));
    process.enqueue(&[("first", pay(1))]);
    eventually("it was sent", || async { !proxy.broadcasts().is_empty() }).await;
    process.handle.hold_but_urgent("the lock is in doubt".to_owned());
    proxy.clear();
    let before = proxy.broadcasts().len();
    let enqueue = |process: &mut Process, item: OutboxItem| {
        let tx = process.connection.transaction().unwrap();
        Outbox::enqueue(&tx, &item).unwrap();
        tx.commit().unwrap();
        process.handle.wake();
    };
    enqueue(&mut process, OutboxItem::new("second", vec![pay(2)]));
    for _ in 0..3 {
        chain.produce_block().await.unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(proxy.broadcasts().len(), before, "all is held");
    enqueue(&mut process, OutboxItem::new("urgent", vec![pay(8)]).urgent());
    produce_until_final(&chain, &process, "urgent").await;
    assert_eq!(paid(proxy.url()).await, 8);

    process.handle.hold(None);
    produce_until_final(&chain, &process, "second").await;
    assert_eq!(paid(proxy.url()).await, 11);
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
    use souk_devchain::EndpointMode;
    let modes = [EndpointMode::Hang, EndpointMode::Refuse, EndpointMode::Serve, EndpointMode::Hang];
    for (n, mode) in (1u32..).zip(modes) {
        first.set_mode(mode);
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
    in_mempool(&chain).await;
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
        let item = OutboxItem::new("pay/1", vec![pay(1)]);
        souk_chain::Outbox::enqueue(&tx, &item).unwrap();
        tx.rollback().unwrap();
    }
    process.enqueue(&[("pay/2", pay(2))]);
    process.done("pay/2").await;
    assert_eq!(proxy.count(&pay(1)), 0);
    assert_eq!(process.handle.outcome("pay/1").await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_database_has_one_pipeline() {
    let chain = running_chain().await;
    let dir = tempfile::tempdir().unwrap();
    let process = Process::start(&dir, &chain.rpc_url(), pipeline_config());
    let open = || Pipeline::open(pipeline_config(), client(&chain.rpc_url()), key(1), &process.db);
    assert!(matches!(open().map(|_| ()), Err(PipelineError::AlreadyRunning { .. })));
    let db = process.db.clone();
    process.stop().await;
    Pipeline::open(pipeline_config(), client(&chain.rpc_url()), key(1), &db).unwrap();
}

/// Slot 5 is taken in the first of these blocks and free again from the second on.
async fn taken_and_released(chain: &Handle, contract: &str) -> (u64, u64) {
    rival(chain, contract, &Execute::Take { slot: 5 }).await;
    let taken = chain.produce_block().await.unwrap().height();
    rival(chain, contract, &Execute::Release { slot: 5 }).await;
    (taken, chain.produce_block().await.unwrap().height())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_lags_behind_an_items_reason_does_not_judge_it() {
    let mut chain = manual_chain().await;
    let contract = slots(&chain).await;
    let second = chain.another_endpoint().await.unwrap();
    // The item answers an event that the lagging node has not seen: there it would fail.
    let (taken, released) = taken_and_released(&chain, &contract).await;
    second.faults().set_stale_at(Some(taken));
    let proxy = Proxy::before(&second.url()).await;
    let dir = tempfile::tempdir().unwrap();
    let mut process = Process::start(&dir, proxy.url(), pipeline_config());
    let item = OutboxItem::new("take", vec![take(&contract, 5)]).presumes_height(released);
    let tx = process.connection.transaction().unwrap();
    souk_chain::Outbox::enqueue(&tx, &item).unwrap();
    tx.commit().unwrap();
    process.handle.wake();
    eventually("several looks at the old state", || async {
        let queued = process.handle.outcome("take").await.unwrap().unwrap();
        assert_eq!(queued.state, ItemState::Queued);
        proxy.requests(On("abci_query", "auth")) > 20
    })
    .await;
    second.faults().set_stale_at(None);
    let state = produce_until_final(&chain, &process, "take").await;
    assert!(matches!(state, ItemState::Done { .. }), "{state:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_falls_behind_between_two_questions_does_not_judge_an_item() {
    let mut chain = manual_chain().await;
    let contract = slots(&chain).await;
    let second = chain.another_endpoint().await.unwrap();
    let (taken, _) = taken_and_released(&chain, &contract).await;
    let proxy = Proxy::before(&second.url()).await;
    let faults = second.faults().clone();
    let fall_behind = move || -> futures::future::BoxFuture<'static, ()> {
        faults.set_stale_at(Some(taken));
        Box::pin(std::future::ready(()))
    };
    proxy.once(On("abci_query", "Simulate"), Effect::Before(Box::new(fall_behind)));
    let client = Client::new(client_config(&[proxy.url().into(), chain.rpc_url()])).unwrap();
    eventually("both endpoints known", || async {
        client.status().await.unwrap();
        client.endpoints().iter().all(|e| e.height > 0)
    })
    .await;
    let dir = tempfile::tempdir().unwrap();
    let db = dir.path().join("agent.db");
    let mut process = Process::with_client(db, client, pipeline_config());
    process.enqueue(&[("take", take(&contract, 5))]);
    let state = produce_until_final(&chain, &process, "take").await;
    assert!(matches!(state, ItemState::Done { .. }), "{state:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queued_item_can_be_taken_back_and_its_key_stays_used() {
    let chain = manual_chain().await;
    let proxy = Proxy::before(&chain.rpc_url()).await;
    let dir = tempfile::tempdir().unwrap();
    let mut process = Process::start(&dir, proxy.url(), pipeline_config());
    process.enqueue(&[("first", pay(1))]);
    process.until("first", is_signed).await;
    // Behind a transaction that is under way, so it stays queued.
    process.enqueue(&[("second", pay(2)), ("third", pay(4))]);
    let cancel = |process: &mut Process, key: &str| {
        let tx = process.connection.transaction().unwrap();
        let cancelled = souk_chain::Outbox::cancel(&tx, key, "no longer wanted").unwrap();
        tx.commit().unwrap();
        cancelled
    };
    assert!(cancel(&mut process, "second"));
    assert!(!cancel(&mut process, "first"), "it may be on its way");
    produce_until_final(&chain, &process, "third").await;
    process.done("first").await;
    process.enqueue(&[("second", pay(2))]);
    let state = process.outcome("second").await.state;
    assert!(matches!(state, ItemState::Failed(f) if f.reason == "no longer wanted"));
    assert_eq!(paid(proxy.url()).await, 5);
}
