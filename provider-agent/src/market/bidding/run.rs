//! The bidding loop: after each change it decides on the orders that the change concerns, and from time
//! to time on all of them.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use futures::FutureExt;
use souk_core::OrderId;
use tokio_util::sync::CancellationToken;

use super::{
    chain_cache::ChainCache, deps::Deps, known::Known, outcome, release, restore, round::Round,
    turns::Turns,
};
use crate::{
    market::ChainError,
    model::{
        BidProgress,
        bidding::Cause,
        placement::{Inventory, Limits},
    },
    store::{KeyListener, Listener, StoreError, Topic, kept_volumes},
};

/// A round starts after this time without a notification: bids are tried again, and slots released, at
/// heights that no event names.
const TICK: Duration = Duration::from_secs(10);
/// All open orders are judged after this time, in case a change was missed.
const RESYNC: Duration = Duration::from_secs(60);
/// As much after one that failed.
const RETRY_INTERVAL: Duration = Duration::from_secs(2);
/// As much while orders wait and the store is behind the chain's head.
const BEHIND: Duration = Duration::from_millis(500);
/// The least time between two rounds: pods change often.
const MIN_INTERVAL: Duration = Duration::from_millis(100);
/// The most blocks that the store may be behind the chain's head: an order that it has as open may
/// be closed already.
const MAX_BLOCKS_BEHIND: u64 = 5;

/// The bidding task.
pub struct Bidder {
    deps: Deps,
    cache: ChainCache,
    known: Option<Known>,
    turns: Turns,
    /// What a new order can have, or why that is not known.
    inventory: Result<Inventory, String>,
    heard: Heard,
    resynced: Option<Instant>,
    /// Whether the operator's coins did not last in the last round.
    was_short: bool,
}

/// What changed since the last round that could use it.
struct Heard {
    orders: KeyListener,
    capacity: Listener,
    provider: Listener,
    attestations: Listener,
    /// Orders that changed and were not read yet.
    changed: BTreeSet<OrderId>,
    /// The room in the cluster may have changed.
    room: bool,
}

impl Heard {
    /// Takes what came meanwhile; true if provider or parameters, and if attestations may have changed.
    fn take(&mut self) -> (bool, bool) {
        self.changed.extend(self.orders.take());
        let came = |listener: &mut Listener| listener.changed().now_or_never().is_some();
        self.room |= came(&mut self.capacity);
        (came(&mut self.provider), came(&mut self.attestations))
    }
}

impl Bidder {
    /// The task with its dependencies.
    pub fn new(deps: Deps) -> Self {
        let heard = Heard {
            orders: deps.store.listen_to_orders(),
            capacity: deps.store.listen(&[Topic::Capacity]),
            provider: deps.store.listen(&[Topic::Provider]),
            attestations: deps.store.listen(&[Topic::Attestations]),
            changed: BTreeSet::new(),
            room: true,
        };
        Self {
            deps,
            cache: ChainCache::default(),
            known: None,
            turns: Turns::default(),
            inventory: Err("it was not looked at yet".to_owned()),
            heard,
            resynced: None,
            was_short: false,
        }
    }

    /// Bids until stopped.
    ///
    /// # Errors
    ///
    /// Only if the store fails; other errors are logged and the next round tries again.
    pub async fn run(mut self, stop: CancellationToken) -> Result<(), StoreError> {
        let topics =
            [Topic::Orders, Topic::Capacity, Topic::Provider, Topic::Attestations, Topic::Outbox];
        let mut listener = self.deps.store.listen(&topics);
        loop {
            let done = self.round().await;
            match (&done, self.turns.unanswered.problem()) {
                (Ok(_), Some(why)) => self.deps.health.failed(why),
                _ => self.deps.health.follow(&done),
            }
            let (more, wait) = match done {
                Ok(more) => (more, TICK),
                Err(ChainError::Store(error)) => return Err(error),
                Err(error) => {
                    tracing::warn!(%error, "bidding round failed, retrying");
                    (false, RETRY_INTERVAL)
                }
            };
            if !more {
                tokio::select! {
                    () = stop.cancelled() => return Ok(()),
                    () = tokio::time::sleep(MIN_INTERVAL) => {}
                }
                // Orders that are ready wait only for the store to be at the chain's head.
                let ready = self.turns.queue.depth() > 0;
                let tick = Instant::now() + if ready { BEHIND } else { wait };
                let next = self.turns.queue.next_later().map_or(tick, |later| later.min(tick));
                tokio::select! {
                    () = stop.cancelled() => return Ok(()),
                    () = listener.changed() => {}
                    () = tokio::time::sleep_until(next.into()) => {}
                }
            } else if stop.is_cancelled() {
                return Ok(());
            }
        }
    }

