//! The node itself: killed and started again, its mempool lost, its past pruned.

use std::{sync::Arc, time::Duration};

use souk_chain::rpc::TxLookup;
use souk_devchain::proxy::{Effect, hook};
use souk_tests::wait::until;
use tokio::sync::oneshot;

use crate::{
    chain::{Chain, options},
    fixture::{BROADCAST_BID, Fixture, client},
};

/// A node of this test's own, to be killed.
async fn own(options: souk_tests::wasmd::Options) -> Option<Arc<Chain>> {
    Some(Arc::new(Chain::new(options).await?))
}

/// The node, which nobody but the fixture has.
fn node(fixture: &mut Fixture) -> &mut souk_tests::wasmd::Wasmd {
    &mut Arc::get_mut(&mut fixture.chain).expect("the fixture alone has the chain").node
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_killed_in_the_middle_and_comes_back_loses_nothing() {
    let Some(chain) = own(options()).await else { return };
    let mut fixture = Fixture::start(chain, 1).await;
    let lease = fixture.lease("lease").await;
    let mut bids = vec![(lease, 1)];
    // While the bid is on its way to the node, and after the node has answered.
    for after in [false, true] {
        let (notify, reached) = oneshot::channel();
        let (release, held) = oneshot::channel::<()>();
        let pause = hook(async move {
            let _ = notify.send(());
            let _ = held.await;
        });
        let effect = if after { Effect::After(pause) } else { Effect::Before(pause) };
        fixture.proxies[0].once(BROADCAST_BID, effect);
        let order = fixture.order("app").await;
        reached.await.expect("the agent's bid");
        node(&mut fixture).kill().await.unwrap();
        release.send(()).unwrap();
        // The agent meets a dead node for a while.
        tokio::time::sleep(Duration::from_secs(2)).await;
        node(&mut fixture).restart().await.unwrap();
        fixture.wait_for_bid("a bid by the node that came back", order).await;
        bids.push((order, 1));
    }
    let later = fixture.order("later").await;
    fixture.wait_for_bid("a bid on a later order", later).await;
    bids.push((later, 1));
    fixture.nothing_was_lost(&bids, &[lease]).await;
    fixture.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bid_that_was_accepted_and_never_included_is_sent_again_and_counts_once() {
    let Some(chain) = own(options()).await else { return };
    let mut fixture = Fixture::start(chain, 1).await;
    let lease = fixture.lease("lease").await;
    let order = fixture.order("app").await;
    fixture.wait_for_bid("a first bid", order).await;

    // Blocks are far apart now, so that what is accepted is in none for a while.
    node(&mut fixture).stop().await;
    node(&mut fixture).set_comet("consensus.timeout_commit", "10s").unwrap();
    node(&mut fixture).restart().await.unwrap();
    // Before its first block a node that was started again runs no contract.
    fixture.blocks(1).await;
    let (notify, reached) = oneshot::channel();
    let (release, held) = oneshot::channel::<()>();
    fixture.proxies[0].once(
        BROADCAST_BID,
        Effect::After(hook(async move {
            let _ = notify.send(());
            let _ = held.await;
        })),
    );
    let lost = fixture.order("lost").await;
    reached.await.expect("the agent's bid");
    // The node has taken it; it dies with its mempool.
    node(&mut fixture).kill().await.unwrap();
    // Slow enough that the transaction's timeout height is out of the agent's longest pause.
    node(&mut fixture).set_comet("consensus.timeout_commit", "3s").unwrap();
    // The agent hears that it was accepted, and is cut off until it is certain that it is gone.
    fixture.proxies[0].set_target("http://127.0.0.1:1");
    release.send(()).unwrap();
    node(&mut fixture).restart().await.unwrap();
    fixture.blocks(2).await;
    let (hash, _) = fixture.proxies[0].transactions().pop().unwrap();
    let hash = hex::encode_upper(hash).parse().unwrap();
    let looked_up = client(&fixture.chain.node.rpc_url()).tx(&hash).await.unwrap();
    assert_eq!(looked_up, TxLookup::Absent, "accepted, and in no block");
    assert!(fixture.bid(lost).await.is_none());

    assert_eq!(fixture.proxies[0].broadcasts().last().unwrap().code, Some(0));
    fixture.proxies[0].set_target(&fixture.chain.node.rpc_url());
    fixture.wait_for_bid("the same bid again", lost).await;
    until("the very same transaction in a block", async || {
        let found = client(&fixture.chain.node.rpc_url()).tx(&hash).await.ok()?;
        matches!(found, TxLookup::Found(tx) if tx.result.code == 0).then_some(())
    })
    .await;
    fixture.nothing_was_lost(&[(lease, 1), (order, 1), (lost, 1)], &[lease]).await;
    fixture.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_pruned_node_no_longer_has_is_rebuilt_from_queries() {
    let Some(chain) = own(options().block_time(Duration::from_millis(100)).keep_blocks(50)).await
    else {
        return;
    };
    let mut fixture = Fixture::start(chain, 1).await;
    let lease = fixture.lease("lease").await;
    let won = fixture.order("won").await;
    fixture.wait_for_bid("a bid", won).await;
    let open = fixture.order("open").await;
    fixture.wait_for_bid("a bid that stays open", open).await;
    fixture.stop_agent().await;
    let cursor = fixture.store().cursor().await.unwrap().unwrap();

    // A bid is accepted and an order opened in blocks that the agent will never see.
    fixture.accept(won).await;
    let missed = fixture.order("missed").await;
    let node = client(&fixture.chain.node.rpc_url());
    until("blocks pruned past the cursor", async || {
        let status = node.status().await.ok()?;
        (status.earliest_height > cursor.height + 20).then_some(())
    })
    .await;
    fixture.start_agent().await;
    fixture.wait_for_bid("a bid on the order of a pruned block", missed).await;
    let bids = [(lease, 1), (won, 1), (open, 1), (missed, 1)];
    fixture.nothing_was_lost(&bids, &[lease, won]).await;
    let log = std::fs::read_to_string(fixture.provider.folder.join("agent.log")).unwrap();
    assert!(log.contains("rebuilding from queries"), "{log}");
    fixture.stop().await;
}
