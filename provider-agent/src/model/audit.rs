//! Where the store and the chain say different things of own leases: pure.

use std::{collections::BTreeMap, fmt};

use souk_api::orderbook::{LeaseResponse, LeaseState};
use souk_core::{CloseReason, OrderId};

use super::{Lease, Reclaim, heartbeat::limit_of};

/// What the chain says of a lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeaseWord {
    /// It runs.
    Active,
    /// It ended.
    Ended {
        /// How.
        state: LeaseState,
        /// Why, as far as the chain says.
        reason: CloseReason,
        /// Block time.
        at: Option<u64>,
        /// The provider's notice, if there was one, and whether it ended by that: its slot is free sooner then.
        reclaim: Option<Reclaim>,
        /// Until when it is paid at most, if the provider was absent: its slot is free sooner then, too.
        paid_until: Option<u64>,
    },
    /// The provider has no such lease: it never had, or it ended long ago.
    Absent,
}

impl LeaseWord {
    /// What an answer of the orderbook says.
    pub fn of(lease: Option<&LeaseResponse>) -> Self {
        match lease {
            None => Self::Absent,
            Some(lease) if lease.state.runs() => Self::Active,
            Some(lease) => Self::Ended {
                state: lease.state,
                reason: lease.reason.unwrap_or(CloseReason::Unspecified),
                at: lease.closed_at,
                reclaim: lease.reclaim.as_ref().and_then(Reclaim::in_force),
                paid_until: lease.paid_until,
            },
        }
    }
}

impl fmt::Display for LeaseWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Active => f.write_str("active"),
            Self::Ended { state, reason, .. } => write!(f, "{state} ({reason})"),
            Self::Absent => f.write_str("no such lease"),
        }
    }
}

/// A difference between the store and the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Difference {
    /// The store has it active, the chain does not.
    Ended(OrderId),
    /// The chain has it active, the store has it ended or not at all.
    Runs(OrderId),
}

/// Compares own leases with numbers in the same range, both of the state after one block.
pub fn differences(stored: &[Lease], listed: &[LeaseResponse]) -> Vec<Difference> {
    let active = |lease: &&Lease| lease.state == LeaseState::Active;
    let mut runs: BTreeMap<OrderId, (bool, bool)> = BTreeMap::new();
    for lease in stored.iter().filter(active) {
        runs.entry(lease.order).or_default().0 = true;
    }
    for lease in listed.iter().filter(|lease| lease.state.runs()) {
        runs.entry(lease.order).or_default().1 = true;
    }
    let found = runs.into_iter().filter_map(|(order, runs)| match runs {
        (true, false) => Some(Difference::Ended(order)),
        (false, true) => Some(Difference::Runs(order)),
        _ => None,
    });
    found.collect()
}

/// What the chain says of a notice where the store has something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OtherReclaim {
    /// The lease.
    pub order: OrderId,
    /// What stands; none if nothing does.
    pub reclaim: Option<Reclaim>,
    /// Whether time alone explains it, since no event says so: a pause moved the deadline, or the notice lapsed.
    pub by_time: bool,
}

/// What is announced of leases that run on both sides, where the store has something else: a node may have told
/// of a notice that there is not. It is no question for other endpoints, since nothing ends by it that the chain
/// does not let end, and the next of them has its turn.
pub fn other_reclaims(stored: &[Lease], listed: &[LeaseResponse]) -> Vec<OtherReclaim> {
    let differs = |listed: &LeaseResponse| {
        let lease = stored.iter().find(|lease| lease.order == listed.order)?;
        if lease.state != LeaseState::Active || !listed.state.runs() {
            return None;
        }
        let (known, reclaim) = (lease.reclaim, listed.reclaim.as_ref().and_then(Reclaim::in_force));
        let by_time = known.is_some_and(|known| match reclaim {
            Some(reclaim) => known.moved_to(reclaim.deadline, reclaim.block) == reclaim,
            None => listed.reclaim.as_ref().is_some_and(|reclaim| reclaim.lapsed),
        });
        (known != reclaim).then_some(OtherReclaim { order: lease.order, reclaim, by_time })
    };
    listed.iter().filter_map(differs).collect()
}

/// A limit for absence that an endpoint tells of a lease where the store has another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OtherLimit {
    /// The lease.
    pub order: OrderId,
    /// What the endpoint says, in seconds.
    pub found: u64,
    /// What the store has; none if it has none.
    pub known: Option<u64>,
}

/// Of leases that run on both sides. A limit never changes: where there are two, one of them was made up.
pub fn other_limits(stored: &[Lease], listed: &[LeaseResponse]) -> Vec<OtherLimit> {
    let differs = |listed: &LeaseResponse| {
        let found = limit_of(listed.absence.as_ref()?);
        let lease = stored.iter().find(|lease| lease.order == listed.order)?;
        let runs = lease.state == LeaseState::Active && listed.state.runs();
        let known = lease.absence_limit;
        let order = lease.order;
        (runs && known != Some(found)).then_some(OtherLimit { order, found, known })
    };
    listed.iter().filter_map(differs).collect()
}

#[cfg(test)]
mod tests {
    use souk_api::orderbook::{Absence, ReclaimResponse};
    use souk_core::{AccountId, Denom, DeploymentId, GroupId, GroupSeq, Price};

    use super::*;

