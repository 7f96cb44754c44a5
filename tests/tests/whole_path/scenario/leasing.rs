//! How an order becomes a lease: the tenant's choice, and an auction that decides by itself.

use std::time::Duration;

use souk_api::orderbook::{ExecuteMsg as Orderbook, OrderState};
use souk_client::{
    deploy::{self, Bids, Offers, Plan},
    wallet::Wallet,
};
use souk_core::{AuctionPolicy, DeploymentId, OrderId};

use super::{Deployed, TIMEOUT, is_ready};
use crate::{fixture::Fixture, ledger::Ledger};

/// A service for audited providers in the south, and a job for anybody: two groups.
const ANNS: &str = include_str!("../ann.yaml");
/// One service for whoever is cheapest.
const BOBS: &str = include_str!("../bob.yaml");

/// Bids of exactly these providers.
async fn bids_of(fixture: &Fixture, order: OrderId, names: &[&str]) -> Offers {
    let enough = |table: &Offers, _: Duration| table.offers.len() >= names.len();
    let market = &fixture.market;
    let table = deploy::watch(&Bids(market), order, TIMEOUT, enough, |_| ()).await.unwrap();
    let mut bidders: Vec<&str> =
        table.offers.iter().map(|bid| fixture.name(&bid.provider)).collect();
    bidders.sort_unstable();
    assert_eq!(bidders, names, "bidders for order {order}");
    table
}

/// Two groups, whose bids the tenant chooses from.
pub(super) async fn tenants_choice(fixture: &Fixture) -> Deployed<'_> {
    let (market, ann) = (&fixture.market, &fixture.ann);
    let (created, plan) = fixture.deploy(ann, ANNS, AuctionPolicy::TenantChoice {}, 40).await;
    let mut orders = Vec::new();
    for order in &created.orders {
        let asked = market.orderbook.order(*order).await.unwrap();
        let (bidders, winner): (&[&str], _) = match asked.spec.name.as_str() {
            "south" => (&["baobab"], "baobab"),
            "anywhere" => (&["aurora", "baobab", "cedar"], "cedar"),
            other => panic!("a group {other}"),
        };
        let table = bids_of(fixture, *order, bidders).await;
        assert_eq!(fixture.name(&table.offers[0].provider), winner, "the lowest bid");
        orders.push((*order, table));
    }
    for (order, table) in &orders {
        deploy::accept(market, ann, *order, &table.offers[0]).await.unwrap();
    }
    deployed(fixture, ann, created.deployment, &created.orders, &plan).await
}

/// One group, whose lowest bid wins by itself.
pub(super) async fn auction(fixture: &Fixture) -> Deployed<'_> {
    let (market, bob) = (&fixture.market, &fixture.bob);
    let closes_after = market.orderbook.config().await.unwrap().params.min_auction;
    let policy = AuctionPolicy::LowestPrice { closes_after };
    let (created, plan) = fixture.deploy(bob, BOBS, policy, 60).await;
    let order = created.orders[0];
    let some = |table: &Offers, _: Duration| !table.offers.is_empty();
    let table = deploy::watch(&Bids(market), order, TIMEOUT, some, |_| ()).await.unwrap();
    let by_hand = deploy::accept(market, bob, order, &table.offers[0]).await;
    assert!(by_hand.is_err(), "a binding auction is not decided by hand");
    // Each new lowest bid within the last minute moves the close; providers close it, too.
    let taken = loop {
        let asked = market.orderbook.order(order).await.unwrap();
        if asked.state != OrderState::Open {
            break asked;
        }
        let (_, now) = market.now().await.unwrap();
        let closes_at = asked.closes_at.unwrap();
        if now < closes_at {
            fixture.pass(closes_at - now).await.unwrap();
            continue;
        }
        let message = Orderbook::CloseAuction { order, limit: 10 };
        let contract = &market.contracts.orderbook;
        let message = fixture.stranger.execute(contract, &message, &[]).unwrap();
        // A provider may have been faster.
        let _ = fixture.stranger.send("closing the auction", vec![message]).await;
    };
    assert_eq!(taken.state, OrderState::Active);
    let lease = market.orderbook.lease(order).await.unwrap();
    assert_eq!(fixture.name(&lease.provider), "cedar", "the cheapest wins");
    deployed(fixture, bob, created.deployment, &created.orders, &plan).await
}

/// Sends the manifests, waits for the workloads, and begins the account's ledger.
async fn deployed<'a>(
    fixture: &Fixture,
    tenant: &'a Wallet,
    id: DeploymentId,
    orders: &[OrderId],
    plan: &Plan,
) -> Deployed<'a> {
    let market = &fixture.market;
    let mut leases = Vec::new();
    for order in orders {
        leases.push(deploy::launch(market, tenant, *order, &plan.upload).await.unwrap());
    }
    for lease in &leases {
        is_ready(fixture, tenant, lease).await;
    }
    let runway = market.escrow.config().await.unwrap().min_runway;
    let mut ledger = Ledger::open(plan.deposit.amount, leases[0].created_at, runway);
    for lease in &leases {
        ledger.lease(lease.price.u128(), lease.created_at);
    }
    Deployed { tenant, id, account: leases[0].account, leases, ledger }
}
