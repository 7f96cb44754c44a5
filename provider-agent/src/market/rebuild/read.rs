//! Reads the market's state from the contracts: pages of orders, of own leases and of bids.
//!
//! All of one height, as long as some node has its state. A node may keep few states: once none has it
//! any more, the rest is read from the newest one. The cursor stays at the first height: the events after
//! it bring what was read earlier to the state of what was read later.

use std::collections::BTreeMap;

use futures::{StreamExt, TryStreamExt, stream};
use souk_api::orderbook::{LeaseResponse, OrderResponse, OrderState};
use souk_chain::{Client, query::QueryError};
use souk_client::market::{MarketError, OwnBid};
use souk_core::OrderId;

use crate::{
    market::{ChainError, Market},
    model::Cursor,
};

/// Questions at once about single orders.
const PARALLEL: usize = 8;

/// The chain's state of everything that concerns this provider.
#[derive(Debug)]
pub(super) struct Snapshot {
    pub at: Cursor,
    /// Open orders, and those of active own leases.
    pub orders: Vec<OrderResponse>,
    /// Own bids, each of which uses a slot.
    pub bids: BTreeMap<OrderId, OwnBid>,
    /// Own leases, ended ones too until the chain prunes them.
    pub leases: Vec<LeaseResponse>,
    /// The key by which the provider's quotes are signed, in hexadecimal digits.
    pub quote_key: Option<String>,
}

/// Reads from one height, or from later ones once that is gone.
pub(super) struct Reader {
    market: Market,
    client: Client,
    at: Cursor,
    /// The market at the height that is read from.
    now: Market,
}

impl Reader {
    /// A reader at the newest height.
    pub async fn new(market: &Market, client: &Client) -> Result<Self, ChainError> {
        let status = client.status().await?;
        let time = status.time.ok_or(ChainError::NoBlock)?;
        let at = Cursor { height: status.height, time: time.seconds };
        let now = market.at(at.height);
        Ok(Self { market: market.clone(), client: client.clone(), at, now })
    }

    /// The height whose state it reads, or where the events begin that lead to what it reads.
    pub fn at(&self) -> Cursor {
        self.at
    }

    /// Reads everything.
    pub async fn read(&mut self) -> Result<Snapshot, ChainError> {
        let mut leases = Vec::new();
        loop {
            let after = leases.last().map(|lease: &LeaseResponse| lease.order);
            let page = self.ask(|market| async move { market.leases_after(after).await }).await?;
            if page.is_empty() {
                break;
            }
            leases.extend(page);
        }
        let active = |lease: &&LeaseResponse| lease.state.runs();
        let leased: BTreeMap<OrderId, &LeaseResponse> =
            leases.iter().filter(active).map(|lease| (lease.order, lease)).collect();
        let (mut orders, mut after) = (Vec::new(), None);
        loop {
            let ask = |market: Market| async move { market.orderbook.orders_after(after).await };
            let page = self.ask(ask).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            let matters = |order: &OrderResponse| {
                order.state == OrderState::Open || leased.contains_key(&order.id)
            };
            orders.extend(page.into_iter().filter(matters));
        }
        let bids = self.bids(&leased, &orders).await?;
        let record = self.ask(|market| async move { market.provider_record().await }).await?;
        let quote_key = record.and_then(|record| record.quote_key);
        let quote_key = quote_key.map(|key| hex::encode(key.as_slice()));
        Ok(Snapshot { at: self.at, orders, bids, leases, quote_key })
    }

    /// Own bids. Each uses a slot, so that their number is known and the search ends with the last.
    async fn bids(
        &mut self,
        leased: &BTreeMap<OrderId, &LeaseResponse>,
        orders: &[OrderResponse],
    ) -> Result<BTreeMap<OrderId, OwnBid>, ChainError> {
        let used = self.ask(|market| async move { market.provider_stats().await }).await?.used;
        let used = usize::try_from(used).unwrap_or(usize::MAX);
        // The bid of an active lease is its own price.
        let of_lease = |(order, lease): (&OrderId, &&LeaseResponse)| {
            (*order, OwnBid { order: *order, price: lease.price, placed_at: None })
        };
        let mut found: BTreeMap<OrderId, OwnBid> = leased.iter().map(of_lease).collect();
        let mut from = None;
        while found.len() < used {
            let start = from.take();
            let ask = |market: Market| {
                let start = start.clone();
                async move { market.bids_page(start).await }
            };
            let page = match self.ask(ask).await {
                Err(ChainError::Market(error)) if is_not_given(&error) => {
                    tracing::info!(%error, "storage not given in pages, asking for each open order");
                    found.extend(self.bids_of_each(orders).await?);
                    break;
                }
                page => page?,
            };
            found.extend(page.own.into_iter().map(|bid| (bid.order, bid)));
            match page.next {
                Some(next) => from = Some(next),
                None => break,
            }
        }
        Ok(found)
    }

    /// Own bids on open orders, each asked for by itself.
    async fn bids_of_each(
        &self,
        orders: &[OrderResponse],
    ) -> Result<Vec<(OrderId, OwnBid)>, ChainError> {
        let open = orders.iter().filter(|order| order.state == OrderState::Open);
        let ids: Vec<OrderId> = open.map(|order| order.id).collect();
        let own = |order| async move {
            let found = self.now.own_bid(order).await?;
            let bid = found.map(|bid| {
                let placed_at = Some(bid.placed_at);
                (order, OwnBid { order, price: bid.price, placed_at })
            });
            Ok::<_, MarketError>(bid)
        };
        let asked = stream::iter(ids).map(own).buffer_unordered(PARALLEL);
        Ok(asked.try_filter_map(|bid| async move { Ok(bid) }).try_collect().await?)
    }

    /// Asks at the height that is read from; at the newest one, once no node has that any more.
    async fn ask<T, F>(&mut self, ask: impl Fn(Market) -> F) -> Result<T, ChainError>
    where
        F: Future<Output = Result<T, MarketError>>,
    {
        match ask(self.now.clone()).await {
            Err(MarketError::Unusable(QueryError::HeightUnavailable { height, .. })) => {
                let newest = self.client.status().await?.height;
                tracing::info!(
                    height,
                    newest,
                    "state pruned by all nodes, reading on from a newer one"
                );
                self.now = self.market.at(newest);
                Ok(ask(self.now.clone()).await?)
            }
            answer => Ok(answer?),
        }
    }
}

/// Whether a node does not give a contract's storage in pages.
fn is_not_given(error: &MarketError) -> bool {
    error.is_refusal() || matches!(error, MarketError::Unusable(QueryError::NotServed { .. }))
}
