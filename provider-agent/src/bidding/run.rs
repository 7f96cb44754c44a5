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

use super::{BestBid, Decision, Facts, ProviderFacts, act, decide, release, restore, settle};
use crate::{
    chain::{ChainError, Market, follow::FollowState, outbox::Messages},
    config::Config,
    inventory::{
        Inventory, Limits,
        watch::{ClusterView, Observed},
    },
    store::{
        BidProgress, BidRow, Cursor, LeaseRow, Listener, OrderRow, ReservationRow, Store,
        StoreError, Topic, bids, cursor, leases, orders, reservations,
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
    pub leases: Vec<LeaseRow>,
    pub bids: Vec<BidRow>,
    pub reservations: Vec<ReservationRow>,
}

/// The cluster as it was seen at the beginning of a round.
pub(super) struct Stock {
    observed: Option<Observed>,
    trouble: String,
    limits: Limits,
}

impl Stock {
    fn new(deps: &Deps) -> Self {
        Self {
            observed: deps.cluster.observe(),
            trouble: deps.cluster.trouble().unwrap_or_default(),
            limits: limits(&deps.config),
        }
    }

    fn trouble(&self) -> &str {
        &self.trouble
    }

    /// What is left beside these reservations; none if the cluster cannot be seen.
    pub fn left(&self, reserved: &[ReservationRow]) -> Option<Inventory> {
        let seen = self.observed.as_ref()?;
        Some(Inventory::new(&seen.nodes, &seen.pods, reserved, &self.limits))
    }

    /// The same as if the pods of one order were not there.
    pub fn left_without(&self, order: OrderId, reserved: &[ReservationRow]) -> Option<Inventory> {
        let seen = self.observed.as_ref()?;
        let others = seen.pods.iter().filter(|pod| pod.order != Some(order)).cloned();
        let others: Vec<_> = others.collect();
        Some(Inventory::new(&seen.nodes, &others, reserved, &self.limits))
    }
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
        let Some((_, chain)) = &self.chain else { return Ok(()) };
        let pressed = chain.provider.as_ref().is_some_and(|p| p.used >= p.slots / 4 * 3);
        release::release(&self.deps, snapshot.at, chain.slot_hold, pressed).await
    }

    /// While the store is behind the chain, what it calls open may be long gone.
    fn is_current(&self) -> bool {
        let state = self.deps.following.borrow();
        state.height > 0 && state.head <= state.height.saturating_add(5)
    }

    async fn decide_all(&mut self, snapshot: &Snapshot) -> Result<(), ChainError> {
        self.best.retain(|id, _| snapshot.orders.iter().any(|order| order.id == *id));
        self.learn_market(snapshot).await?;
        let Some(mut chain) = self.chain.as_ref().map(|(_, chain)| chain.clone()) else {
            return Ok(());
        };
        let stock = Stock::new(&self.deps);
        let mut reserved = restore::restore(&self.deps, snapshot, &stock).await?;
        let mut inventory = stock.left(&reserved);
        let bid_on = |order: &OrderRow| snapshot.bids.iter().find(|bid| bid.order == order.id);
        let mut live: Vec<BidRow> =
            snapshot.bids.iter().filter(|bid| bid.progress.is_live()).cloned().collect();
        let mut fresh = false;

        for order in snapshot.orders.iter().filter(|order| is_to_be_judged(order, snapshot)) {
            let before = bid_on(order);
            let own = before.filter(|bid| bid.progress.is_live());
            self.learn(order, snapshot.at).await?;
            let open_for_tenant = live.iter().filter(|bid| bid.owner == order.owner).count();
            let mut decision = Decision::Stay;
            // A bid is decided by what the chain says now of bond and registration; that is
            // asked once in a round, and only if there is a bid to make.
            for _ in 0..2 {
                let own_reservation = reserved.iter().find(|row| row.order == order.id);
                let facts = Facts {
                    now: snapshot.at.time,
                    provider: chain.provider.as_ref(),
                    paused: chain.paused,
                    min_prices: &chain.min_prices,
                    attestations: &self.attestations,
                    inventory: inventory.as_ref().ok_or(stock.trouble()),
                    own_bid: own.map(|bid| bid.price),
                    own_placements: own_reservation.map(|row| row.placements.as_slice()),
                    best: self.best.get(&order.id).and_then(|(_, best)| best.as_ref()),
                    open_for_tenant: u32::try_from(open_for_tenant).unwrap_or(u32::MAX),
                };
                decision = decide(order, &self.deps.config, &facts);
                if fresh || !matches!(decision, Decision::Bid { .. }) {
                    break;
                }
                chain.provider = self.ask_provider(snapshot).await?;
                fresh = true;
            }
            let again = before.is_some_and(|bid| bid.progress == BidProgress::Refused);
            if again
                && matches!(decision, Decision::Bid { .. })
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
                inventory = stock.left(&reserved);
            }
        }
        if let Some((_, known)) = &mut self.chain {
            known.provider = chain.provider;
        }
        Ok(())
    }

    /// Asks what changes seldom, if it was long ago or if an event told of a change.
    async fn learn_market(&mut self, snapshot: &Snapshot) -> Result<(), ChainError> {
        let told = self.facts_changed.changed().now_or_never().is_some();
        let old = self.chain.as_ref().is_none_or(|(when, _)| when.elapsed() > TTL);
        if !told && !old {
            return Ok(());
        }
        // Whatever fails below is asked again in the next round.
        self.chain = None;
        self.attestations.clear();
        let config = self.deps.market.book_config().await?;
        let min = config.denoms.into_iter().map(|denom| (denom.denom, denom.min_price));
        let facts = ChainFacts {
            provider: self.ask_provider(snapshot).await?,
            paused: config.paused,
            min_prices: min.collect(),
            slot_hold: config.params.slot_hold,
        };
        self.chain = Some((Instant::now(), facts));
        Ok(())
    }

    /// What the chain says of the provider now.
    async fn ask_provider(&self, snapshot: &Snapshot) -> Result<Option<ProviderFacts>, ChainError> {
        let market = &self.deps.market;
        let Some(record) = market.provider_record().await? else { return Ok(None) };
        let used = market.book_record().await?.used;
        // Those on their way may be counted by the chain already; then too few bids are made
        // for a block, never too many.
        let sent = snapshot.bids.iter().filter(|bid| bid.progress == BidProgress::Sent);
        let sent = u32::try_from(sent.count()).unwrap_or(u32::MAX);
        let operator = record.operator;
        Ok(Some(ProviderFacts {
            address: market.provider().to_owned(),
            other_operator: (operator != self.deps.messages.operator).then_some(operator),
            claims: record.attributes,
            maintenance: record.maintenance,
            slots: record.slots,
            used: used.saturating_add(sent),
        }))
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

/// Orders without bid, those in a binding auction whose bid may be lowered, and those whose bid
/// was refused for a reason that may be gone.
fn is_to_be_judged(order: &OrderRow, snapshot: &Snapshot) -> bool {
    match snapshot.bids.iter().find(|bid| bid.order == order.id) {
        None => true,
        Some(bid) => match bid.progress {
            BidProgress::Open => order.closes_at.is_some(),
            BidProgress::Refused => settle::may_try_again(bid, snapshot.at),
            _ => false,
        },
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
        leases: leases::active(sql)?,
        bids: bids::all(sql)?,
        reservations: reservations::all(sql)?,
    }))
}
