//! Upkeep of leases and auctions on the chain: withdraws earnings, closes leases without manifest and those
//! whose notice is over, ends depleted deployments, closes auctions that were won, takes bids back that nobody
//! accepted.
//!
//! [`plan`] is pure and says what is due at a block; [`Upkeep`] puts the messages into the outbox.
//! Time is block time. Nothing is sent while the follower is behind: what looks due may be done
//! already.

mod accepting;
mod doubt;
mod head;
mod leases;
mod prune;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use futures::{future::join_all, try_join};
use souk_chain::Any;
use souk_core::{CloseReason, OrderId};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

pub(super) use self::head::is_current;
use self::{accepting::Accepting, head::HeadTracker, leases::Leases, prune::prune};
use super::{
    ChainError, Market,
    audit::Findings,
    follow::FollowState,
    outbox::{self, Attempts, Messages, attempts, take_back_key},
};
use crate::{
    config::Bidding,
    model::{
        Cursor,
        health::Reporter,
        interfaces::NamespaceSource,
        reach::{LastAttempt, UpTime},
        upkeep::{Overdue, UpkeepInput, UpkeepTask, longest_manifest_timeout, plan},
    },
    store::{
        Store, StoreError, Topic, bids, cursor, leases as rows, manifests, marks, orders, taken_up,
    },
};

/// Seconds of block time for which closing an auction is left to the leading bidder.
const LEADER_TIMEOUT: u64 = 120;
/// Leases whose time for the manifest is asked for in one round.
const LEASES_AT_ONCE: usize = 32;
/// Disqualified bids that one message handles.
const AUCTION_LIMIT: u32 = 20;
/// The backoff of a task that the chain refuses: its n-th retry is at a height that is a multiple of
/// 2^n, with n at most this, which is an hour or two of blocks. It is never given up, since the
/// orderbook may be paused for days.
const MAX_EXPONENT: u32 = 10;

/// When tenants could send their manifests.
#[derive(Default)]
struct Clock {
    head: HeadTracker,
    /// Of each thing that tenants need, in the order of [`Upkeep::attempts`].
    up: Vec<UpTime>,
    /// The `manifest_timeout` of the leases that wait for a manifest.
    manifest_timeouts: BTreeMap<OrderId, u64>,
    accepting: Accepting,
}

/// The upkeep loop.
pub struct Upkeep {
    /// The market.
    pub market: Market,
    /// The store.
    pub store: Store,
    /// Builds the messages.
    pub messages: Messages,
    /// Timeouts and what is enabled.
    pub policy: Bidding,
    /// The follower's state.
    pub following: watch::Receiver<FollowState>,
    /// Why nothing is decided now, if another agent may act for this provider.
    pub idle: watch::Receiver<Option<String>>,
    /// The leases that have a namespace in the cluster.
    pub namespaces: Arc<dyn NamespaceSource>,
    /// The attempts to do what tenants need to deliver: to reach the gateway, to try a manifest.
    pub attempts: Vec<watch::Receiver<LastAttempt>>,
    /// Whether the endpoints agree.
    pub findings: Findings,
    /// Where tasks that fail are reported.
    pub health: Reporter,
}

