//! Which own leases may have a task at a block. Blocks are many, and of most leases nothing is due: those are
//! not even read.

use std::collections::BTreeSet;

use souk_api::orderbook::LeaseState;
use souk_core::OrderId;

use crate::model::{Lease, work_queue::DueTimes};

/// Own leases by the block time from which they may have a task. Whatever makes [`plan`](super::plan) say
/// something of a lease must make it due here.
#[derive(Debug, Default)]
pub struct WatchedLeases {
    /// When its earnings are to be withdrawn.
    withdrawals: DueTimes<OrderId>,
    /// When its account is depleted.
    depletions: DueTimes<OrderId>,
    /// When the notice of those that are taken back is over.
    notices: DueTimes<OrderId>,
    /// Those whose manifests are missing, and those that ended and are not paid: looked at in each block.
    waiting: BTreeSet<OrderId>,
}

impl WatchedLeases {
    /// Takes in a lease as it is now, or that it is gone; `withdraw_every` in seconds.
    pub fn set(
        &mut self,
        order: OrderId,
        lease: Option<&Lease>,
        has_manifest: bool,
        withdraw_every: u64,
    ) {
        let runs = lease.filter(|lease| lease.closed_at.is_none());
        let next = runs.map(|lease| lease.withdrawal_due(withdraw_every));
        self.withdrawals.set(order, next);
        let active = lease.filter(|lease| lease.state == LeaseState::Active);
        let clock = active.and_then(|lease| lease.clock.as_ref());
        let end = clock.and_then(|clock| if clock.depleted { Some(0) } else { clock.depletion });
        self.depletions.set(order, end);
        let reclaim = active.and_then(|lease| lease.reclaim);
        self.notices.set(order, reclaim.map(|reclaim| reclaim.deadline));
        let is_owed = lease.is_some_and(|lease| lease.closed_at.is_some() && !lease.is_paid());
        match is_owed || active.is_some() && !has_manifest {
            true => self.waiting.insert(order),
            false => self.waiting.remove(&order),
        };
    }

    /// The leases that may have a task at a block time.
    pub fn at(&self, now: u64) -> BTreeSet<OrderId> {
        let due = self.withdrawals.due(now).chain(self.depletions.due(now));
        let due = due.chain(self.notices.due(now));
        due.chain(self.waiting.iter().copied()).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use souk_core::{AccountId, CloseReason, Denom, DeploymentId, GroupId, GroupSeq, Price, Rate};

    use super::{
        super::{UpkeepInput, plan},
        *,
    };
    use crate::model::{AccountClock, Cursor, Reclaim, reach::UpTime};

    const EVERY: u64 = 60;

    fn clock((depletion, depleted, closed): (Option<u64>, bool, bool)) -> AccountClock {
        AccountClock {
            remaining: 0,
            rate: Rate::ZERO,
            anchor: 0,
            depletion,
            depleted,
            closed,
            height: 1,
        }
    }

    fn moment() -> impl Strategy<Value = u64> {
        0..400u64
    }

    prop_compose! {
        fn lease()(
            active in any::<bool>(),
            created_at in moment(),
            closed_at in proptest::option::of(moment()),
            withdrawn_at in moment(),
            clock in proptest::option::of((proptest::option::of(moment()), any::<bool>(), any::<bool>())),
            notice in proptest::option::of((moment(), 0..10u64)),
            limit in proptest::option::of(moment()),
        ) -> Lease {
            Lease {
                order: OrderId(7),
                group: GroupId { deployment: DeploymentId(3), group: GroupSeq(1) },
                tenant: "souk1ann".into(),
                price: Price::new(100).unwrap(),
                denom: Denom::native("usouk"),
                account: AccountId(3),
                state: if active { LeaseState::Active } else { LeaseState::Closed },
                reason: None,
                created_at,
                closed_at,
                withdrawn_at,
                clock: clock.map(super::tests::clock),
                absence_limit: limit,
                paid_until: None,
                reclaim: notice.map(|(deadline, block)| Reclaim {
                    reason: CloseReason::Unspecified,
                    deadline,
                    block,
                    ended: false,
                }),
            }
        }
    }

    proptest! {
        #[test]
        fn a_lease_that_has_a_task_is_always_looked_at(
            lease in lease(), has_manifest in any::<bool>(), now in moment(), before in lease(),
        ) {
            let policy = toml::from_str(
                "rates = []\nmanifest_timeout = \"50s\"\nwithdraw_every = \"60s\"\nend_deployments = true",
            ).unwrap();
            let with_manifest = if has_manifest { [lease.order].into() } else { BTreeSet::new() };
            let input = UpkeepInput {
                at: Some(Cursor { height: 5, time: now }),
                leases: vec![lease.clone()],
                with_manifest,
                current_since: Some(0),
                manifest_timeouts: BTreeMap::from([(lease.order, 50)]),
                up: vec![UpTime::default()],
                in_cluster: Some(BTreeSet::new()),
                ..UpkeepInput::default()
            };
            let mut watched = WatchedLeases::default();
            watched.set(lease.order, Some(&before), !has_manifest, EVERY);
            watched.set(lease.order, Some(&lease), has_manifest, EVERY);
            let is_watched = watched.at(now).contains(&lease.order);
            prop_assert!(is_watched || plan(&input, &policy).is_empty());
            watched.set(lease.order, None, false, EVERY);
            prop_assert!(watched.at(u64::MAX).is_empty());
        }
    }

    #[test]
    fn of_a_lease_that_runs_and_is_paid_nothing_is_read_until_its_earnings_are_due() {
        let lease = Lease {
            order: OrderId(7),
            group: GroupId { deployment: DeploymentId(3), group: GroupSeq(1) },
            tenant: "souk1ann".into(),
            price: Price::new(100).unwrap(),
            denom: Denom::native("usouk"),
            account: AccountId(3),
            state: LeaseState::Active,
            reason: None,
            created_at: 1_000,
            closed_at: None,
            withdrawn_at: 1_000,
            clock: Some(clock((Some(5_000), false, false))),
            reclaim: None,
            absence_limit: None,
            paid_until: None,
        };
        let mut watched = WatchedLeases::default();
        watched.set(lease.order, Some(&lease), true, 3_600);
        assert!(watched.at(4_599).is_empty());
        assert_eq!(watched.at(4_600), [OrderId(7)].into());
        let withdrawn = Lease { withdrawn_at: 4_600, ..lease };
        watched.set(OrderId(7), Some(&withdrawn), true, 3_600);
        assert!(watched.at(4_999).is_empty());
        assert_eq!(watched.at(5_000), [OrderId(7)].into(), "its account is depleted");
    }
}
