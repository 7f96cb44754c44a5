//! The bidding loop: looks at all open orders and all free capacity, again and again.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::{Duration, Instant},
};

use futures::FutureExt;
use souk_api::published::AttestationRecord;
use souk_core::{Denom, OrderId, Price};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{BestBid, Decision, Facts, ProviderFacts, act, decide, release, settle};
use crate::{
    chain::{ChainError, Market, follow::FollowState, outbox::Messages},
    config::Config,
    inventory::{Inventory, Limits, watch::ClusterView},
    store::{
        BidProgress, BidRow, Cursor, Listener, OrderRow, ReservationRow, Store, StoreError, Topic,
        bids, cursor, orders, reservations,
    },
};

/// What the loop works with.
#[derive(Clone)]
pub struct Deps {
    /// The market.
    pub market: Market,
    /// The store.
    pub store: Store,
    /// The configuration.
    pub config: Arc<Config>,
    /// Writes the messages.
    pub messages: Messages,
    /// The cluster.
    pub cluster: ClusterView,
    /// How the follower is doing.
    pub following: watch::Receiver<FollowState>,
}

/// The bidding task.
pub struct Bidder {
    pub(super) deps: Deps,
    /// Told when what is cached of the chain may have changed.
    facts_changed: Listener,
    chain: Option<(Instant, ChainFacts)>,
    best: HashMap<OrderId, (u64, Option<BestBid>)>,
    attestations: BTreeMap<String, AttestationRecord>,
}

/// What the chain says that changes seldom.
#[derive(Debug, Clone)]
struct ChainFacts {
    provider: Option<ProviderFacts>,
    paused: bool,
    min_prices: BTreeMap<Denom, Price>,
    slot_hold: u64,
}

/// What the store says at one moment.
pub(super) struct Snapshot {
    pub at: Cursor,
    pub orders: Vec<OrderRow>,
    pub bids: Vec<BidRow>,
    pub reservations: Vec<ReservationRow>,
}

/// What is cached of the chain is asked anew after this time, even if nothing told of a change.
const TTL: Duration = Duration::from_secs(30);
/// Also without a wake-up, in case one was lost.
const TICK: Duration = Duration::from_secs(10);
/// Pods change often; orders are not looked at more often than this.
const PAUSE: Duration = Duration::from_millis(100);

impl Bidder {
    /// The task with its dependencies.
    pub fn new(deps: Deps) -> Self {
        Self {
            facts_changed: deps.store.listen(&[Topic::Facts]),
            deps,
            chain: None,
            best: HashMap::new(),
            attestations: BTreeMap::new(),
        }
    }

