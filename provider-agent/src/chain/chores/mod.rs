//! What leases and auctions need on the chain: earnings withdrawn, a lease without manifest
//! closed, a depleted deployment ended, a won auction closed.
//!
//! [`plan()`] is pure and says what is due at a block; [`Chores`] hands it to the outbox. Time is
//! block time. Nothing is sent while the follower is behind: what looks due may be done.

mod plan;
mod serving;
mod sweep;

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use souk_chain::Any;
use souk_core::{CloseReason, OrderId};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

pub use self::plan::{Chore, Standing, plan};
use self::{
    serving::{Serving, is_current},
    sweep::sweep,
};
use super::{
    ChainError, Market,
    follow::FollowState,
    outbox::{self, Messages, Tries, tries},
};
use crate::{
    config::Bidding,
    kube::cache::Caches,
    store::{Cursor, Store, StoreError, Topic, bids, cursor, leases, manifests, marks, orders},
};

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
    /// What of ours is in the cluster.
    pub caches: Caches,
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
                sweep(&self.store, height).await?;
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
                Chore::ManifestTimeout(_) | Chore::EndDeployment { .. } => return Ok(()),
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
            Chore::EndDeployment { deployment, .. } => {
                Some(self.messages.end_deployment(*deployment)?)
            }
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
}

/// A chore that was tried so often is tried again at fewer and fewer heights, and a new one now.
fn is_time(count: u32, at: Cursor) -> bool {
    at.height.is_multiple_of(1 << count.min(RAREST))
}

fn key(chore: &Chore) -> String {
    match chore {
        Chore::Withdraw { order, since } => format!("withdraw/{order}/{since}"),
        Chore::ManifestTimeout(order) => format!("close_lease/{order}/manifest_timeout"),
        Chore::EndDeployment { deployment, depleted_since, marked } => {
            // The key is in stores that are in use, so it keeps its first name.
            let step = if *marked { "end" } else { "mark" };
            format!("reap/{deployment}/{depleted_since}/{step}")
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
