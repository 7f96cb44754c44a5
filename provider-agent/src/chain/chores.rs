//! What leases and auctions need on the chain: earnings withdrawn, a lease without manifest
//! closed, a dry deployment reaped, a won auction closed.
//!
//! [`plan`] is pure and says what is due at a block; [`run`] hands it to the outbox. Time is
//! block time. Nothing is sent while the follower is behind: what looks due may be done.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use souk_api::orderbook::LeaseState;
use souk_chain::Any;
use souk_core::{AuctionPolicy, CloseReason, DeploymentId, OrderId, time::DAY};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{
    ChainError, Market,
    apply::order_over,
    follow::FollowState,
    outbox::{self, Messages, Tries, tries},
};
use crate::{
    config::Bidding,
    kube::cache::Caches,
    store::{
        BidProgress, BidRow, Cursor, LeaseRow, MarkRow, OrderRow, Store, StoreError, Topic, bids,
        cursor, decisions, deployments, leases, manifests, marks, orders,
    },
};

/// A chore that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chore {
    /// Withdraw what a lease has earned; the number tells one withdrawal from the next.
    Withdraw {
        /// The lease.
        order: OrderId,
        /// Block time of the withdrawal before.
        since: u64,
    },
    /// Close a lease whose manifest did not come.
    ManifestTimeout(OrderId),
    /// Mark a dry deployment, or end it.
    Reap {
        /// The deployment.
        deployment: DeploymentId,
        /// Since when it is dry.
        dry_since: u64,
        /// The second step.
        marked: bool,
    },
    /// Close an auction in which the own bid leads.
    CloseAuction(OrderId),
}

/// What the plan rests on.
#[derive(Debug, Clone, Default)]
pub struct Standing {
    /// The last block; none before the first.
    pub at: Option<Cursor>,
    /// Own leases, ended ones too.
    pub leases: Vec<LeaseRow>,
    /// Leases that have a manifest.
    pub with_manifest: BTreeSet<OrderId>,
    /// Block time since when tenants can send manifests without a longer break; none while the
    /// agent is behind.
    pub serving_since: Option<u64>,
    /// Leases that have a namespace in the cluster; none while that cannot be seen.
    pub in_cluster: Option<BTreeSet<OrderId>>,
    /// Deployments marked for reaping.
    pub marks: Vec<MarkRow>,
    /// Own bids.
    pub bids: Vec<BidRow>,
    /// Orders that are open.
    pub orders: Vec<OrderRow>,
}

impl Standing {
    fn has_ended(&self, order: OrderId) -> bool {
        let mut leases = self.leases.iter();
        leases.any(|lease| lease.order == order && lease.closed_at.is_some())
    }
}

/// What is due.
pub fn plan(standing: &Standing, policy: &Bidding) -> Vec<Chore> {
    let Some(at) = standing.at else { return Vec::new() };
    let mut due = Vec::new();
    let mut reaped = BTreeSet::new();
    for lease in &standing.leases {
        let active = lease.state == LeaseState::Active;
        let since = lease.withdrawn_at;
        let owes = match lease.closed_at {
            None => at.time.saturating_sub(since) >= policy.withdraw_every.0,
            Some(_) => !lease.is_paid(),
        };
        if owes && at.time > since {
            due.push(Chore::Withdraw { order: lease.order, since });
        }
        if active && is_late(standing, lease, at, policy) {
            due.push(Chore::ManifestTimeout(lease.order));
        }
        let deployment = lease.group.deployment;
        if active && policy.reap && !lease.is_funded_at(at.time) && reaped.insert(deployment) {
            due.extend(reap(standing, deployment, lease.depletion().unwrap_or(at.time), at));
        }
    }
    let bids = standing.bids.iter().filter(|bid| bid.progress == BidProgress::Open);
    for bid in bids {
        let order = standing.orders.iter().find(|order| order.id == bid.order);
        let over = |order: &OrderRow| {
            matches!(order.auction, AuctionPolicy::LowestPrice { .. })
                && order.closes_at.is_some_and(|end| at.time >= end)
        };
        if order.is_some_and(over) {
            due.push(Chore::CloseAuction(bid.order));
        }
    }
    due
}

/// Whether a lease's manifest should have come by now. The tenant's time runs only while the
/// agent could take it; and a namespace is there because it had come, to a store that was lost.
fn is_late(standing: &Standing, lease: &LeaseRow, at: Cursor, policy: &Bidding) -> bool {
    let (Some(serving), Some(in_cluster)) = (standing.serving_since, &standing.in_cluster) else {
        return false;
    };
    let waited = at.time.saturating_sub(lease.created_at.max(serving));
    waited > policy.manifest_timeout.0
        && !standing.with_manifest.contains(&lease.order)
        && !in_cluster.contains(&lease.order)
}

