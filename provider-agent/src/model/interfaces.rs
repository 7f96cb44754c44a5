//! What the cluster's side and the market's side ask of each other. Neither imports the other;
//! the runtime connects them.

use std::collections::BTreeSet;

use futures::future::BoxFuture;
use souk_core::OrderId;

use super::placement::ClusterSnapshot;

/// Where the nodes and pods of the cluster are known.
pub trait CapacitySource: Send + Sync {
    /// The nodes and pods now.
    ///
    /// # Errors
    ///
    /// Why they cannot be judged at present: not listed yet, or the API server does not answer.
    fn snapshot(&self) -> Result<ClusterSnapshot, String>;
}

/// Where the namespaces of the leases are known.
pub trait NamespaceSource: Send + Sync {
    /// Which of some leases have a namespace; none while that cannot be seen.
    fn with_namespace(&self, leases: &BTreeSet<OrderId>) -> Option<BTreeSet<OrderId>>;
}

/// Where the pods of the leases are known.
pub trait PodSource: Send + Sync {
    /// Whether any pod of any lease runs, as far as its provider can make it; none while pods cannot be seen.
    fn any_runs(&self) -> Option<bool>;
}

/// Where the chain can be asked about leases that the store does not know.
pub trait LeaseLookup: Send + Sync {
    /// Whether the chain has an active lease of this provider for an order; none if it cannot be
    /// asked.
    fn is_active(&self, order: OrderId) -> BoxFuture<'_, Option<bool>>;
}