impl Upkeep {
    /// Runs until stopped.
    ///
    /// # Errors
    ///
    /// Only if the store fails; other errors are logged and the task is retried.
    pub async fn run(self, stop: CancellationToken) -> Result<(), StoreError> {
        let mut listener = self.store.listen(&[Topic::Cursor, Topic::Manifests, Topic::Leases]);
        let mut leases = Leases::load(&self.store, self.policy.withdraw_every.0).await?;
        let mut pruned_at = 0;
        let mut clock = Clock::default();
        loop {
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                () = listener.changed() => {}
            }
            if !self.is_current() || self.idle.borrow().is_some() {
                continue;
            }
            let done = self.round(&mut clock, &mut leases).await;
            if let Err(error) = &done {
                self.health.failed(error);
            }
            match done {
                Ok(()) => {}
                Err(ChainError::Store(error)) => return Err(error),
                Err(error) => tracing::warn!(%error, "upkeep round failed, retrying"),
            }
            let height = self.following.borrow().height;
            if height >= pruned_at + 100 {
                let clock = SystemTime::now().duration_since(UNIX_EPOCH);
                let clock = clock.map_or(0, |since| since.as_secs());
                match prune(&self.store, &self.messages, height, clock).await {
                    Ok(()) => {}
                    Err(ChainError::Store(error)) => return Err(error),
                    Err(error) => tracing::warn!(%error, "pruning failed, retrying"),
                }
                pruned_at = height;
            }
            // Blocks may come faster than tasks become due.
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    fn is_current(&self) -> bool {
        is_current(&self.following.borrow())
    }

    async fn round(&self, clock: &mut Clock, leases: &mut Leases) -> Result<(), ChainError> {
        leases.reload(&self.store).await?;
        let Some(now) = self.store.block_time().await? else { return Ok(()) };
        let watched = leases.at(now);
        let in_cluster = self.namespaces.with_namespace(&watched);
        let mut input = {
            let watched = watched.clone();
            self.store.read(move |sql| input(sql, watched)).await?
        };
        leases.looked_at(&watched, &input);
        let Some(at) = input.at else { return Ok(()) };
        clock.head.record(at.time, Instant::now());
        input.current_since = clock.head.since;
        clock.up.resize_with(self.attempts.len(), UpTime::default);
        for (up, attempts) in clock.up.iter_mut().zip(&self.attempts) {
            up.record(at.time, &attempts.borrow());
        }
        input.up.clone_from(&clock.up);
        input.doubt = self.findings.now().doubt();
        if let Some(why) = input.doubt.clone() {
            doubt::cancel(&self.store, why).await?;
        }
        input.in_cluster = in_cluster;
        let learned = self.learn_manifest_timeouts(clock, &input, at).await;
        let mut failure = learned.err().map(|error| format!("a lease's terms: {error}"));
        input.manifest_timeouts.clone_from(&clock.manifest_timeouts);
        match self.accepting_since(&mut clock.accepting, &input, at).await {
            Ok(since) => input.accepting_since = since,
            Err(error) => {
                // Nothing is taken back for want of an answer.
                input.waiting.clear();
                failure.get_or_insert(format!("whether the market is paused: {error}"));
            }
        }
        for task in plan(&input, &self.policy) {
            match self.act(&input, at, task.clone()).await {
                Ok(()) => {}
                Err(ChainError::Store(error)) => return Err(ChainError::Store(error)),
                Err(error) => {
                    tracing::warn!(?task, %error, "upkeep task failed, retrying");
                    failure.get_or_insert_with(|| format!("{}: {error}", key(&task)));
                }
            }
        }
        match failure {
            Some(why) => self.health.failed(why),
            None => self.health.well(),
        }
        Ok(())
    }

    /// Since when tenants can accept the own bids that wait. Asks now and then whether a pause keeps them from it.
    async fn accepting_since(
        &self,
        accepting: &mut Accepting,
        input: &UpkeepInput,
        at: Cursor,
    ) -> Result<u64, ChainError> {
        if accepting.record(at.time) && !input.waiting.is_empty() {
            let market = self.market.at(at.height);
            let (orderbook, escrow) = try_join!(market.orderbook.config(), market.escrow.config())?;
            accepting.answered(at.time, orderbook.paused || escrow.paused);
        }
        Ok(accepting.since())
    }

    /// Asks for the `manifest_timeout` of the leases that wait for a manifest, of each once: it never
    /// changes.
    async fn learn_manifest_timeouts(
        &self,
        clock: &mut Clock,
        input: &UpkeepInput,
        at: Cursor,
    ) -> Result<(), ChainError> {
        let waiting = input.without_manifest();
        clock.manifest_timeouts.retain(|order, _| waiting.contains(order));
        let known = &clock.manifest_timeouts;
        let unknown = waiting.into_iter().filter(|order| !known.contains_key(order));
        let unknown: Vec<OrderId> = unknown.take(LEASES_AT_ONCE).collect();
        let market = self.market.at(at.height);
        let answers = join_all(unknown.iter().map(|order| market.orderbook.lease(*order))).await;
        let mut failure = None;
        for (order, answer) in unknown.into_iter().zip(answers) {
            let seconds = match answer {
                Ok(lease) => lease.manifest_timeout,
                // The others' time runs all the same.
                Err(error) => {
                    failure.get_or_insert(error);
                    continue;
                }
            };
            clock.manifest_timeouts.insert(order, seconds);
            let configured = self.policy.manifest_timeout;
            if configured.0 > longest_manifest_timeout(seconds) {
                tracing::warn!(
                    %order, %configured, seconds,
                    "bidding.manifest_timeout reaches beyond the hour in which this lease can be \
                     closed for it; it is closed before the end of that hour"
                );
            }
        }
        failure.map_or(Ok(()), |error| Err(error.into()))
    }

    async fn act(
        &self,
        input: &UpkeepInput,
        at: Cursor,
        task: UpkeepTask,
    ) -> Result<(), ChainError> {
        let key = key(&task);
        let before = {
            let key = key.clone();
            self.store.read(move |sql| attempts(sql, &key)).await?
        };
        let (count, next) = match before {
            Attempts::None(key) => (0, key),
            Attempts::InFlight => return Ok(()),
            Attempts::Done { count, next } => match task {
                // An ended lease may have earned more since the withdrawal was executed; its
                // stream says how much.
                UpkeepTask::Withdraw { order, .. } if !input.has_ended(order) => {
                    return self.withdrawn(order, at.time).await;
                }
                UpkeepTask::Withdraw { .. } => (count, next),
                // One message may not handle all disqualified bids.
                UpkeepTask::CloseAuction(_) | UpkeepTask::CloseEmpty { .. } => (count, next),
                UpkeepTask::ManifestTimeout(_)
                | UpkeepTask::EndReclaim(_)
                | UpkeepTask::EndDeployment { .. }
                | UpkeepTask::ExpireOrder { .. }
                | UpkeepTask::TakeBack(_) => return Ok(()),
            },
            Attempts::Failed { count, next, why } => {
                tracing::debug!(%key, %why, count, "upkeep task refused by the chain");
                (count, next)
            }
        };
        if !is_retry_height(count, at) {
            return Ok(());
        }
        let Some(msg) = self.message(input, at, &task).await? else { return Ok(()) };
        self.store.write(move |tx| outbox::send(tx, &next, msg).map(|_| ())).await?;
        Ok(())
    }

    /// The message for a task; none if it is not needed now.
    async fn message(
        &self,
        input: &UpkeepInput,
        at: Cursor,
        task: &UpkeepTask,
    ) -> Result<Option<Any>, ChainError> {
        Ok(match task {
            UpkeepTask::Withdraw { order, .. } => {
                let lease = input.leases.iter().find(|lease| lease.order == *order);
                let Some(lease) = lease else { return Ok(None) };
                // At the store's height: a node behind it may not have the lease's end.
                let market = self.market.at(at.height);
                let stream = market.escrow.stream(lease.account, order.0).await?;
                if stream.is_none_or(|stream| stream.owed.u128() == 0) {
                    self.withdrawn(*order, at.time).await?;
                    return Ok(None);
                }
                Some(self.messages.withdraw(lease.account, *order)?)
            }
            UpkeepTask::ManifestTimeout(order) => {
                Some(self.messages.close_lease(*order, CloseReason::ManifestTimeout)?)
            }
            UpkeepTask::EndReclaim(order) => Some(self.messages.end_reclaim(*order)?),
            UpkeepTask::EndDeployment { deployment, .. } => {
                Some(self.messages.end_deployment(*deployment)?)
            }
            // The others would pay for it in vain.
            UpkeepTask::ExpireOrder { order, auction } => match self.leads(*auction).await? {
                true => Some(self.messages.expire_order(*order)?),
                false => None,
            },
            UpkeepTask::CloseEmpty { order, auction } => match self.leads(*auction).await? {
                true => Some(self.messages.close_auction(*order, AUCTION_LIMIT)?),
                false => None,
            },
            UpkeepTask::TakeBack(order) => Some(self.messages.withdraw_bid(*order)?),
            UpkeepTask::CloseAuction(order) => {
                let leads = self.leads(*order).await?;
                let row = input.orders.iter().find(|row| row.id == *order);
                let end = row.and_then(|row| row.closes_at).unwrap_or(at.time);
                // The leading bidder closes first; after a while the others may.
                if !leads && at.time < end.saturating_add(LEADER_TIMEOUT) {
                    return Ok(None);
                }
                Some(self.messages.close_auction(*order, AUCTION_LIMIT)?)
            }
        })
    }

    /// Whether the own bid is the lowest on an order.
    async fn leads(&self, order: OrderId) -> Result<bool, ChainError> {
        let lowest = self.market.orderbook.lowest_bid(order).await?;
        Ok(lowest.is_some_and(|bid| bid.provider == self.market.provider()))
    }

    async fn withdrawn(&self, order: OrderId, time: u64) -> Result<(), ChainError> {
        Ok(self.store.write(move |tx| rows::set_withdrawn(tx, order, time)).await?)
    }
}

/// Whether a task with this many attempts is sent at this height; one without attempts always is.
fn is_retry_height(count: u32, at: Cursor) -> bool {
    at.height.is_multiple_of(1 << count.min(MAX_EXPONENT))
}

fn key(task: &UpkeepTask) -> String {
    match task {
        UpkeepTask::Withdraw { order, since } => format!("withdraw/{order}/{since}"),
        UpkeepTask::ManifestTimeout(order) => format!("close_lease/{order}/manifest_timeout"),
        UpkeepTask::EndReclaim(order) => format!("end_reclaim/{order}"),
        UpkeepTask::EndDeployment { deployment, depleted_since, marked } => {
            let step = if *marked { "end" } else { "mark" };
            // The key stays as it was stored by earlier versions.
            format!("reap/{deployment}/{depleted_since}/{step}")
        }
        UpkeepTask::ExpireOrder { order, .. } => format!("expire_order/{order}"),
        UpkeepTask::CloseAuction(order) | UpkeepTask::CloseEmpty { order, .. } => {
            format!("close_auction/{order}")
        }
        UpkeepTask::TakeBack(order) => take_back_key(*order),
    }
}

/// What decides at a block, of the leases that may have a task.
fn input(
    sql: &rusqlite::Connection,
    watched: BTreeSet<OrderId>,
) -> Result<UpkeepInput, StoreError> {
    let at = cursor::get(sql)?;
    let (mut leases, mut with_manifest) = (Vec::new(), BTreeSet::new());
    for order in watched {
        leases.extend(rows::get(sql, order)?);
        if manifests::exists(sql, order)? {
            with_manifest.insert(order);
        }
    }
    let orders = at.map_or(Ok(Vec::new()), |at| orders::over_with_bid(sql, at.time))?;
    let bids = orders.iter().map(|order| bids::get(sql, order.id));
    let bids = bids.collect::<Result<Vec<_>, StoreError>>()?.into_iter().flatten().collect();
    let mut overdue = Vec::new();
    for (at, order) in orders.iter().filter_map(|order| Some((at?, order))) {
        let found = orders::overdue(sql, order.group.deployment, order.id, at.time)?;
        let auction = order.id;
        overdue.extend(found.into_iter().map(|(order, expired)| Overdue {
            order,
            auction,
            expired,
        }));
    }
    let waiting = at.map_or(Ok(Vec::new()), |at| bids::waiting(sql, at.time))?;
    Ok(UpkeepInput {
        at,
        leases,
        with_manifest,
        current_since: None,
        accepting_since: 0,
        manifest_timeouts: BTreeMap::new(),
        taken_up: taken_up::get(sql)?,
        up: Vec::new(),
        doubt: None,
        in_cluster: None,
        marks: marks::all(sql)?,
        bids,
        orders,
        overdue,
        waiting,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_task_is_retried_less_and_less_and_never_given_up() {
        let heights_of = |count: u32| {
            let heights = 1..=2_048;
            heights
                .filter(|height| is_retry_height(count, Cursor { height: *height, time: 0 }))
                .count()
        };
        assert_eq!([0, 1, 2, 5, 10].map(heights_of), [2_048, 1_024, 512, 64, 2]);
        assert_eq!([11, 100, u32::MAX].map(heights_of), [2, 2, 2]);
    }
}