fn reap(
    standing: &Standing,
    deployment: DeploymentId,
    dry_since: u64,
    at: Cursor,
) -> Option<Chore> {
    let mark = standing.marks.iter().find(|mark| {
        // A mark from an earlier dry spell was cleared when the clock started again.
        mark.deployment == deployment && mark.dry_since == dry_since
    });
    match mark {
        None => Some(Chore::Reap { deployment, dry_since, marked: false }),
        Some(mark) if at.time >= mark.reapable_at => {
            Some(Chore::Reap { deployment, dry_since, marked: true })
        }
        Some(_) => None,
    }
}

/// Seconds of block time that the leading bidder has for closing an auction.
const LEADERS_TIME: u64 = 120;
/// Disqualified bids that one message goes through.
const AUCTION_LIMIT: u32 = 20;
/// A chore that the chain refuses is tried again at heights that are multiples of two to so many
/// at most: an hour or two of blocks. It is never given up, since a pause may last for days.
const RAREST: u32 = 10;
/// The agent may be behind for so long before tenants get their time for manifests anew.
const BREAK: Duration = Duration::from_secs(60);

/// The chores' task.
pub struct Chores {
    /// The market.
    pub market: Market,
    /// The store.
    pub store: Store,
    /// Writes the messages.
    pub messages: Messages,
    /// Prices and limits.
    pub policy: Bidding,
    /// How the follower is doing.
    pub following: watch::Receiver<FollowState>,
    /// What of ours is in the cluster.
    pub caches: Caches,
}

/// Whether the store is at the chain's head, give or take a block. Before the follower's first
/// word it is where the process before left it.
fn is_current(state: &FollowState) -> bool {
    state.height > 0 && state.trouble.is_none() && state.head <= state.height.saturating_add(2)
}

/// Since when the agent is at the chain's head. Not stored: a new process starts anew, since
/// nobody could send it anything before.
#[derive(Debug, Default)]
struct Serving {
    /// Block time at which it came there.
    since: Option<u64>,
    /// When it was last seen there.
    seen: Option<Instant>,
}

impl Serving {
    fn is_current(&mut self, block_time: u64, now: Instant) {
        let after = self.seen.map(|seen| now.saturating_duration_since(seen));
        if after.is_none_or(|after| after > BREAK) {
            self.since = Some(block_time);
        }
        self.seen = Some(now);
    }
}

