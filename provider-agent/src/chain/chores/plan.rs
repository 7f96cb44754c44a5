//! What is due, by what the store knows.

use std::collections::BTreeSet;

use souk_api::orderbook::LeaseState;
use souk_core::{AuctionPolicy, DeploymentId, OrderId};

use crate::{
    config::Bidding,
    store::{BidProgress, BidRow, Cursor, LeaseRow, MarkRow, OrderRow},
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
    /// Mark a depleted deployment, or end it.
    EndDeployment {
        /// The deployment.
        deployment: DeploymentId,
        /// Since when it is depleted.
        depleted_since: u64,
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
    /// Deployments marked for its end.
    pub marks: Vec<MarkRow>,
    /// Own bids.
    pub bids: Vec<BidRow>,
    /// Orders that are open.
    pub orders: Vec<OrderRow>,
}

impl Standing {
    /// Whether an own lease has ended.
    pub fn has_ended(&self, order: OrderId) -> bool {
        let mut leases = self.leases.iter();
        leases.any(|lease| lease.order == order && lease.closed_at.is_some())
    }
}

/// What is due.
pub fn plan(standing: &Standing, policy: &Bidding) -> Vec<Chore> {
    let Some(at) = standing.at else { return Vec::new() };
    let mut due = Vec::new();
    let mut ended = BTreeSet::new();
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
        if active
            && policy.end_deployments
            && !lease.is_funded_at(at.time)
            && ended.insert(deployment)
        {
            due.extend(end_deployment(
                standing,
                deployment,
                lease.depletion().unwrap_or(at.time),
                at,
            ));
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

fn end_deployment(
    standing: &Standing,
    deployment: DeploymentId,
    depleted_since: u64,
    at: Cursor,
) -> Option<Chore> {
    let mark = standing.marks.iter().find(|mark| {
        // A mark from an earlier depleted spell was cleared when the clock started again.
        mark.deployment == deployment && mark.depleted_since == depleted_since
    });
    match mark {
        None => Some(Chore::EndDeployment { deployment, depleted_since, marked: false }),
        Some(mark) if at.time >= mark.endable_at => {
            Some(Chore::EndDeployment { deployment, depleted_since, marked: true })
        }
        Some(_) => None,
    }
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
            tenant: "souk1ann".into(),
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
}
