//! Endpoints that cannot be trusted: half-open, at an old height, of another chain.

use souk_devchain::{Devchain, EndpointMode, proxy::Proxy};
use souk_tests::wait::until;

use crate::{chain, fixture::Fixture};

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_accepts_and_never_answers_costs_no_bid_and_no_second_one() {
    let Some(chain) = chain::shared().await else { return };
    let mut fixture = Fixture::start(chain, 2).await;
    let lease = fixture.lease("lease").await;

    // In the middle of everything, with its connections open.
    fixture.proxies[0].faults().set_mode(EndpointMode::Hang);
    let during = fixture.order("during").await;
    fixture.wait_for_bid("a bid by the other endpoint", during).await;

    // And from the agent's very start.
    fixture.stop_agent().await;
    let meanwhile = fixture.order("meanwhile").await;
    fixture.start_agent().await;
    fixture.wait_for_bid("a bid by an agent that starts so", meanwhile).await;

    // The endpoint that answered hangs, the other has come back.
    fixture.proxies[0].faults().set_mode(EndpointMode::Serve);
    fixture.proxies[1].faults().set_mode(EndpointMode::Hang);
    let swapped = fixture.order("swapped").await;
    fixture.wait_for_bid("a bid by the endpoint that came back", swapped).await;
    let bids = [(lease, 1), (during, 1), (meanwhile, 1), (swapped, 1)];
    fixture.nothing_was_lost(&bids, &[lease]).await;
    fixture.proxies[1].faults().set_mode(EndpointMode::Serve);
    fixture.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn endpoints_at_an_old_height_and_of_another_chain_are_not_believed() {
    let Some(chain) = chain::shared().await else { return };
    let other = Devchain::builder().chain_id("souk-other").prefix("wasm").start().await.unwrap();
    let wrong = Proxy::before(&other.rpc_url()).await;
    let url = wrong.url().to_owned();
    let mut fixture = Fixture::start_with(chain, 2, |network| network.rpc.insert(0, url)).await;
    let lease = fixture.lease("lease").await;

    // It shows this height from now on, and takes transactions that nobody ever sees.
    let height = fixture.market.now().await.unwrap().0;
    fixture.proxies[0].faults().set_stale_at(Some(height));
    fixture.blocks(25).await;
    let later = fixture.order("later").await;
    fixture.wait_for_bid("a bid on an order that the old height has not", later).await;

    // An agent that starts when the first endpoint that is on its chain is far behind.
    fixture.stop_agent().await;
    let meanwhile = fixture.order("meanwhile").await;
    fixture.start_agent().await;
    fixture.wait_for_bid("a bid by an agent that starts so", meanwhile).await;

    // The good one changes its chain, the old one is up to date again.
    fixture.proxies[0].faults().set_stale_at(None);
    fixture.proxies[1].faults().set_chain_id(Some("souk-elsewhere".into()));
    let swapped = fixture.order("swapped").await;
    fixture.wait_for_bid("a bid by the endpoint that caught up", swapped).await;
    until("the agent at the head", async || {
        let cursor = fixture.store().cursor().await.ok()??;
        (cursor.height > height + 25).then_some(())
    })
    .await;
    let bids = [(lease, 1), (later, 1), (meanwhile, 1), (swapped, 1)];
    fixture.nothing_was_lost(&bids, &[lease]).await;
    assert_eq!(wrong.broadcasts().len(), 0, "nothing was sent to another chain");
    fixture.stop().await;
    other.stop().await;
}
