//! What a deployment cost until its leases were there: gas of everyone's transactions, and blocks.

use anyhow::{Result, ensure};
use souk_api::orderbook::OrderbookEvent;
use souk_client::events::of_orderbook;
use souk_core::{DeploymentId, OrderId};

use super::{Fixture, print};

/// What it cost, tenant's and providers' transactions together.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cost {
    transactions: u64,
    gas: u64,
    /// From that of its creation to that of its last lease, both counted.
    blocks: u64,
}

impl Cost {
    /// Of a deployment with that many groups that was created after block `after`.
    ///
    /// # Errors
    /// If a block cannot be read, or if not all of its leases are there.
    pub async fn until_leases(
        fixture: &Fixture,
        deployment: DeploymentId,
        groups: usize,
        after: u64,
    ) -> Result<Self> {
        let market = &fixture.market;
        let (head, _) = market.now().await?;
        let (mut cost, mut orders, mut leases) = (Self::default(), Vec::new(), 0);
        for height in after.saturating_add(1)..=head {
            let results = market.client.block_results(height).await?.txs_results;
            for tx in results {
                let events = of_orderbook(&tx.events, &market.contracts.orderbook);
                let mut counts = false;
                for event in &events {
                    counts |= is_of(event, deployment, &mut orders);
                    leases +=
                        usize::from(counts && matches!(event, OrderbookEvent::LeaseCreated(_)));
                }
                if counts {
                    cost.transactions += 1;
                    cost.gas += tx.gas_used;
                }
            }
            cost.blocks += u64::from(cost.transactions > 0);
            if leases == groups {
                return Ok(cost);
            }
        }
        ensure!(leases == groups, "deployment {deployment} has {leases} of {groups} leases");
        Ok(cost)
    }
}

/// Whether an event is one on the way to the deployment's leases. Its orders are collected.
fn is_of(event: &OrderbookEvent, deployment: DeploymentId, orders: &mut Vec<OrderId>) -> bool {
    match event {
        OrderbookEvent::DeploymentCreated(created) => created.deployment == deployment,
        OrderbookEvent::OrderOpened(opened) if opened.deployment == deployment => {
            orders.push(opened.order);
            true
        }
        OrderbookEvent::LeaseCreated(created) => created.deployment == deployment,
        OrderbookEvent::BidPlaced(bid) => orders.contains(&bid.order),
        OrderbookEvent::BidLowered(bid) => orders.contains(&bid.order),
        OrderbookEvent::AuctionExtended(auction) => orders.contains(&auction.order),
        _ => false,
    }
}

/// Prints the ways to a lease side by side.
pub fn compare(ways: &[(&str, Cost)]) {
    print::section("What each way to the leases cost");
    print::line(format!("{:22} {:>12} {:>12} {:>7}", "", "transactions", "gas", "blocks"));
    for (way, Cost { transactions, gas, blocks }) in ways {
        print::line(format!("{way:22} {transactions:>12} {gas:>12} {blocks:>7}"));
    }
}
