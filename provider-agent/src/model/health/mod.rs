//! The agent's parts and the failure that each has at this moment. A part reports its failure when it
//! comes and takes it back when it is over; health is all that is reported now.

mod failures;

pub use failures::{Failures, Reporter};

/// A part of the agent. Each has one kind of failure, which the health check shows under its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// Blocks cannot be read, or the store is behind the chain's head.
    Follower,
    /// Details of orders or deployments cannot be fetched.
    Details,
    /// Endpoints do not answer whether a lease ended or how long it is paid.
    Confirmations,
    /// Leases cannot be compared with the chain, or differ from it.
    Audit,
    /// Messages cannot be sent.
    Transactions,
    /// A round of bidding failed.
    Bidding,
    /// Withdrawing, closing or ending failed.
    Upkeep,
    /// The provider was not seen on the chain for too long, or says no more that it is there.
    Heartbeats,
    /// The registry has another key than the agent's.
    QuoteKey,
    /// Nodes and pods cannot be seen: nothing is bid on.
    Inventory,
    /// It is not known which GPUs are handed out by claims.
    Claims,
    /// Objects of leases cannot be seen.
    Watches,
    /// Leases cannot be worked on, or wait too long for it.
    Leases,
    /// A namespace is being deleted for too long.
    Deletions,
    /// Pods that failed cannot be deleted.
    FailedPods,
    /// Devices fail, or are not what leases hold.
    Gpus,
    /// Connections cannot be accepted.
    Listener,
    /// A new certificate or key cannot be used.
    Certificate,
    /// Tenants do not reach the gateway.
    Gateway,
    /// Manifests cannot be tried, so that none is taken.
    DryRuns,
    /// The store does not finish a write.
    Store,
    /// Another agent acts for this provider, or may.
    Lock,
}

impl Part {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 22] = [
        Self::Follower,
        Self::Details,
        Self::Confirmations,
        Self::Audit,
        Self::Transactions,
        Self::Bidding,
        Self::Upkeep,
        Self::Heartbeats,
        Self::QuoteKey,
        Self::Inventory,
        Self::Claims,
        Self::Watches,
        Self::Leases,
        Self::Deletions,
        Self::FailedPods,
        Self::Gpus,
        Self::Listener,
        Self::Certificate,
        Self::Gateway,
        Self::DryRuns,
        Self::Store,
        Self::Lock,
    ];

    /// The name under which health and metrics show it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Follower => "follower",
            Self::Details => "details",
            Self::Confirmations => "confirmations",
            Self::Audit => "audit",
            Self::Transactions => "transactions",
            Self::Bidding => "bidding",
            Self::Upkeep => "upkeep",
            Self::Heartbeats => "heartbeats",
            Self::QuoteKey => "quote_key",
            Self::Inventory => "cluster",
            Self::Claims => "gpu_claims",
            Self::Watches => "watches",
            Self::Leases => "leases",
            Self::Deletions => "deletions",
            Self::FailedPods => "failed_pods",
            Self::Gpus => "gpus",
            Self::Listener => "gateway_listener",
            Self::Certificate => "gateway_certificate",
            Self::Gateway => "gateway",
            Self::DryRuns => "dry_runs",
            Self::Store => "store",
            Self::Lock => "lock",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_part_has_a_name_of_its_own() {
        let names: BTreeSet<&str> = Part::ALL.iter().map(|part| part.as_str()).collect();
        assert_eq!(names.len(), Part::ALL.len());
    }

    #[test]
    fn a_failure_is_there_from_its_report_until_it_is_taken_back() {
        let failures = Failures::default();
        let (bidding, upkeep) = (failures.of(Part::Bidding), failures.of(Part::Upkeep));
        bidding.failed("no answer");
        upkeep.follow(&Err::<(), _>("refused"));
        bidding.failed("still none");
        let now = failures.now();
        assert_eq!(now.get(&Part::Bidding).map(String::as_str), Some("still none"));
        assert_eq!(now.get(&Part::Upkeep).map(String::as_str), Some("refused"));
        bidding.well();
        upkeep.follow(&Ok::<_, &str>(()));
        assert!(failures.now().is_empty());
    }
}