    fn listed(state: LeaseState) -> LeaseResponse {
        let reclaim = (state == LeaseState::Reclaiming).then_some(ReclaimResponse {
            lapsed: false,
            reason: CloseReason::Decommission,
            started_at: 100,
            deadline: 3_700,
            deadline_block: 450,
            ended: false,
        });
        LeaseResponse {
            order: OrderId(7),
            group: GroupId { deployment: DeploymentId(3), group: GroupSeq(1) },
            tenant: "souk1ann".into(),
            provider: "souk1me".into(),
            price: Price::MAX,
            denom: Denom::native("usouk"),
            account: AccountId(3),
            state,
            created_at: 100,
            manifest_timeout: 300,
            closed_at: None,
            reason: None,
            reclamation_window: Some(3_600),
            reclaim,
            absence: None,
            unseen: None,
            paid_until: None,
            nonce: None,
            offer: Vec::new(),
        }
    }

    fn stored(reclaim: Option<Reclaim>) -> Lease {
        Lease {
            order: OrderId(7),
            group: GroupId { deployment: DeploymentId(3), group: GroupSeq(1) },
            tenant: "souk1ann".into(),
            price: Price::MAX,
            denom: Denom::native("usouk"),
            account: AccountId(3),
            state: LeaseState::Active,
            reason: None,
            created_at: 100,
            closed_at: None,
            withdrawn_at: 100,
            clock: None,
            reclaim,
            absence_limit: None,
            paid_until: None,
        }
    }

    #[test]
    fn a_lease_that_is_taken_back_runs_by_the_chain_as_an_active_one() {
        for state in [LeaseState::Active, LeaseState::Reclaiming] {
            assert_eq!(LeaseWord::of(Some(&listed(state))), LeaseWord::Active, "{state}");
            assert_eq!(differences(&[stored(None)], &[listed(state)]), [], "{state}");
            let runs = [Difference::Runs(OrderId(7))];
            assert_eq!(differences(&[], &[listed(state)]), runs, "{state}");
        }
        let ended = [Difference::Ended(OrderId(7))];
        assert_eq!(differences(&[stored(None)], &[listed(LeaseState::Closed)]), ended);
    }

    #[test]
    fn a_limit_that_an_endpoint_tells_and_the_store_does_not_have_is_found() {
        let listed = |limit| {
            let absence = Some(Absence { limit, ..Absence::default() });
            [LeaseResponse { absence, ..listed(LeaseState::Active) }]
        };
        let stored = |absence_limit| [Lease { absence_limit, ..stored(None) }];
        let other = |found, known| [OtherLimit { order: OrderId(7), found, known }];
        for (known, found, expected) in [
            (None, 86_400, other(86_400, None).to_vec()),
            (Some(86_400), 86_400, vec![]),
            (Some(2_592_000), 86_400, other(86_400, Some(2_592_000)).to_vec()),
            (Some(86_400), 2_592_000, other(2_592_000, Some(86_400)).to_vec()),
            // What the chain takes from nobody.
            (Some(86_400), 1, other(21_600, Some(86_400)).to_vec()),
            (Some(86_400), u64::MAX, other(2_592_000, Some(86_400)).to_vec()),
        ] {
            assert_eq!(
                other_limits(&stored(known), &listed(found)),
                expected,
                "{known:?}, {found}"
            );
        }
        assert_eq!(other_limits(&[], &listed(86_400)), []);
        let ended = [Lease { state: LeaseState::Closed, ..stored(None)[0].clone() }];
        assert_eq!(other_limits(&ended, &listed(86_400)), []);
        let old = [LeaseResponse { absence: None, ..listed(1)[0].clone() }];
        assert_eq!(other_limits(&stored(Some(86_400)), &old), [], "the shorter counts");
    }

    #[test]
    fn what_no_event_said_of_a_reclaim_is_learned_from_the_list() {
        let known = Reclaim {
            reason: CloseReason::Decommission,
            deadline: 3_700,
            block: 450,
            ended: false,
        };
        let reclaiming = [listed(LeaseState::Reclaiming)];
        let active = [listed(LeaseState::Active)];
        let other = |reclaim, by_time| [OtherReclaim { order: OrderId(7), reclaim, by_time }];
        assert_eq!(other_reclaims(&[stored(None)], &reclaiming), other(Some(known), false));
        assert_eq!(other_reclaims(&[stored(Some(known))], &reclaiming), []);
        assert_eq!(other_reclaims(&[], &reclaiming), []);
        assert_eq!(other_reclaims(&[stored(None)], &active), []);
        // What a node invented goes, and what it shifted is put right.
        let invented = Reclaim { deadline: u64::MAX, ..known };
        assert_eq!(other_reclaims(&[stored(Some(invented))], &active), other(None, false));
        let right = other(Some(known), false);
        assert_eq!(other_reclaims(&[stored(Some(invented))], &reclaiming), right);
    }

    #[test]
    fn a_deadline_that_a_pause_moved_and_a_notice_that_lapsed_are_no_fault_of_a_node() {
        let known = |deadline, block| Reclaim {
            reason: CloseReason::Decommission,
            deadline,
            block,
            ended: false,
        };
        let mut listed = [listed(LeaseState::Reclaiming)];
        for (deadline, block, by_time) in
            [(3_000, 400, true), (3_000, 450, true), (3_701, 400, false), (3_000, 451, false)]
        {
            let other = other_reclaims(&[stored(Some(known(deadline, block)))], &listed);
            let found = other.first().map(|other| (other.reclaim, other.by_time));
            assert_eq!(found, Some((Some(known(3_700, 450)), by_time)), "{deadline}, {block}");
        }
        if let Some(reclaim) = &mut listed[0].reclaim {
            reclaim.lapsed = true;
        }
        let other = other_reclaims(&[stored(Some(known(3_700, 450)))], &listed);
        assert_eq!(other.first().map(|other| (other.reclaim, other.by_time)), Some((None, true)));
    }
}
