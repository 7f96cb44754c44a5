//! What the gateway needs of the cluster.

use futures::{future::BoxFuture, stream::BoxStream};
use souk_core::OrderId;
use souk_gateway::body::{
    ClusterEvent, EventQuery, LeaseStatus, LogLine, LogQuery, ProviderStatus,
};

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
    /// The cluster did not answer or refused.
    #[error("the cluster does not answer at the moment: {0}; try again")]
    Cluster(String),
}

/// A stream of values; it ends with an error.
pub type LineStream<T> = BoxStream<'static, Result<T, WorkloadError>>;

/// What runs in the cluster.
pub trait Workloads: Send + Sync {
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
