//! The bidding loop: after each change it decides on the orders that the change concerns, and from time
//! to time on all of them.

use std::{
    collections::BTreeSet,
    pin::pin,
    sync::Arc,
    time::{Duration, Instant},
};

use futures::FutureExt;
use souk_core::OrderId;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{
    chain_cache::ChainCache,
    deps::Deps,
    known::Known,
    outcome,
    quoting::{Question, QuoteCounts, QuoteQuestions},
    release, restore,
    round::Round,
    turns::Turns,
};
use crate::{
    market::ChainError,
    model::{
        BidProgress, Cursor,
        bidding::Cause,
        placement::{Inventory, Limits},
    },
    store::{KeyListener, Listener, StoreError, Topic, kept_volumes, quotes},
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

/// Questions that are answered, at most, when it is time for a round.
const LATE_ANSWERS: u32 = 16;

/// The bidding task.
pub struct Bidder {
    pub(super) deps: Deps,
    pub(super) cache: ChainCache,
    pub(super) known: Option<Known>,
    turns: Turns,
    /// What a new order can have, or why that is not known.
    pub(super) inventory: Result<Inventory, String>,
    heard: Heard,
    resynced: Option<Instant>,
    /// Whether the operator's coins did not last in the last round.
    was_short: bool,
    /// Whether quotes of a lost store could be out in the last round.
    was_empty: bool,
    /// What the gateway asks.
    questions: mpsc::Receiver<Question>,
    pub(super) counts: Arc<QuoteCounts>,
}

/// What changed since the last round that could use it.
struct Heard {
    orders: KeyListener,
    capacity: Listener,
    provider: Listener,
    attestations: Listener,
    quotes: Listener,
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
    /// The task with its dependencies and what the gateway asks.
    pub fn new(deps: Deps, asked: QuoteQuestions) -> Self {
        let heard = Heard {
            orders: deps.store.listen_to_orders(),
            capacity: deps.store.listen(&[Topic::Capacity]),
            provider: deps.store.listen(&[Topic::Provider]),
            attestations: deps.store.listen(&[Topic::Attestations]),
            quotes: deps.store.listen(&[Topic::Quotes]),
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
            was_empty: false,
            questions: asked.questions,
            counts: asked.counts,
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
                let rest = tokio::time::sleep(MIN_INTERVAL);
                if self.wait(&stop, rest).await? {
                    return Ok(());
                }
                // Orders that are ready wait only for the store to be at the chain's head.
                let ready = self.turns.queue.depth() > 0;
                let tick = Instant::now() + if ready { BEHIND } else { wait };
                let next = self.turns.queue.next_later().map_or(tick, |later| later.min(tick));
                let woken = async {
                    tokio::select! {
                        () = listener.changed() => {}
                        () = tokio::time::sleep_until(next.into()) => {}
                    }
                };
                if self.wait(&stop, woken).await? {
                    return Ok(());
                }
            } else if self.wait(&stop, std::future::ready(())).await? {
                return Ok(());
            }
        }
    }

    /// Answers what the gateway asks until `end`; true if stopped. However many ask, a round is not put off for more
    /// than a few of them.
    async fn wait(
        &mut self,
        stop: &CancellationToken,
        end: impl Future<Output = ()>,
    ) -> Result<bool, StoreError> {
        let mut end = pin!(end);
        let mut has_ended = false;
        let mut late = 0;
        while late < LATE_ANSWERS {
            let question = tokio::select! {
                () = stop.cancelled() => return Ok(true),
                Some(question) = self.questions.recv() => question,
                () = &mut end, if !has_ended => {
                    has_ended = true;
                    continue;
                }
                () = std::future::ready(()), if has_ended => break,
            };
            late += u32::from(has_ended);
            self.serve(question).await?;
        }
        Ok(stop.is_cancelled())
    }

    /// One round: outcomes of sent bids, decisions, releases. True if orders are left to judge.
    async fn round(&mut self) -> Result<bool, ChainError> {
        self.hear().await?;
        let Some(known) = &self.known else { return Ok(false) };
        let sent = known.bids().filter(|bid| bid.progress == BidProgress::Sent).cloned().collect();
        outcome::check_sent(&self.deps, sent).await?;
        let Some(at) = self.look().await? else { return Ok(false) };
        let is_short = self.deps.heartbeats.borrow().short.is_some();
        if std::mem::replace(&mut self.was_short, is_short) && !is_short {
            self.turns.wake(Cause::Provider);
        }
        let quotes_out = self.quotes_out(at.time);
        let is_empty_store = quotes_out.is_some();
        if std::mem::replace(&mut self.was_empty, is_empty_store) && !is_empty_store {
            self.turns.wake(Cause::Provider);
        }
        let Some(known) = &mut self.known else { return Ok(false) };
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
            quotes_out,
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

    /// Reads what changed since it was last looked at, and releases quotes that lapsed.
    pub(super) async fn hear(&mut self) -> Result<(), ChainError> {
        let (terms, attestations) = self.heard.take();
        if terms {
            self.cache.expire();
        }
        if attestations || self.cache.forget_old_attestations() {
            self.cache.expire_attestations();
            self.turns.wake(Cause::Attestations);
        }
        self.read_changes().await?;
        let now = self.deps.following.borrow().time;
        let Some(known) = &mut self.known else { return Ok(()) };
        if known.quotes().any_lapsed(now) {
            let lapsed = self.deps.store.write(quotes::release_lapsed).await?;
            self.counts.lapsed(lapsed);
            if lapsed > 0 {
                tracing::debug!(nonces = lapsed, "quotes lapsed");
            }
        }
        if self.heard.quotes.changed().now_or_never().is_some()
            && let Some(used) = known.reload_quotes(&self.deps.store).await?
        {
            self.counts.used(used);
            self.heard.room = true;
            // Slots are counted with what quotes hold.
            self.cache.expire();
            self.turns.wake(Cause::Bids);
        }
        Ok(())
    }

    /// Looks at what a decision is made of, as of the store's last block; none while the store is behind.
    pub(super) async fn look(&mut self) -> Result<Option<Cursor>, ChainError> {
        if !self.is_current() {
            return Ok(None);
        }
        let Some(at) = self.deps.store.cursor().await? else { return Ok(None) };
        self.look_at_the_cluster().await?;
        let Some(known) = &self.known else { return Ok(None) };
        if self.cache.refresh(&self.deps, known).await? {
            self.turns.wake(Cause::Provider);
        }
        Ok(Some(at))
    }

    /// Until when quotes may be out of which the store does not know, if there may be any at this block time.
    pub(super) fn quotes_out(&self, now: u64) -> Option<u64> {
        let out = self.known.as_ref()?.quotes_out()?;
        // By another key they are void.
        let provider = self.cache.provider.as_ref();
        let registered = provider.map(|one| hex::encode(one.quote_key.as_deref().unwrap_or(&[])));
        let is_void = registered.is_some_and(|key| key != out.quote_key);
        (now <= out.until && !is_void).then_some(out.until)
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
