//! What leases and auctions need on the chain: earnings withdrawn, a lease without manifest
//! closed, a dry deployment reaped, a won auction closed.
//!
//! [`plan`] is pure and says what is due at a block; [`run`] hands it to the outbox. Time is
//! block time. Nothing is sent while the follower is behind: what looks due may be done.

use std::{collections::BTreeSet, time::Duration};

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
    /// Deployments marked for reaping.
    pub marks: Vec<MarkRow>,
    /// Own bids.
    pub bids: Vec<BidRow>,
    /// Orders that are open.
    pub orders: Vec<OrderRow>,
}

/// What is due.
pub fn plan(standing: &Standing, policy: &Bidding) -> Vec<Chore> {
    let Some(at) = standing.at else { return Vec::new() };
    let mut due = Vec::new();
    let mut reaped = BTreeSet::new();
    for lease in &standing.leases {
        let active = lease.state == LeaseState::Active;
        let since = lease.withdrawn_at;
        // A closed lease owes what it earned since the last withdrawal, once.
        let owes = match lease.closed_at {
            None => at.time.saturating_sub(since) >= policy.withdraw_every.0,
            Some(closed_at) => since <= closed_at,
        };
        if owes && at.time > since {
            due.push(Chore::Withdraw { order: lease.order, since });
        }
        let late = at.time.saturating_sub(lease.created_at) > policy.manifest_timeout.0;
        if active && late && !standing.with_manifest.contains(&lease.order) {
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
}

impl Chores {
    /// Works until stopped. Ends with an error only if the store fails.
    pub async fn run(self, stop: CancellationToken) -> Result<(), StoreError> {
        let mut listener = self.store.listen(&[Topic::Cursor, Topic::Manifests, Topic::Leases]);
        let mut swept = 0;
        loop {
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                () = listener.changed() => {}
            }
            if !self.is_current() {
                continue;
            }
            match self.round().await {
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

    /// Whether the store is at the chain's head, give or take a block.
    fn is_current(&self) -> bool {
        let state = self.following.borrow();
        state.trouble.is_none() && state.head <= state.height.saturating_add(2)
    }

    async fn round(&self) -> Result<(), ChainError> {
        let standing = self.store.read(standing).await?;
        let Some(at) = standing.at else { return Ok(()) };
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
                Chore::Withdraw { order, .. } => return self.withdrawn(order, at).await,
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
                match self.market.stream(lease.account, order.0).await {
                    Ok(stream) if stream.owed.u128() > 0 => {}
                    Err(error) if !error.is_refusal() => return Err(error),
                    // Nothing to be paid, or nothing left of the stream.
                    _ => {
                        self.withdrawn(*order, at).await?;
                        return Ok(None);
                    }
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

    async fn withdrawn(&self, order: OrderId, at: Cursor) -> Result<(), ChainError> {
        Ok(self.store.write(move |tx| leases::set_withdrawn(tx, order, at.time)).await?)
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
                    if old && bids::get(tx, lease.order)?.is_none() {
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
        marks: marks::all(sql)?,
        bids: bids::all(sql)?,
        orders: orders::open(sql)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

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