impl Chores {
    /// Works until stopped. Ends with an error only if the store fails.
    pub async fn run(self, stop: CancellationToken) -> Result<(), StoreError> {
        let mut listener = self.store.listen(&[Topic::Cursor, Topic::Manifests, Topic::Leases]);
        let mut swept = 0;
        let mut serving = Serving::default();
        loop {
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                () = listener.changed() => {}
            }
            if !self.is_current() {
                continue;
            }
            match self.round(&mut serving).await {
                Ok(()) => {}
                Err(ChainError::Store(error)) => return Err(error),
                Err(error) => tracing::warn!(%error, "a chore waits"),
            }
            let height = self.following.borrow().height;
            if height >= swept + 100 {
                self.sweep(height).await?;
                swept = height;
            }
            // Blocks may come faster than chores need to be looked at.
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    fn is_current(&self) -> bool {
        is_current(&self.following.borrow())
    }

    async fn round(&self, serving: &mut Serving) -> Result<(), ChainError> {
        let mut standing = self.store.read(standing).await?;
        let Some(at) = standing.at else { return Ok(()) };
        serving.is_current(at.time, Instant::now());
        standing.serving_since = serving.since;
        standing.in_cluster = self.caches.leases();
        for chore in plan(&standing, &self.policy) {
            match self.act(&standing, at, chore.clone()).await {
                Ok(()) => {}
                Err(ChainError::Store(error)) => return Err(ChainError::Store(error)),
                // One chore that cannot be done now keeps no other from being done.
                Err(error) => tracing::warn!(?chore, %error, "a chore waits"),
            }
        }
        Ok(())
    }

    async fn act(&self, standing: &Standing, at: Cursor, chore: Chore) -> Result<(), ChainError> {
        let key = key(&chore);
        let before = {
            let key = key.clone();
            self.store.read(move |sql| tries(sql, &key)).await?
        };
        let (count, next) = match before {
            Tries::None(key) => (0, key),
            Tries::UnderWay => return Ok(()),
            Tries::Done { count, next } => match chore {
                // It may have been executed before the lease ended and be seen only now: what
                // an ended lease still owes its stream alone can tell.
                Chore::Withdraw { order, .. } if !standing.has_ended(order) => {
                    return self.withdrawn(order, at.time).await;
                }
                Chore::Withdraw { .. } => (count, next),
                // One message may not get through all disqualified bids.
                Chore::CloseAuction(_) => (count, next),
                Chore::ManifestTimeout(_) | Chore::Reap { .. } => return Ok(()),
            },
            Tries::Failed { count, next, why } => {
                tracing::debug!(%key, %why, count, "the chain refused a chore");
                (count, next)
            }
        };
        if !is_time(count, at) {
            return Ok(());
        }
        let Some(msg) = self.message(standing, at, &chore).await? else { return Ok(()) };
        self.store.write(move |tx| outbox::send(tx, &next, msg).map(|_| ())).await?;
        Ok(())
    }

    /// The message for a chore; none if it turns out not to be needed now.
    async fn message(
        &self,
        standing: &Standing,
        at: Cursor,
        chore: &Chore,
    ) -> Result<Option<Any>, ChainError> {
        Ok(match chore {
            Chore::Withdraw { order, .. } => {
                let lease = standing.leases.iter().find(|lease| lease.order == *order);
                let Some(lease) = lease else { return Ok(None) };
                // At the height of what the store knows: a node behind it has not seen the end.
                let market = self.market.at(at.height);
                let stream = market.stream(lease.account, order.0).await?;
                if stream.is_none_or(|stream| stream.owed.u128() == 0) {
                    self.withdrawn(*order, at.time).await?;
                    return Ok(None);
                }
                Some(self.messages.withdraw(lease.account, *order)?)
            }
            Chore::ManifestTimeout(order) => {
                Some(self.messages.close_lease(*order, CloseReason::ManifestTimeout)?)
            }
            Chore::Reap { deployment, .. } => Some(self.messages.reap(*deployment)?),
            Chore::CloseAuction(order) => {
                let lowest = self.market.lowest_bid(*order).await?;
                let leads = lowest.is_some_and(|bid| bid.provider == self.market.provider());
                let row = standing.orders.iter().find(|row| row.id == *order);
                let end = row.and_then(|row| row.closes_at).unwrap_or(at.time);
                // Whoever leads closes; if it does not, the others do.
                if !leads && at.time < end.saturating_add(LEADERS_TIME) {
                    return Ok(None);
                }
                Some(self.messages.close_auction(*order, AUCTION_LIMIT)?)
            }
        })
    }

    async fn withdrawn(&self, order: OrderId, time: u64) -> Result<(), ChainError> {
        Ok(self.store.write(move |tx| leases::set_withdrawn(tx, order, time)).await?)
    }

    /// Forgets what is of no use any more.
    async fn sweep(&self, height: u64) -> Result<(), StoreError> {
        const KEPT: u64 = 20_000;
        self.store
            .write(move |tx| {
                let Some(at) = cursor::get(tx)? else { return Ok(()) };
                let now = at.time;
                // An order without auction ends with its last second, and no event tells.
                for order in orders::open(tx)? {
                    if order.closes_at.is_none() && now > order.expires_at {
                        order_over(tx, at, order.id)?;
                    }
                }
                for lease in leases::all(tx)? {
                    let old = lease.closed_at.is_some_and(|end| now > end.saturating_add(2 * DAY));
                    if old && lease.is_paid() && bids::get(tx, lease.order)?.is_none() {
                        leases::forget(tx, lease.order)?;
                        manifests::forget(tx, lease.order)?;
                    }
                }
                let before = height.saturating_sub(KEPT);
                decisions::forget_before(tx, before)?;
                orders::forget_closed(tx, before)?;
                deployments::forget_idle(tx)?;
                Ok(())
            })
            .await
    }
}

/// A chore that was tried so often is tried again at fewer and fewer heights, and a new one now.
fn is_time(count: u32, at: Cursor) -> bool {
    at.height.is_multiple_of(1 << count.min(RAREST))
}

fn key(chore: &Chore) -> String {
    match chore {
        Chore::Withdraw { order, since } => format!("withdraw/{order}/{since}"),
        Chore::ManifestTimeout(order) => format!("close_lease/{order}/manifest_timeout"),
        Chore::Reap { deployment, dry_since, marked } => {
            let step = if *marked { "end" } else { "mark" };
            format!("reap/{deployment}/{dry_since}/{step}")
        }
        Chore::CloseAuction(order) => format!("close_auction/{order}"),
    }
}

fn standing(sql: &rusqlite::Connection) -> Result<Standing, StoreError> {
    let leases = leases::all(sql)?;
    let mut with_manifest = BTreeSet::new();
    for lease in &leases {
        if manifests::exists(sql, lease.order)? {
            with_manifest.insert(lease.order);
        }
    }
    Ok(Standing {
        at: cursor::get(sql)?,
        leases,
        with_manifest,
        serving_since: None,
        in_cluster: None,
        marks: marks::all(sql)?,
        bids: bids::all(sql)?,
        orders: orders::open(sql)?,
    })
}

#[cfg(test)]
mod tests {
    use souk_core::{AccountId, Denom, GroupId, GroupSeq, Price};

