//! What is known of the chain beside orders: asked once, and again when an event tells of a
//! change or when it was long ago.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::{Duration, Instant},
};

use futures::FutureExt;
use souk_api::published::AttestationRecord;
use souk_core::{Denom, OrderId, Price};

use super::{BestBid, ProviderFacts, round::Snapshot, run::Deps};
use crate::{
    chain::ChainError,
    store::{BidProgress, Cursor, Listener, OrderRow, Store, Topic},
};

/// What is known is asked anew after this time, even if nothing told of a change.
const TTL: Duration = Duration::from_secs(30);

/// What is known.
pub(super) struct Knowledge {
    /// Told when some of it may have changed.
    changed: Listener,
    asked: Option<Instant>,
    /// The provider; none if it is not registered.
    pub provider: Option<ProviderFacts>,
    /// Whether the orderbook takes bids.
    pub paused: bool,
    /// Least prices of bids.
    pub min_prices: BTreeMap<Denom, Price>,
    /// How long a lease uses its slot at least, in seconds.
    pub slot_hold: u64,
    /// What auditors attest of the provider.
    pub attestations: BTreeMap<String, AttestationRecord>,
    /// Auditors that were asked, those without a record too: orders may name any number.
    auditors: BTreeSet<String>,
    /// The lowest bids of binding auctions, each with the height that it was asked for.
    best: HashMap<OrderId, (u64, Option<BestBid>)>,
}

impl Knowledge {
    pub fn new(store: &Store) -> Self {
        Self {
            changed: store.listen(&[Topic::Facts]),
            asked: None,
            provider: None,
            paused: false,
            min_prices: BTreeMap::new(),
            slot_hold: 0,
            attestations: BTreeMap::new(),
            auditors: BTreeSet::new(),
            best: HashMap::new(),
        }
    }

    /// Brings what changes seldom up to date, if need be.
    pub async fn refresh(&mut self, deps: &Deps, snapshot: &Snapshot) -> Result<(), ChainError> {
        self.best.retain(|id, _| snapshot.orders.iter().any(|order| order.id == *id));
        let told = self.changed.changed().now_or_never().is_some();
        let old = self.asked.is_none_or(|asked| asked.elapsed() > TTL);
        if !told && !old {
            return Ok(());
        }
        // What fails below is asked again in the next round.
        self.asked = None;
        self.attestations.clear();
        self.auditors.clear();
        let config = deps.market.book_config().await?;
        self.paused = config.paused;
        self.slot_hold = config.params.slot_hold;
        let denoms = config.denoms.into_iter();
        self.min_prices = denoms.map(|denom| (denom.denom, denom.min_price)).collect();
        self.refresh_provider(deps, snapshot).await?;
        self.asked = Some(Instant::now());
        Ok(())
    }

    /// Asks what the chain says of the provider and of its bond now.
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
        // Those on their way may be counted by the chain already; then too few bids are made
        // for a block, never too many.
        let sent = snapshot.bids.iter().filter(|bid| bid.progress == BidProgress::Sent);
        let sent = u32::try_from(sent.count()).unwrap_or(u32::MAX);
        let operator = record.operator;
        self.provider = Some(ProviderFacts {
            address: market.provider().to_owned(),
            other_operator: (operator != deps.messages.operator).then_some(operator),
            claims: record.attributes,
            maintenance: record.maintenance,
            slots: record.slots,
            used: used.saturating_add(sent),
        });
        Ok(())
    }

    /// Asks what a decision on this order needs and is not known yet.
    pub async fn learn(
        &mut self,
        deps: &Deps,
        order: &OrderRow,
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
        if binding && known != Some(order.book_height) {
            let lowest = deps.market.lowest_bid(order.id).await?;
            let best = lowest.map(|bid| BestBid { provider: bid.provider, price: bid.price });
            self.best.insert(order.id, (order.book_height, best));
        }
        Ok(())
    }

    /// The lowest bid on an order, where bids bind.
    pub fn best(&self, order: OrderId) -> Option<&BestBid> {
        self.best.get(&order).and_then(|(_, best)| best.as_ref())
    }

    /// Whether slots are running out.
    pub fn is_pressed(&self) -> bool {
        self.provider.as_ref().is_some_and(|p| p.used >= p.slots / 4 * 3)
    }
}
