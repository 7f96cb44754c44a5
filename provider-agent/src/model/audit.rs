//! Where the store and the chain say different things of own leases: pure.

use std::{collections::BTreeMap, fmt};

use souk_api::orderbook::{LeaseResponse, LeaseState};
use souk_core::{CloseReason, OrderId};

use super::Lease;

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
    },
    /// The provider has no such lease: it never had, or it ended long ago.
    Absent,
}

impl LeaseWord {
    /// What an answer of the orderbook says.
    pub fn of(lease: Option<&LeaseResponse>) -> Self {
        match lease {
            None => Self::Absent,
            Some(lease) if lease.state == LeaseState::Active => Self::Active,
            Some(lease) => Self::Ended {
                state: lease.state,
                reason: lease.reason.unwrap_or(CloseReason::Unspecified),
                at: lease.closed_at,
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
    for lease in listed.iter().filter(|lease| lease.state == LeaseState::Active) {
        runs.entry(lease.order).or_default().1 = true;
    }
    let found = runs.into_iter().filter_map(|(order, runs)| match runs {
        (true, false) => Some(Difference::Ended(order)),
        (false, true) => Some(Difference::Runs(order)),
        _ => None,
    });
    found.collect()
}
