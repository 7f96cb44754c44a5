//! The upkeep tasks that are due at a block.

mod watched;

use std::collections::{BTreeMap, BTreeSet};

use souk_api::orderbook::{LeaseState, MANIFEST_WINDOW};
use souk_core::{AuctionPolicy, DeploymentId, OrderId};

use super::{
    Bid, BidProgress, Cursor, Lease, Mark, Order,
    reach::{UpTime, all_up},
};
use crate::config::Bidding;

pub use watched::WatchedLeases;

/// A task that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UpkeepTask {
    /// Withdraw what a lease has earned.
    Withdraw {
        /// The lease.
        order: OrderId,
        /// Block time of the last withdrawal, which tells one task from the next.
        since: u64,
    },
    /// Close a lease whose manifest did not come in time.
    ManifestTimeout(OrderId),
    /// End a lease whose notice is over.
    EndReclaim(OrderId),
    /// Mark a depleted deployment, or end it.
    EndDeployment {
        /// The deployment.
        deployment: DeploymentId,
        /// Since when it is depleted.
        depleted_since: u64,
        /// Whether it is marked already and can be ended.
        marked: bool,
    },
    /// Record the end of an order that nobody bid on, so that what it reserves does not keep the account from
    /// carrying the winner of an auction that is about to be closed.
    ExpireOrder {
        /// The order that is over.
        order: OrderId,
        /// The auction.
        auction: OrderId,
    },
    /// Close another auction of the deployment that nobody bid on and whose time is over, for the same.
    CloseEmpty {
        /// The one that nobody bid on.
        order: OrderId,
        /// The auction.
        auction: OrderId,
    },
    /// Close an auction in which the own bid leads.
    CloseAuction(OrderId),
    /// Take back an open bid that was not accepted in time.
    TakeBack(OrderId),
}

impl UpkeepTask {
    /// Whether nothing undoes it: it ends a lease, a deployment, an order or a bid.
    pub fn is_final(&self) -> bool {
        match self {
            Self::ManifestTimeout(_)
            | Self::EndReclaim(_)
            | Self::EndDeployment { .. }
            | Self::ExpireOrder { .. }
            | Self::CloseEmpty { .. }
            | Self::CloseAuction(_)
            | Self::TakeBack(_) => true,
            Self::Withdraw { .. } => false,
        }
    }
}

/// An order that is over, that nobody bid on and that still reserves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overdue {
    /// The order.
    pub order: OrderId,
    /// An auction of the same deployment that is over and in which an own bid is.
    pub auction: OrderId,
    /// Whether its lifetime is over; else the time of its auction is.
    pub expired: bool,
}

/// The input of [`plan`].
#[derive(Debug, Clone, Default)]
pub struct UpkeepInput {
    /// The last block; none before the first.
    pub at: Option<Cursor>,
    /// Own leases, ended ones too: all that may have a task now ([`WatchedLeases`]).
    pub leases: Vec<Lease>,
    /// Those of them that have a manifest.
    pub with_manifest: BTreeSet<OrderId>,
    /// Block time since when the agent is at the chain's head and takes manifests; none while it is
    /// behind.
    pub current_since: Option<u64>,
    /// The `manifest_timeout` of leases, in seconds; those of which it is not known are missing.
    pub manifest_timeouts: BTreeMap<OrderId, u64>,
    /// Block time at which the store was filled from the chain, new or put back; none if it never was.
    pub taken_up: Option<u64>,
    /// When tenants could deliver: for each thing that they need and that is tried.
    pub up: Vec<UpTime>,
    /// Why the chain's state is in doubt, if it is: endpoints do not agree.
    pub doubt: Option<String>,
    /// Those of them that have a namespace in the cluster; none while that cannot be seen.
    pub in_cluster: Option<BTreeSet<OrderId>>,
    /// Deployments marked for their end.
    pub marks: Vec<Mark>,
    /// Own bids on those orders.
    pub bids: Vec<Bid>,
    /// Orders that are open, and whose auctions are over: all on which an own bid is.
    pub orders: Vec<Order>,
    /// Other orders of their deployments that are over and that nobody bid on.
    pub overdue: Vec<Overdue>,
    /// Own bids that can be taken back, each with the block time at which it was placed.
    pub waiting: Vec<(OrderId, u64)>,
    /// Since when tenants could accept bids all the time, block time.
    pub accepting_since: u64,
}

impl UpkeepInput {
    /// Whether an own lease has ended.
    pub fn has_ended(&self, order: OrderId) -> bool {
        let mut leases = self.leases.iter();
        leases.any(|lease| lease.order == order && lease.closed_at.is_some())
    }
}

impl UpkeepInput {
    /// Own leases that run and have no manifest.
    pub fn without_manifest(&self) -> BTreeSet<OrderId> {
        let active = self.leases.iter().filter(|lease| lease.state == LeaseState::Active);
        let orders = active.map(|lease| lease.order);
        orders.filter(|order| !self.with_manifest.contains(order)).collect()
    }
}

