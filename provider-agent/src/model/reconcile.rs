//! The next step of reconciling a lease: from its desired state by chain and store, and the observed
//! state of the cluster.

use super::names::digest;

/// Until when a lease is paid, in block time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Funds {
    /// The account's clock is not known yet; it counts as paid.
    Unknown,
    /// Nothing is drawn from the account at present.
    Unlimited,
    /// Until this moment, in seconds.
    Until(u64),
    /// The account is depleted.
    Depleted,
}

impl Funds {
    /// Whether the lease is paid at `block_time`.
    pub fn last_at(self, block_time: u64) -> bool {
        match self {
            Self::Unknown | Self::Unlimited => true,
            Self::Until(moment) => block_time < moment,
            Self::Depleted => false,
        }
    }

    /// When they end, if that is still to come.
    pub fn end(self) -> Option<u64> {
        match self {
            Self::Until(moment) => Some(moment),
            Self::Unknown | Self::Unlimited | Self::Depleted => None,
        }
    }
}

/// Identifies what is to run: a manifest and a reservation, and the `recipe` by which objects are made
/// of them.
pub fn version(recipe: u64, manifest: u64, reservation: Option<u64>) -> u64 {
    let part = |part: u64| format!("{part:016x}");
    let reservation = reservation.map(part).unwrap_or_default();
    digest(&[&part(recipe), &part(manifest), &reservation])
}

/// The desired state of a lease, by chain and store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Desired {
    /// It runs; it has a manifest.
    Running {
        /// Identifies what is to run: manifest, placement, configuration.
        version: u64,
    },
    /// It has a manifest, but the account is depleted: volumes stay, nothing runs.
    Suspended {
        /// As for [`Running`](Self::Running).
        version: u64,
    },
    /// It has no manifest yet.
    Waiting,
    /// It ended, or is not this provider's.
    Gone,
}

/// The observed state of a lease in the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Observed {
    /// The lease's namespace.
    pub namespace: Presence,
    /// The version that was applied last, if all of it was and nothing asks to do it again.
    pub applied: Option<Applied>,
    /// Whether everything in the cluster is as it was applied.
    pub intact: bool,
}

/// A namespace's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// None.
    Absent,
    /// There.
    Active,
    /// Being deleted.
    Terminating,
}

/// What was applied last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Applied {
    /// Identifies what was to run.
    pub version: u64,
    /// Whether it was to run, or suspended.
    pub running: bool,
}

/// A step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Apply all objects, delete those that are not wanted any more.
    Apply {
        /// Whether its workloads run.
        running: bool,
    },
    /// Delete the namespace with all that is in it.
    TearDown,
    /// Nothing is left in the cluster: delete the manifest, release host names and reservation.
    Forget,
}

/// The next step for a lease; none if the cluster is as desired or the step before is not finished.
pub fn plan(desired: Desired, observed: Observed) -> Option<Action> {
    let (version, running) = match desired {
        Desired::Running { version } => (version, true),
        Desired::Suspended { version } => (version, false),
        // A namespace without manifest is from before the store was lost; it stays until the
        // manifest comes again or the lease ends.
        Desired::Waiting => return None,
        Desired::Gone => {
            return match observed.namespace {
                Presence::Absent => Some(Action::Forget),
                Presence::Active => Some(Action::TearDown),
                Presence::Terminating => None,
            };
        }
    };
    match observed.namespace {
        // No object can be created in it; it is created again when it is gone.
        Presence::Terminating => None,
        Presence::Active
            if observed.intact && observed.applied == Some(Applied { version, running }) =>
        {
            None
        }
        Presence::Active | Presence::Absent => Some(Action::Apply { running }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_is_paid_until_its_account_is_depleted() {
        for (funds, before, at, end) in [
            (Funds::Unknown, true, true, None),
            (Funds::Unlimited, true, true, None),
            (Funds::Until(100), true, false, Some(100)),
            (Funds::Depleted, false, false, None),
        ] {
            assert_eq!((funds.last_at(99), funds.last_at(100)), (before, at), "{funds:?}");
            assert_eq!(funds.end(), end, "{funds:?}");
        }
    }

    #[test]
    fn whatever_is_to_run_differently_has_another_version() {
        let all = [
            version(1, 2, None),
            version(2, 2, None),
            version(1, 3, None),
            version(1, 2, Some(0)),
            version(1, 2, Some(3)),
        ];
        for (at, one) in all.iter().enumerate() {
            assert!(all.iter().skip(at + 1).all(|other| other != one), "{at}");
        }
    }

    const RUNNING: Desired = Desired::Running { version: 1 };
    const SUSPENDED: Desired = Desired::Suspended { version: 1 };

    fn seen(namespace: Presence, applied: Option<(u64, bool)>, intact: bool) -> Observed {
        let applied = applied.map(|(version, running)| Applied { version, running });
        Observed { namespace, applied, intact }
    }

    #[test]
    fn each_state_of_chain_and_cluster_leads_to_its_step() {
        use Presence::{Absent, Active, Terminating};
        let apply = |running| Some(Action::Apply { running });
        let (tear_down, forget) = (Some(Action::TearDown), Some(Action::Forget));
        for (what, desired, observed, expected) in [
            ("a new lease", RUNNING, seen(Absent, None, false), apply(true)),
            ("found after a restart", RUNNING, seen(Active, None, true), apply(true)),
            ("running as it should", RUNNING, seen(Active, Some((1, true)), true), None),
            ("changed by hand", RUNNING, seen(Active, Some((1, true)), false), apply(true)),
            ("deleted by hand", RUNNING, seen(Absent, Some((1, true)), false), apply(true)),
            ("being deleted by hand", RUNNING, seen(Terminating, Some((1, true)), false), None),
            ("was depleted", SUSPENDED, seen(Active, Some((1, true)), true), apply(false)),
            ("still depleted", SUSPENDED, seen(Active, Some((1, false)), true), None),
            ("topped up", RUNNING, seen(Active, Some((1, false)), true), apply(true)),
            (
                "a new manifest",
                Desired::Running { version: 2 },
                seen(Active, Some((1, true)), true),
                apply(true),
            ),
            ("no manifest", Desired::Waiting, seen(Absent, None, false), None),
            ("no manifest any more", Desired::Waiting, seen(Active, None, true), None),
            ("ended", Desired::Gone, seen(Active, Some((1, true)), true), tear_down),
            ("ended while the agent was down", Desired::Gone, seen(Active, None, true), tear_down),
            ("being torn down", Desired::Gone, seen(Terminating, None, true), None),
            ("torn down", Desired::Gone, seen(Absent, None, false), forget),
        ] {
            assert_eq!(plan(desired, observed), expected, "{what}");
        }
    }
}
