//! The node itself: killed and started again, its mempool lost, its past pruned.

use std::{sync::Arc, time::Duration};

use souk_chain::rpc::TxLookup;
use souk_devchain::proxy::{Effect, hook};
use souk_tests::wait::until;
use tokio::sync::oneshot;

use crate::{
    ground::{Ground, options},
    stage::{BROADCAST_BID, Stage, client},
};

/// A node of this test's own, to be killed.
async fn own(options: souk_tests::wasmd::Options) -> Option<Arc<Ground>> {
    Some(Arc::new(Ground::new(options).await?))
}

/// The node, which nobody but the stage has.
fn node(stage: &mut Stage) -> &mut souk_tests::wasmd::Wasmd {
    &mut Arc::get_mut(&mut stage.ground).expect("the stage alone has the ground").node
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_killed_in_the_middle_and_comes_back_loses_nothing() {
    let Some(ground) = own(options()).await else { return };
    let mut stage = Stage::set(ground, 1).await;
    let lease = stage.lease("lease").await;
    let mut bids = vec![(lease, 1)];
    // While the bid is on its way to the node, and after the node has answered.
    for after in [false, true] {
        let (told, killed) = (oneshot::channel(), oneshot::channel());
        let (tell, hear) = told;
        let (release, held) = killed;
        let pause = hook(async move {
            let _ = tell.send(());
            let _ = held.await;
        });
        let effect = if after { Effect::After(pause) } else { Effect::Before(pause) };
        stage.doors[0].once(BROADCAST_BID, effect);
        let order = stage.order("app").await;
        hear.await.expect("the agent's bid");
        node(&mut stage).kill().await.unwrap();
        release.send(()).unwrap();
        // The agent meets a dead node for a while.
        tokio::time::sleep(Duration::from_secs(2)).await;
        node(&mut stage).restart().await.unwrap();
        stage.bid_comes("a bid by the node that came back", order).await;
        bids.push((order, 1));
    }
    let later = stage.order("later").await;
    stage.bid_comes("a bid on a later order", later).await;
    bids.push((later, 1));
    stage.nothing_was_lost(&bids, &[lease]).await;
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bid_that_was_accepted_and_never_included_is_sent_again_and_counts_once() {
    let Some(ground) = own(options()).await else { return };
    let mut stage = Stage::set(ground, 1).await;
    let lease = stage.lease("lease").await;
    let order = stage.order("app").await;
    stage.bid_comes("a first bid", order).await;

    // Blocks are far apart now, so that what is accepted is in none for a while.
    node(&mut stage).stop().await;
    node(&mut stage).set_comet("consensus.timeout_commit", "10s").unwrap();
    node(&mut stage).restart().await.unwrap();
    // Before its first block a node that was started again runs no contract.
    stage.blocks(1).await;
    let (tell, hear) = oneshot::channel();
    let (release, held) = oneshot::channel::<()>();
    stage.doors[0].once(
        BROADCAST_BID,
        Effect::After(hook(async move {
            let _ = tell.send(());
            let _ = held.await;
        })),
    );
    let lost = stage.order("lost").await;
    hear.await.expect("the agent's bid");
    // The node has taken it; it dies with its mempool.
    node(&mut stage).kill().await.unwrap();
    // Slow enough that the transaction's timeout height is out of the agent's longest pause.
    node(&mut stage).set_comet("consensus.timeout_commit", "3s").unwrap();
    // The agent hears that it was accepted, and is cut off until it is certain that it is gone.
    stage.doors[0].set_target("http://127.0.0.1:1");
    release.send(()).unwrap();
    node(&mut stage).restart().await.unwrap();
    stage.blocks(2).await;
    let (hash, _) = stage.doors[0].transactions().pop().unwrap();
    let hash = hex::encode_upper(hash).parse().unwrap();
    let looked_up = client(&stage.ground.node.rpc_url()).tx(&hash).await.unwrap();
    assert_eq!(looked_up, TxLookup::Absent, "accepted, and in no block");
    assert!(stage.bid(lost).await.is_none());

    assert_eq!(stage.doors[0].broadcasts().last().unwrap().code, Some(0));
    stage.doors[0].set_target(&stage.ground.node.rpc_url());
    stage.bid_comes("the same bid again", lost).await;
    until("the very same transaction in a block", async || {
        let found = client(&stage.ground.node.rpc_url()).tx(&hash).await.ok()?;
        matches!(found, TxLookup::Found(tx) if tx.result.code == 0).then_some(())
    })
    .await;
    stage.nothing_was_lost(&[(lease, 1), (order, 1), (lost, 1)], &[lease]).await;
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_pruned_node_no_longer_has_is_rebuilt_from_queries() {
    let Some(ground) = own(options().block_time(Duration::from_millis(100)).keep_blocks(50)).await
    else {
        return;
    };
    let mut stage = Stage::set(ground, 1).await;
    let lease = stage.lease("lease").await;
    let won = stage.order("won").await;
    stage.bid_comes("a bid", won).await;
    let open = stage.order("open").await;
    stage.bid_comes("a bid that stays open", open).await;
    stage.stop_agent().await;
    let cursor = stage.store().cursor().await.unwrap().unwrap();

    // A bid is accepted and an order opened in blocks that the agent will never see.
    stage.accept(won).await;
    let missed = stage.order("missed").await;
    let node = client(&stage.ground.node.rpc_url());
    until("blocks pruned past the cursor", async || {
        let status = node.status().await.ok()?;
        (status.earliest_height > cursor.height + 20).then_some(())
    })
    .await;
    stage.start_agent().await;
    stage.bid_comes("a bid on the order of a pruned block", missed).await;
    let bids = [(lease, 1), (won, 1), (open, 1), (missed, 1)];
    stage.nothing_was_lost(&bids, &[lease, won]).await;
    let log = std::fs::read_to_string(stage.provider.folder.join("agent.log")).unwrap();
    assert!(log.contains("rebuilding from queries"), "{log}");
    stage.strike().await;
}
