//! The follower: every block, in order, once, whatever the endpoints do.

#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use souk_chain::follower::{FollowError, FollowerConfig};
use souk_chain::rpc::Event;
use souk_chain::{Block, Client, ClientConfig, Follower, TxHash};
use souk_devchain::{EndpointMode, Handle};
use support::proxy::{Effect, On};
use support::*;

fn config() -> FollowerConfig {
    FollowerConfig {
        poll: Duration::from_millis(20),
        first_backoff: Duration::from_millis(20),
        max_backoff: Duration::from_millis(200),
        websocket: false,
        ..FollowerConfig::default()
    }
}

fn impatient(urls: &[String]) -> Client {
    Client::new(ClientConfig {
        request_timeout: Duration::from_millis(800),
        max_lag: 3,
        ..client_config(urls)
    })
    .unwrap()
}

async fn next(follower: &mut Follower) -> Result<Block, FollowError> {
    let next = tokio::time::timeout(DEADLINE, follower.next()).await;
    next.expect("no block in time")
}

/// Sends `n` payments in blocks of their own and returns their hashes.
async fn payments(chain: &Handle, n: u128) -> Vec<TxHash> {
    let signer = signer(&chain.rpc_url(), 1);
    let mut hashes = Vec::new();
    for amount in 1..=n {
        let outcome = signer.send_and_confirm(vec![pay(amount)]).await.unwrap();
        hashes.push(outcome.hash);
    }
    hashes
}

