//! What the chain says of orders and bids, block by block.

use std::{collections::HashMap, time::Duration};

use anyhow::{Context as _, Result};
use souk_api::orderbook::OrderbookEvent;
use souk_chain::{Follower, follower::FollowerConfig};
use souk_client::{Market, events};
use souk_core::{BidId, OrderId, Price};

/// Longer than any bid takes.
const TIMEOUT: Duration = Duration::from_secs(300);

/// A bid as it was placed.
#[derive(Clone, Copy, Debug)]
pub struct SeenBid {
    pub id: BidId,
    pub price: Price,
}

/// Follows the chain.
pub struct Ledger {
    follower: Follower,
    orderbook: String,
    opened: HashMap<OrderId, u64>,
    bids: HashMap<OrderId, (u64, SeenBid)>,
}

impl Ledger {
    /// Follows from the newest block on.
    pub async fn open(market: &Market) -> Result<Self> {
        let (height, _) = market.now().await?;
        Ok(Self {
            follower: Follower::new(market.client.clone(), height, FollowerConfig::default()),
            orderbook: market.contracts.orderbook.clone(),
            opened: HashMap::new(),
            bids: HashMap::new(),
        })
    }

    /// The bid on an order, and how many blocks after the order's event it came.
    pub async fn bid(&mut self, order: OrderId) -> Result<(SeenBid, u64)> {
        let reading = async {
            loop {
                if let Some((height, bid)) = self.bids.get(&order) {
                    let opened = self.opened.get(&order).context("a bid before its order")?;
                    return Ok((*bid, height - opened));
                }
                self.read().await?;
            }
        };
        let waited = tokio::time::timeout(TIMEOUT, reading).await;
        waited.with_context(|| format!("no bid came for order {order}"))?
    }

    async fn read(&mut self) -> Result<()> {
        let block = self.follower.next().await?;
        for tx in &block.txs {
            for event in events::of_orderbook(&tx.events, &self.orderbook) {
                match event {
                    OrderbookEvent::OrderOpened(it) => {
                        self.opened.insert(it.order, block.height);
                    }
                    OrderbookEvent::BidPlaced(it) => {
                        let bid = SeenBid { id: it.bid, price: it.price };
                        self.bids.insert(it.order, (block.height, bid));
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }
}
