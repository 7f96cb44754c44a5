//! What the gateway asks of the cluster's side.

use futures::{future::BoxFuture, stream::BoxStream};
use souk_core::OrderId;
use souk_gateway::body::{
    ClusterEvent, EventQuery, LeaseStatus, LogLine, LogQuery, ProviderStatus,
};

/// Why the cluster cannot tell.
#[derive(Debug, thiserror::Error)]
pub enum WorkloadError {
    /// There is no such service in the lease.
    #[error("lease {order} has no service `{service}`; it has {}", .known.join(", "))]
    NoService {
        /// The lease.
        order: OrderId,
        /// What was asked for.
        service: String,
        /// What there is.
        known: Vec<String>,
    },
    /// The cluster did not answer or refused.
    #[error("the cluster cannot tell at the moment: {0}; try again")]
    Cluster(String),
}

/// Values as they come; an error ends them.
pub type LineStream<T> = BoxStream<'static, Result<T, WorkloadError>>;

/// Tells what runs in the cluster.
pub trait Workloads: Send + Sync {
    /// Where a lease stands.
    fn lease_status(&self, order: OrderId) -> BoxFuture<'_, Result<LeaseStatus, WorkloadError>>;

    /// What a lease's services write.
    fn logs(
        &self,
        order: OrderId,
        query: LogQuery,
    ) -> BoxFuture<'_, Result<LineStream<LogLine>, WorkloadError>>;

    /// What Kubernetes tells of a lease's objects.
    fn events(
        &self,
        order: OrderId,
        query: EventQuery,
    ) -> BoxFuture<'_, Result<LineStream<ClusterEvent>, WorkloadError>>;

    /// How busy the cluster is.
    fn provider_status(&self) -> BoxFuture<'_, Result<ProviderStatus, WorkloadError>>;
}
