//! The slots of lost bids: who gets them, and when.

use souk_api::orderbook;
use souk_core::AuctionPolicy;

use crate::support::{Fixture, InProcess, Options, agent::configure, app, until};

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_that_deploys_again_after_a_close_gets_bids_at_once() {
    let fixture = Fixture::with(Options { slots: 10, ..Options::default() }).await;
    let config = configure(&fixture, "agent", "max_slots_percent_per_tenant = 20");
    let agent = InProcess::start(&config).await;
    let groups = || vec![app("first"), app("second")];
    let auction = AuctionPolicy::TenantChoice {};
    let (deployment, orders) = fixture.deploy("ann", groups(), auction).await;
    for order in orders {
        until("a bid", || fixture.own_bid(order)).await;
    }
    let close = orderbook::ExecuteMsg::CloseDeployment { deployment };
    fixture.orderbook("ann", &close).await;
    // The lost bids use up the tenant's share of the slots until they are released.
    let (_, orders) = fixture.deploy("ann", groups(), auction).await;
    for order in orders {
        until("a bid", || fixture.own_bid(order)).await;
    }
    agent.stop().await;
}
