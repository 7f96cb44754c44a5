//! Endpoints that cannot be trusted: half-open, at an old height, of another chain.

use souk_devchain::{Devchain, EndpointMode, proxy::Proxy};
use souk_tests::wait::until;

use crate::{ground, stage::Stage};

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_accepts_and_never_answers_costs_no_bid_and_no_second_one() {
    let Some(ground) = ground::shared().await else { return };
    let mut stage = Stage::set(ground, 2).await;
    let lease = stage.lease("lease").await;

    // In the middle of everything, with its connections open.
    stage.doors[0].faults().set_mode(EndpointMode::Hang);
    let during = stage.order("during").await;
    stage.bid_comes("a bid by the other endpoint", during).await;

    // And from the agent's very start.
    stage.stop_agent().await;
    let meanwhile = stage.order("meanwhile").await;
    stage.start_agent().await;
    stage.bid_comes("a bid by an agent that starts so", meanwhile).await;

    // The endpoint that answered hangs, the other has come back.
    stage.doors[0].faults().set_mode(EndpointMode::Serve);
    stage.doors[1].faults().set_mode(EndpointMode::Hang);
    let swapped = stage.order("swapped").await;
    stage.bid_comes("a bid by the endpoint that came back", swapped).await;
    let bids = [(lease, 1), (during, 1), (meanwhile, 1), (swapped, 1)];
    stage.nothing_was_lost(&bids, &[lease]).await;
    stage.doors[1].faults().set_mode(EndpointMode::Serve);
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn endpoints_at_an_old_height_and_of_another_chain_are_not_believed() {
    let Some(ground) = ground::shared().await else { return };
    let other = Devchain::builder().chain_id("souk-other").prefix("wasm").start().await.unwrap();
    let wrong = Proxy::before(&other.rpc_url()).await;
    let url = wrong.url().to_owned();
    let mut stage = Stage::set_with(ground, 2, |network| network.rpc.insert(0, url)).await;
    let lease = stage.lease("lease").await;

    // It shows this height from now on, and takes transactions that nobody ever sees.
    let height = stage.market.now().await.unwrap().0;
    stage.doors[0].faults().set_stale_at(Some(height));
    stage.blocks(25).await;
    let later = stage.order("later").await;
    stage.bid_comes("a bid on an order that the old height has not", later).await;

    // An agent that starts when the first endpoint that is on its chain is far behind.
    stage.stop_agent().await;
    let meanwhile = stage.order("meanwhile").await;
    stage.start_agent().await;
    stage.bid_comes("a bid by an agent that starts so", meanwhile).await;

    // The good one changes its chain, the old one is up to date again.
    stage.doors[0].faults().set_stale_at(None);
    stage.doors[1].faults().set_chain_id(Some("souk-elsewhere".into()));
    let swapped = stage.order("swapped").await;
    stage.bid_comes("a bid by the endpoint that caught up", swapped).await;
    until("the agent at the head", async || {
        let cursor = stage.store().cursor().await.ok()??;
        (cursor.height > height + 25).then_some(())
    })
    .await;
    let bids = [(lease, 1), (later, 1), (meanwhile, 1), (swapped, 1)];
    stage.nothing_was_lost(&bids, &[lease]).await;
    assert_eq!(wrong.broadcasts().len(), 0, "nothing was sent to another chain");
    stage.strike().await;
    other.stop().await;
}