/// The tasks that are due. While the chain's state is in doubt, none that cannot be taken back is.
pub fn plan(input: &UpkeepInput, policy: &Bidding) -> Vec<UpkeepTask> {
    let Some(at) = input.at else { return Vec::new() };
    let mut due = Vec::new();
    let mut ended = BTreeSet::new();
    for lease in &input.leases {
        let active = lease.state == LeaseState::Active;
        let since = lease.withdrawn_at;
        let owes = match lease.closed_at {
            None => at.time >= lease.withdrawal_due(policy.withdraw_every.0),
            Some(_) => !lease.is_paid(),
        };
        if owes && at.time > since {
            due.push(UpkeepTask::Withdraw { order: lease.order, since });
        }
        if active && is_late(input, lease, at, policy) {
            due.push(UpkeepTask::ManifestTimeout(lease.order));
        }
        if active && lease.reclaim.is_some_and(|reclaim| reclaim.is_over(at)) {
            due.push(UpkeepTask::EndReclaim(lease.order));
        }
        let deployment = lease.group.deployment;
        if active
            && policy.end_deployments
            && !lease.is_funded_at(at.time)
            && ended.insert(deployment)
        {
            due.extend(end_deployment(input, deployment, lease.depletion().unwrap_or(at.time), at));
        }
    }
    let bids = input.bids.iter().filter(|bid| bid.progress == BidProgress::Open);
    for bid in bids {
        let order = input.orders.iter().find(|order| order.id == bid.order);
        let over = |order: &Order| {
            matches!(order.auction, AuctionPolicy::LowestPrice { .. })
                && order.auction_over(at.time, at.height).is_some()
        };
        if order.is_some_and(over) {
            let before = input.overdue.iter().filter(|over| over.auction == bid.order);
            due.extend(before.map(|over| {
                let Overdue { order, auction, expired } = *over;
                match expired {
                    true => UpkeepTask::ExpireOrder { order, auction },
                    false => UpkeepTask::CloseEmpty { order, auction },
                }
            }));
            due.push(UpkeepTask::CloseAuction(bid.order));
        }
    }
    let timeout = policy.take_bids_back_after.0;
    let late = input.waiting.iter().filter(|(_, placed)| {
        // Only time counts in which the tenant could accept it.
        at.time.saturating_sub(input.accepting_since.max(*placed)) >= timeout
    });
    due.extend(late.map(|(order, _)| UpkeepTask::TakeBack(*order)));
    if input.doubt.is_some() {
        due.retain(|task| !task.is_final());
    }
    due
}

/// A tenant's time is at most this many times `manifest_timeout`, if it cannot deliver.
const MAX_PROLONGED: u64 = 4;

/// How long a message may take to be in a block, in seconds: nothing is begun later before the end of the
/// chain's window.
const SENDING: u64 = 60;

/// How long before that end a lease is closed for which the chain's own time is over, in seconds, though the
/// configured time is not.
const LAST_CALL: u64 = 300;

/// The longest configured `manifest_timeout`, in seconds, that is kept to in a market with that time of its
/// own: of a longer one leases are closed shortly before the market's hour for it is over.
pub fn longest_manifest_timeout(chains: u64) -> u64 {
    let closes = chains.saturating_add(MANIFEST_WINDOW);
    closes.saturating_sub(SENDING).saturating_sub(LAST_CALL)
}

/// Whether a lease's manifest is overdue. The tenant's time is the longer of the configured one and the
/// chain's. It runs only while the agent takes manifests: its gateway is reached and manifests can be tried,
/// but not for longer than four times as much.
///
/// The chain allows the close within an hour after its time. Shortly before the end of that hour the
/// shorter of both is enough. What is not due by then never is: the lease goes on and is paid.
///
/// A lease with a namespace had a manifest, in a store that was lost. So may any have had that is older than
/// the store's last filling from the chain: its tenant has done its part, and does not know that it is asked
/// again until it looks. It pays meanwhile, so that leaving it open takes nothing from anybody.
fn is_late(input: &UpkeepInput, lease: &Lease, at: Cursor, policy: &Bidding) -> bool {
    let (Some(current_since), Some(in_cluster), Some(&least)) =
        (input.current_since, &input.in_cluster, input.manifest_timeouts.get(&lease.order))
    else {
        return false;
    };
    let opens = lease.created_at.saturating_add(least);
    let closes = opens.saturating_add(MANIFEST_WINDOW);
    if at.time < opens || at.time.saturating_add(SENDING) > closes {
        return false;
    }
    if input.with_manifest.contains(&lease.order)
        || in_cluster.contains(&lease.order)
        || lease.is_older_than_store(input.taken_up)
    {
        return false;
    }
    let from = lease.created_at.max(current_since);
    let waited = at.time.saturating_sub(from);
    let timeout = policy.manifest_timeout.0.max(least);
    let could = all_up(&input.up, from, at.time);
    let last_call = at.time.saturating_add(SENDING).saturating_add(LAST_CALL) > closes;
    waited > timeout.saturating_mul(MAX_PROLONGED)
        || could > timeout
        || (last_call && could >= least.min(policy.manifest_timeout.0))
}

fn end_deployment(
    input: &UpkeepInput,
    deployment: DeploymentId,
    depleted_since: u64,
    at: Cursor,
) -> Option<UpkeepTask> {
    let mark = input.marks.iter().find(|mark| {
        // A mark of an earlier time is void: a deposit came since.
        mark.deployment == deployment && mark.depleted_since == depleted_since
    });
    match mark {
        None => Some(UpkeepTask::EndDeployment { deployment, depleted_since, marked: false }),
        Some(mark) if at.time >= mark.endable_at => {
            Some(UpkeepTask::EndDeployment { deployment, depleted_since, marked: true })
        }
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests;
