//! What the gateway needs of the cluster.

use futures::{future::BoxFuture, stream::BoxStream};
use souk_core::OrderId;
use souk_gateway::body::{
    ClusterEvent, EventQuery, LeaseStatus, LogLine, LogQuery, ProviderStatus,
};
use souk_sdl::ManifestGroup;

use crate::store::HostnameTaken;

/// Why the cluster gives no answer.
#[derive(Debug, thiserror::Error)]
pub enum WorkloadError {
    /// There is no such service in the lease.
    #[error("lease {order} has no service `{service}`; it has {}", .known.join(", "))]
    NoService {
        /// The lease.
        order: OrderId,
        /// The service.
        service: String,
        /// The services of the lease.
        known: Vec<String>,
    },
    /// The cluster did not answer or refused. Why is for the operator: it names what is not the tenant's.
    #[error("the cluster does not answer at the moment; try again")]
    Cluster(String),
}

/// Why a manifest is not taken, by what the cluster says.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DryRunError {
    /// The API server refuses objects of it, each as `service NAME: KIND NAME: REASON`.
    #[error("Kubernetes refuses this manifest: {0}")]
    Refused(String),
    /// A host that is not a lease's of this provider.
    #[error("host name `{0}` is served by another site in this provider's cluster; choose another")]
    HostInUse(String),
    /// A host of another lease that runs and whose manifest is not known (the store was lost).
    #[error(transparent)]
    Held(#[from] HostnameTaken),
    /// The cluster did not answer, or cannot say. Why is for the operator: it names what is not the tenant's.
    #[error("the cluster cannot check the manifest at the moment; try again")]
    Unavailable(String),
    /// Another manifest of the lease is being checked.
    #[error("a manifest of lease {0} is being checked already; wait for its answer")]
    Busy(OrderId),
    /// Others are being checked, or another lease's manifest of the same tenant.
    #[error(
        "other manifests are being checked, of one tenant one at a time; send this one again in a few seconds"
    )]
    Crowded,
    /// The cluster took too long.
    #[error(
        "the cluster did not say within {seconds} seconds whether it takes this manifest; it is not asked again for {again} seconds"
    )]
    Late {
        /// How long it was waited for, in seconds.
        seconds: u64,
        /// Seconds for which this answer is repeated.
        again: u64,
    },
}

impl DryRunError {
    /// Seconds after which it is worth to send the manifest again; none if it must be changed.
    pub fn retry_after(&self) -> Option<u64> {
        match self {
            Self::Refused(_) | Self::HostInUse(_) | Self::Held(_) => None,
            Self::Unavailable(_) | Self::Busy(_) | Self::Crowded => Some(5),
            Self::Late { again, .. } => Some(*again),
        }
    }
}

/// A stream of values; it ends with an error.
pub type LineStream<T> = BoxStream<'static, Result<T, WorkloadError>>;

/// What runs in the cluster.
pub trait Workloads: Send + Sync {
    /// Whether the cluster would take a lease's group of a manifest and the hosts that it chooses. Nothing
    /// is left of it.
    fn try_manifest(
        &self,
        order: OrderId,
        group: ManifestGroup,
        hosts: Vec<String>,
    ) -> BoxFuture<'_, Result<(), DryRunError>>;

    /// The status of a lease.
    fn lease_status(&self, order: OrderId) -> BoxFuture<'_, Result<LeaseStatus, WorkloadError>>;

    /// The logs of a lease's services.
    fn logs(
        &self,
        order: OrderId,
        query: LogQuery,
    ) -> BoxFuture<'_, Result<LineStream<LogLine>, WorkloadError>>;

    /// The Kubernetes events of a lease's objects.
    fn events(
        &self,
        order: OrderId,
        query: EventQuery,
    ) -> BoxFuture<'_, Result<LineStream<ClusterEvent>, WorkloadError>>;

    /// The height, the number of leases and the free capacity.
    fn provider_status(&self) -> BoxFuture<'_, Result<ProviderStatus, WorkloadError>>;
}