    use super::*;

    const LEASE: OrderId = OrderId(7);

    fn policy() -> Bidding {
        toml::from_str("rates = []\nmanifest_timeout = \"10m\"\nwithdraw_every = \"1day\"").unwrap()
    }

    fn lease(created_at: u64) -> LeaseRow {
        LeaseRow {
            order: LEASE,
            group: GroupId { deployment: DeploymentId(3), group: GroupSeq(1) },
            owner: "souk1ann".into(),
            price: Price::new(100).unwrap(),
            denom: Denom::native("usouk"),
            account: AccountId(3),
            state: LeaseState::Active,
            reason: None,
            created_at,
            closed_at: None,
            withdrawn_at: created_at,
            clock: None,
        }
    }

    #[test]
    fn a_tenants_time_for_its_manifest_runs_only_while_the_agent_could_take_it() {
        let (none, there) = (BTreeSet::new(), BTreeSet::from([LEASE]));
        for (case, created, serving, manifests, in_cluster, late) in [
            ("in time", 9_500, Some(100), &none, Some(&none), false),
            ("late", 9_300, Some(100), &none, Some(&none), true),
            ("it came", 9_300, Some(100), &there, Some(&none), false),
            ("the agent was away until now", 9_300, Some(9_990), &none, Some(&none), false),
            ("the agent is behind", 9_300, None, &none, Some(&none), false),
            ("it runs, and the store was lost", 9_300, Some(100), &none, Some(&there), false),
            ("the cluster cannot be seen", 9_300, Some(100), &none, None, false),
        ] {
            let standing = Standing {
                at: Some(Cursor { height: 5, time: 10_000 }),
                leases: vec![lease(created)],
                with_manifest: manifests.clone(),
                serving_since: serving,
                in_cluster: in_cluster.cloned(),
                ..Standing::default()
            };
            let expected = if late { vec![Chore::ManifestTimeout(LEASE)] } else { vec![] };
            assert_eq!(plan(&standing, &policy()), expected, "{case}");
        }
    }

    #[test]
    fn an_ended_lease_is_asked_about_until_it_is_seen_to_owe_nothing() {
        for (withdrawn_at, due) in [(8_000, true), (9_000, true), (9_001, false)] {
            let ended = LeaseRow {
                state: LeaseState::Closed,
                closed_at: Some(9_000),
                withdrawn_at,
                ..lease(7_000)
            };
            let at = Some(Cursor { height: 5, time: 10_000 });
            let standing = Standing { at, leases: vec![ended], ..Standing::default() };
            let withdraw = Chore::Withdraw { order: LEASE, since: withdrawn_at };
            let expected = if due { vec![withdraw] } else { vec![] };
            assert_eq!(plan(&standing, &policy()), expected, "{withdrawn_at}");
        }
    }

    #[test]
    fn nothing_is_judged_before_the_store_is_at_the_head() {
        let state = |height, head| FollowState { height, head, ..FollowState::default() };
        let troubled = FollowState { trouble: Some("no node".into()), ..state(100, 100) };
        for (state, current) in [
            (state(0, 0), false),
            (state(100, 102), true),
            (state(100, 103), false),
            (troubled, false),
        ] {
            assert_eq!(is_current(&state), current, "{state:?}");
        }
    }

    #[test]
    fn only_a_longer_break_starts_the_time_for_manifests_anew() {
        let start = Instant::now();
        let mut serving = Serving::default();
        let mut at = |seconds, block_time| {
            serving.is_current(block_time, start + Duration::from_secs(seconds));
            serving.since
        };
        assert_eq!(at(0, 1_000), Some(1_000));
        assert_eq!(at(59, 1_059), Some(1_000));
        assert_eq!(at(119, 9_000), Some(1_000), "block time may jump");
        assert_eq!(at(180, 9_061), Some(9_061));
    }

    #[test]
    fn a_chore_that_is_refused_is_tried_less_and_less_and_never_given_up() {
        let tries = |count: u32| {
            let heights = 1..=2_048;
            heights.filter(|height| is_time(count, Cursor { height: *height, time: 0 })).count()
        };
        assert_eq!([0, 1, 2, 5, 10].map(tries), [2_048, 1_024, 512, 64, 2]);
        assert_eq!([11, 100, u32::MAX].map(tries), [2, 2, 2]);
    }
}