    /// Bids until stopped. Ends with an error only if the store fails.
    pub async fn run(mut self, stop: CancellationToken) -> Result<(), StoreError> {
        let topics = [Topic::Orders, Topic::Capacity, Topic::Facts, Topic::Outbox];
        let mut listener = self.deps.store.listen(&topics);
        loop {
            match self.round().await {
                Ok(()) => {}
                Err(ChainError::Store(error)) => return Err(error),
                // Nothing was judged; the next round tries again.
                Err(error) => tracing::warn!(%error, "bidding waits"),
            }
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                () = tokio::time::sleep(PAUSE) => {}
            }
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                () = listener.changed() => {}
                () = tokio::time::sleep(TICK) => {}
            }
        }
    }

    /// One look at everything.
    pub async fn round(&mut self) -> Result<(), ChainError> {
        settle::settle(&self.deps).await?;
        if !self.is_current() {
            return Ok(());
        }
        let Some(snapshot) = self.deps.store.read(snapshot).await? else { return Ok(()) };
        self.decide_all(&snapshot).await?;
        if let Some((_, chain)) = &self.chain {
            release::release(&self.deps, snapshot.at, chain.slot_hold).await?;
        }
        Ok(())
    }

    /// While the store is behind the chain, what it calls open may be long gone.
    fn is_current(&self) -> bool {
        let state = self.deps.following.borrow();
        state.height > 0 && state.head <= state.height.saturating_add(5)
    }

    async fn decide_all(&mut self, snapshot: &Snapshot) -> Result<(), ChainError> {
        self.best.retain(|id, _| snapshot.orders.iter().any(|order| order.id == *id));
        let bid_on = |order: &OrderRow| snapshot.bids.iter().find(|bid| bid.order == order.id);
        let to_judge = snapshot.orders.iter().filter(|order| match bid_on(order) {
            None => true,
            Some(bid) => match bid.progress {
                BidProgress::Open => order.closes_at.is_some(),
                BidProgress::Refused => settle::may_try_again(bid, snapshot.at),
                _ => false,
            },
        });
        let to_judge: Vec<&OrderRow> = to_judge.collect();
        if to_judge.is_empty() && self.chain.is_some() {
            return Ok(());
        }
        let mut chain = self.chain_facts(snapshot, !to_judge.is_empty()).await?;
        let observed = self.deps.cluster.observe();
        let trouble = self.deps.cluster.trouble().unwrap_or_default();
        let limits = limits(&self.deps.config);
        let mut reserved = snapshot.reservations.clone();
        let mut live: Vec<BidRow> =
            snapshot.bids.iter().filter(|bid| bid.progress.is_live()).cloned().collect();
        let take_stock = |reserved: &[ReservationRow]| {
            let observed = observed.as_ref()?;
            Some(Inventory::new(&observed.nodes, &observed.pods, reserved, &limits))
        };
        let mut inventory = take_stock(&reserved);

        for order in to_judge {
            let own = bid_on(order).filter(|bid| bid.progress.is_live());
            self.learn(order, snapshot.at).await?;
            let own_reservation = reserved.iter().find(|row| row.order == order.id);
            let open_for_tenant = live.iter().filter(|bid| bid.owner == order.owner).count();
            let facts = Facts {
                now: snapshot.at.time,
                provider: chain.provider.as_ref(),
                paused: chain.paused,
                min_prices: &chain.min_prices,
                attestations: &self.attestations,
                inventory: inventory.as_ref().ok_or(trouble.as_str()),
                own_bid: own.map(|bid| bid.price),
                own_placements: own_reservation.map(|row| row.placements.as_slice()),
                best: self.best.get(&order.id).and_then(|(_, best)| best.as_ref()),
                open_for_tenant: u32::try_from(open_for_tenant).unwrap_or(u32::MAX),
            };
            let decision = decide(order, &self.deps.config, &facts);
            let again = bid_on(order).filter(|bid| bid.progress == BidProgress::Refused);
            if let (Decision::Bid { .. }, Some(_)) = (&decision, again)
                && !self.deps.market.eligible(order.id).await?.eligible
            {
                continue;
            }
            if let Some(made) = act::act(&self.deps, snapshot.at, order, decision).await? {
                live.push(made.bid);
                reserved.push(made.reservation);
                if let Some(provider) = &mut chain.provider {
                    provider.used = provider.used.saturating_add(1);
                }
                inventory = take_stock(&reserved);
            }
        }
        Ok(())
    }

    /// What the chain says of provider and orderbook. How much of the bond is in use is asked
    /// each time there is something to judge.
    async fn chain_facts(
        &mut self,
        snapshot: &Snapshot,
        fresh: bool,
    ) -> Result<ChainFacts, ChainError> {
        let market = &self.deps.market;
        let told = self.facts_changed.changed().now_or_never().is_some();
        let old = self.chain.as_ref().is_none_or(|(when, _)| when.elapsed() > TTL);
        if told || old {
            self.attestations.clear();
            let config = market.book_config().await?;
            let min = config.denoms.into_iter().map(|denom| (denom.denom, denom.min_price));
            let facts = ChainFacts {
                provider: None,
                paused: config.paused,
                min_prices: min.collect(),
                slot_hold: config.params.slot_hold,
            };
            self.chain = Some((Instant::now(), facts));
        }
        let Some((_, chain)) = &mut self.chain else { return Err(ChainError::NoBlock) };
        if fresh || chain.provider.is_none() {
            let record = market.provider_record().await?;
            let used = market.book_record().await?.used;
            // Those on their way may be counted by the chain already; then too few bids are
            // made for a block, never too many.
            let sent = snapshot.bids.iter().filter(|bid| bid.progress == BidProgress::Sent);
            let sent = u32::try_from(sent.count()).unwrap_or(u32::MAX);
            chain.provider = record.map(|record| ProviderFacts {
                address: market.provider().to_owned(),
                claims: record.attributes,
                maintenance: record.maintenance,
                slots: record.slots,
                used: used.saturating_add(sent),
            });
        }
        Ok(chain.clone())
    }

    /// Asks what a decision on this order needs and is not known yet.
    async fn learn(&mut self, order: &OrderRow, at: Cursor) -> Result<(), ChainError> {
        let market = &self.deps.market;
        let auditors = order.detail.iter().flat_map(|d| d.spec.requirements.signed_by.auditors());
        for auditor in auditors {
            if !self.attestations.contains_key(auditor)
                && let Some(record) = market.attestation(auditor).await?
            {
                self.attestations.insert(auditor.to_owned(), record);
            }
        }
        let binding = order.closes_at.is_some_and(|end| end > at.time);
        let known = self.best.get(&order.id).map(|(height, _)| *height);
        if binding && known != Some(order.book_height) {
            let lowest = market.lowest_bid(order.id).await?;
            let best = lowest.map(|bid| BestBid { provider: bid.provider, price: bid.price });
            self.best.insert(order.id, (order.book_height, best));
        }
        Ok(())
    }
}

/// What the configuration sets beside the nodes.
pub(crate) fn limits(config: &Config) -> Limits {
    let cluster = &config.cluster;
    let classes = cluster.storage_classes.iter();
    Limits {
        overcommit: config.bidding.overcommit,
        persistent: classes
            .map(|(class, storage)| (class.clone(), storage.capacity.map(|bytes| bytes.0)))
            .collect(),
        leased_ips: cluster.leased_ips,
    }
}

fn snapshot(sql: &rusqlite::Connection) -> Result<Option<Snapshot>, StoreError> {
    let Some(at) = cursor::get(sql)? else { return Ok(None) };
    Ok(Some(Snapshot {
        at,
        orders: orders::open(sql)?,
        bids: bids::all(sql)?,
        reservations: reservations::all(sql)?,
    }))
}
