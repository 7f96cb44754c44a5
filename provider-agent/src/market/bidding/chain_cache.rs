//! A cache of the chain's state beside orders: the provider, the orderbook's parameters,
//! attestations and the lowest bids. Refreshed after an event that may have changed it and when
//! it is older than [`TTL`].

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::{Duration, Instant},
};

use futures::FutureExt;
use souk_api::published::AttestationRecord;
use souk_core::{Denom, OrderId, Price};

use super::{deps::Deps, snapshot::Snapshot};
use crate::{
    market::ChainError,
    model::{
        BidProgress, Cursor, Order,
        bidding::{BestBid, ProviderState},
    },
    store::{Listener, Store, Topic},
};

/// The cache is refreshed after this time, even without an event.
const TTL: Duration = Duration::from_secs(30);

/// The cached state.
pub(super) struct ChainCache {
    /// Notified when some of it may have changed.
    changed: Listener,
    refreshed_at: Option<Instant>,
    /// The provider; none if it is not registered.
    pub provider: Option<ProviderState>,
    /// Whether the orderbook takes bids.
    pub paused: bool,
    /// The least price of a bid, by denom.
    pub min_prices: BTreeMap<Denom, Price>,
    /// The least time for which a lease holds its slot, in seconds.
    pub slot_hold: u64,
    /// What auditors attest of the provider.
    pub attestations: BTreeMap<String, AttestationRecord>,
    /// Auditors whose records were queried, those without a record too: orders may name any
    /// number.
    auditors: BTreeSet<String>,
    /// The lowest bids of binding auctions, each with the order's `bids_height` at the query.
    best: HashMap<OrderId, (u64, Option<BestBid>)>,
}

impl ChainCache {
    /// An empty cache.
    pub fn new(store: &Store) -> Self {
        Self {
            changed: store.listen(&[Topic::Provider]),
            refreshed_at: None,
            provider: None,
            paused: false,
            min_prices: BTreeMap::new(),
            slot_hold: 0,
            attestations: BTreeMap::new(),
            auditors: BTreeSet::new(),
            best: HashMap::new(),
        }
    }

    /// Refreshes what changes seldom, if it is old or an event came.
    pub async fn refresh(&mut self, deps: &Deps, snapshot: &Snapshot) -> Result<(), ChainError> {
        self.best.retain(|id, _| snapshot.orders.iter().any(|order| order.id == *id));
        let notified = self.changed.changed().now_or_never().is_some();
        let old = self.refreshed_at.is_none_or(|at| at.elapsed() > TTL);
        if !notified && !old {
            return Ok(());
        }
        // If a query below fails, the next round refreshes again.
        self.refreshed_at = None;
        self.attestations.clear();
        self.auditors.clear();
        let config = deps.market.orderbook.config().await?;
        self.paused = config.paused;
        self.slot_hold = config.params.slot_hold;
        let denoms = config.denoms.into_iter();
        self.min_prices = denoms.map(|denom| (denom.denom, denom.min_price)).collect();
        self.refresh_provider(deps, snapshot).await?;
        self.refreshed_at = Some(Instant::now());
        Ok(())
    }

    /// Queries the provider's record and how much of its bond is in use.
    pub async fn refresh_provider(
        &mut self,
        deps: &Deps,
        snapshot: &Snapshot,
    ) -> Result<(), ChainError> {
        let market = &deps.market;
        let Some(record) = market.provider_record().await? else {
            self.provider = None;
            return Ok(());
        };
        let used = market.provider_stats().await?.used;
        // The chain may count bids that are on their way already; then there are too few bids for
        // a block, never too many.
        let sent = snapshot.bids.iter().filter(|bid| bid.progress == BidProgress::Sent);
        let sent = u32::try_from(sent.count()).unwrap_or(u32::MAX);
        let operator = record.operator;
        self.provider = Some(ProviderState {
            address: market.provider().to_owned(),
            other_operator: (operator != deps.messages.operator).then_some(operator),
            claims: record.attributes,
            maintenance: record.maintenance,
            slots: record.slots,
            used: used.saturating_add(sent),
        });
        Ok(())
    }

    /// Queries what a decision on this order needs and is not cached yet.
    pub async fn load_for(
        &mut self,
        deps: &Deps,
        order: &Order,
        at: Cursor,
    ) -> Result<(), ChainError> {
        let auditors = order.detail.iter().flat_map(|d| d.spec.requirements.signed_by.auditors());
        for auditor in auditors {
            if self.auditors.contains(auditor) {
                continue;
            }
            if let Some(record) = deps.market.attestation(auditor).await? {
                self.attestations.insert(auditor.to_owned(), record);
            }
            self.auditors.insert(auditor.to_owned());
        }
        let binding = order.closes_at.is_some_and(|end| end > at.time);
        let known = self.best.get(&order.id).map(|(height, _)| *height);
        if binding && known != Some(order.bids_height) {
            let lowest = deps.market.orderbook.lowest_bid(order.id).await?;
            let best = lowest.map(|bid| BestBid { provider: bid.provider, price: bid.price });
            self.best.insert(order.id, (order.bids_height, best));
        }
        Ok(())
    }

    /// The lowest bid on an order in a binding auction.
    pub fn best(&self, order: OrderId) -> Option<&BestBid> {
        self.best.get(&order).and_then(|(_, best)| best.as_ref())
    }

    /// Whether three quarters of the slots are in use.
    pub fn slots_are_scarce(&self) -> bool {
        self.provider.as_ref().is_some_and(|p| p.used >= p.slots / 4 * 3)
    }
}