#[tokio::test(flavor = "multi_thread")]
async fn no_block_is_missed_or_repeated_across_endpoint_failures_and_restarts() {
    let mut chain = chain().block_time(Duration::from_millis(30)).start().await.unwrap();
    let second = chain.another_endpoint().await.unwrap();
    let urls = [chain.rpc_url(), second.url()];
    let faults = [chain.endpoint().faults().clone(), second.faults().clone()];
    // Now one endpoint fails, now the other, now both.
    let faults_task = tokio::spawn(async move {
        let modes =
            [EndpointMode::Refuse, EndpointMode::Serve, EndpointMode::Hang, EndpointMode::Serve];
        for step in 0usize.. {
            faults[0].set_mode(modes[step % 4]);
            faults[1].set_mode(modes[(step / 2 + 1) % 4]);
            let height = (step % 7 == 3).then_some(5);
            faults[1].set_stale_at(height);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    });
    let mut heights = Vec::new();
    let mut cursor = 0;
    for _life in 0..5 {
        let mut follower = Follower::new(impatient(&urls), cursor, config());
        for _ in 0..25 {
            // A head that a stuck endpoint shows may be behind the cursor: asked again.
            if let Ok(block) = next(&mut follower).await {
                heights.push(block.height);
                cursor = follower.cursor();
            }
        }
    }
    faults_task.abort();
    let expected: Vec<u64> = (1..=heights.len() as u64).collect();
    assert_eq!(heights, expected);
    assert!(heights.len() > 60, "only {} blocks came", heights.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn catching_up_yields_all_transactions_in_order() {
    let chain = running_chain().await;
    let hashes = payments(&chain, 8).await;
    let head = chain.height().await.unwrap();
    let mut follower = Follower::new(client(&chain.rpc_url()), 0, config());
    let mut seen = Vec::new();
    let mut time = Default::default();
    while follower.cursor() < head {
        let block = next(&mut follower).await.unwrap();
        assert_eq!(block.height, follower.cursor());
        assert!(block.time > time);
        time = block.time;
        seen.extend(block.txs.into_iter().map(|tx| tx.hash));
    }
    assert_eq!(seen, hashes);
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_hold_every_block_in_order() {
    let chain = manual_chain().await;
    let head = chain.produce_blocks(50).await.unwrap();
    let proxy = Proxy::before(&chain.rpc_url()).await;
    proxy.once(On("block", ""), Effect::Unreachable);
    let mut follower = Follower::new(client(proxy.url()), 0, config());
    let mut heights = Vec::new();
    while follower.cursor() < head {
        let batch = tokio::time::timeout(DEADLINE, follower.next_batch(5)).await;
        let batch = batch.unwrap().unwrap();
        assert!((1..=5).contains(&batch.len()));
        heights.extend(batch.into_iter().map(|block| block.height));
    }
    assert_eq!(heights, (1..=head).collect::<Vec<u64>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_height_whose_results_fail_is_never_passed() {
    let chain = manual_chain().await;
    chain.produce_blocks(6).await.unwrap();
    let proxy = Proxy::before(&chain.rpc_url()).await;
    proxy.always(On("block_results", ""), Effect::Error("not now"));
    let mut follower = Follower::new(client(proxy.url()), 2, config());
    let mut status = follower.status();
    let following = tokio::spawn(async move {
        let mut heights = Vec::new();
        for _ in 0..4 {
            heights.push(next(&mut follower).await.unwrap().height);
        }
        heights
    });
    let seen = status.wait_for(|s| s.last_error.as_deref().is_some_and(|t| t.contains("not now")));
    let seen = tokio::time::timeout(DEADLINE, seen).await;
    assert_eq!(seen.unwrap().unwrap().cursor, 2);
    proxy.clear();
    assert_eq!(following.await.unwrap(), [3, 4, 5, 6]);
}

#[tokio::test(flavor = "multi_thread")]
async fn pruned_heights_are_reported_and_following_goes_on_from_another() {
    let chain = manual_chain().await;
    chain.produce_blocks(40).await.unwrap();
    chain.prune_below(30).await.unwrap();
    let mut follower = Follower::new(client(&chain.rpc_url()), 10, config());
    let pruned = FollowError::Pruned { wanted: 11, lowest: 30 };
    assert_eq!(next(&mut follower).await, Err(pruned.clone()));
    // Nothing was passed.
    assert_eq!(next(&mut follower).await, Err(pruned));
    assert_eq!(follower.cursor(), 10);
    follower.restart_from(35);
    assert_eq!(next(&mut follower).await.unwrap().height, 36);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_that_was_reset_below_the_cursor_is_reported() {
    let chain = manual_chain().await;
    let head = chain.height().await.unwrap();
    let mut follower = Follower::new(client(&chain.rpc_url()), 500, config());
    let behind = FollowError::HeadBehindCursor { head, cursor: 500 };
    assert_eq!(next(&mut follower).await, Err(behind));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_chain_is_reported_and_not_followed() {
    let chain = running_chain().await;
    let config_of_other = ClientConfig::new("souk-other-2", [chain.rpc_url()]);
    let client = Client::new(config_of_other).unwrap();
    let mut follower = Follower::new(client, 0, config());
    assert!(matches!(next(&mut follower).await, Err(FollowError::WrongChain(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_websocket_wakes_a_follower_that_hardly_polls() {
    let chain = manual_chain().await;
    let head = chain.height().await.unwrap();
    let hardly = FollowerConfig { poll: Duration::from_secs(3_600), websocket: true, ..config() };
    let mut follower = Follower::new(client(&chain.rpc_url()), head, hardly);
    // The first block may come before the subscription, so more are made until it hears one.
    let making = async {
        loop {
            chain.produce_block().await.unwrap();
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let block = tokio::select! {
        block = next(&mut follower) => block.unwrap(),
        () = making => unreachable!(),
    };
    assert_eq!(block.height, head + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_that_is_dropped_loses_no_block() {
    let chain = running_chain().await;
    let mut follower = Follower::new(client(&chain.rpc_url()), 0, config());
    let mut heights = Vec::new();
    while heights.len() < 20 {
        let hasty = tokio::time::timeout(Duration::from_millis(1), follower.next());
        if let Ok(block) = hasty.await {
            heights.push(block.unwrap().height);
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(heights, (1..=20).collect::<Vec<u64>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn events_of_a_transaction_come_with_its_hash_and_place() {
    let chain = running_chain().await;
    let outcome = signer(&chain.rpc_url(), 1).send_and_confirm(vec![pay(5)]).await.unwrap();
    let mut follower = Follower::new(client(&chain.rpc_url()), outcome.height - 1, config());
    let block = next(&mut follower).await.unwrap();
    let transfers: Vec<&Event> = block
        .events()
        .filter(|(source, event)| {
            let of_tx = souk_chain::follower::Source::Tx { hash: outcome.hash, index: 0 };
            *source == of_tx && event.ty == "transfer"
        })
        .map(|(_, event)| event)
        .collect();
    let paid = transfers.iter().find(|e| e.attribute("recipient") == Some(&address(3)));
    assert_eq!(paid.unwrap().attribute("amount"), Some("5usouk"));
    assert_eq!(paid.unwrap().attribute("msg_index"), Some("0"));
}