    /// One round: outcomes of sent bids, decisions, releases. True if orders are left to judge.
    async fn round(&mut self) -> Result<bool, ChainError> {
        let (terms, attestations) = self.heard.take();
        if terms {
            self.cache.expire();
        }
        if attestations || self.cache.forget_old_attestations() {
            self.cache.expire_attestations();
            self.turns.wake(Cause::Attestations);
        }
        self.read_changes().await?;
        let Some(known) = &mut self.known else { return Ok(false) };
        let sent = known.bids().filter(|bid| bid.progress == BidProgress::Sent).cloned().collect();
        outcome::check_sent(&self.deps, sent).await?;
        if !self.is_current() {
            return Ok(false);
        }
        let Some(at) = self.deps.store.cursor().await? else { return Ok(false) };
        self.look_at_the_cluster().await?;
        let Some(known) = &mut self.known else { return Ok(false) };
        if self.cache.refresh(&self.deps, known).await? {
            self.turns.wake(Cause::Provider);
        }
        let is_short = self.deps.heartbeats.borrow().short.is_some();
        if std::mem::replace(&mut self.was_short, is_short) && !is_short {
            self.turns.wake(Cause::Provider);
        }
        // A refused bid is tried again at a height of its own.
        let retried = known
            .bids()
            .filter(|bid| bid.progress == BidProgress::Refused && outcome::may_retry(bid, at));
        let retried: Vec<OrderId> = retried.map(|bid| bid.order).collect();
        let open = |order: &OrderId| known.order(*order).is_some();
        retried.into_iter().filter(open).for_each(|order| self.turns.retry(order));
        let round = Round::new(
            &self.deps,
            at,
            known,
            &mut self.cache,
            &mut self.turns,
            &mut self.inventory,
        );
        let more = round.judge().await?;
        if self.deps.idle.borrow().is_some() {
            return Ok(more);
        }
        let most = self.deps.config.bidding.most_open_bids(self.cache.slots());
        let in_the_way =
            self.known.as_ref().is_some_and(|known| known.lost_bids_are_in_the_way(most));
        let scarce = in_the_way || self.cache.slots_are_scarce();
        release::release(&self.deps, at, self.cache.terms().slot_hold, scarce).await?;
        Ok(more)
    }

    /// Reads what commits changed, and all of it now and then.
    async fn read_changes(&mut self) -> Result<(), ChainError> {
        let due = self.resynced.is_none_or(|at| at.elapsed() > RESYNC);
        match &mut self.known {
            Some(known) if !due => {
                let changed = std::mem::take(&mut self.heard.changed);
                if changed.is_empty() {
                    return Ok(());
                }
                let what = match known.reload(&self.deps.store, &changed).await {
                    Ok(what) => what,
                    Err(error) => {
                        self.heard.changed.extend(changed);
                        return Err(error.into());
                    }
                };
                self.heard.room |= what.reservations;
                if what.slot_is_free {
                    self.turns.wake(Cause::Bids);
                }
                for order in changed {
                    if known.order(order).is_some() {
                        self.turns.changed(order);
                    } else {
                        self.turns.forget(order);
                        self.cache.forget(order);
                    }
                }
            }
            _ => {
                // What changes from here on is heard again. What was heard before is in what is read, and
                // those orders are judged as changed ones.
                let known = self.known.insert(Known::load(&self.deps.store).await?);
                let changed = std::mem::take(&mut self.heard.changed);
                self.resynced = Some(Instant::now());
                self.heard.room = true;
                let open: BTreeSet<OrderId> = known.open().collect();
                self.turns.wake(Cause::Bids);
                self.turns.resync(&open, &changed);
                self.cache.keep(&open);
            }
        }
        Ok(())
    }

    /// Counts what is left, if it may have changed, and restores reservations that are missing.
    async fn look_at_the_cluster(&mut self) -> Result<(), ChainError> {
        let Some(known) = &mut self.known else { return Ok(()) };
        if !self.heard.room {
            return Ok(());
        }
        self.heard.room = false;
        let idle = self.deps.idle.borrow().clone();
        let cluster = match idle {
            Some(reason) => Err(reason),
            None => self.deps.cluster.snapshot(),
        };
        restore::restore(&self.deps, known, &cluster).await?;
        let kept = self.deps.store.read(kept_volumes::all).await?;
        let limits = Limits::of(&self.deps.config).without_kept(&kept);
        let now = cluster.map(|cluster| cluster.left(known.reserved(), &limits));
        let more = match (&now, &self.inventory) {
            (Ok(now), Ok(before)) => now.has_more_than(before),
            (now, before) => now != before,
        };
        self.inventory = now;
        if more {
            self.turns.wake(Cause::Capacity);
        }
        Ok(())
    }

    fn is_current(&self) -> bool {
        let state = self.deps.following.borrow();
        state.height > 0 && state.head <= state.height.saturating_add(MAX_BLOCKS_BEHIND)
    }
}
