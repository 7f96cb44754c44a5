//! Metrics for Prometheus and the health check, on a listener of their own, without TLS: bind
//! it to an address that only the operator reaches.

mod collect;
mod health;
#[cfg(test)]
mod table;

use std::{net::SocketAddr, sync::Arc};

use axum::{Json, Router, extract::State, http::StatusCode, response::IntoResponse, routing::get};
use souk_chain::{
    Client, PipelineHandle,
    rpc::{EndpointHealth, EndpointStatus},
};
use tokio::{net::TcpListener, sync::watch};
use tokio_util::sync::CancellationToken;

pub use health::{ComponentError, Health, Reports, judge};

use crate::{
    cluster::{
        capacity::CapacityState,
        inventory::ClusterView,
        kube::{cache::Caches, deletions::Deletion},
        leases::{metrics::LeaseMetrics, progress::ProgressMap},
    },
    market::{
        audit::Findings, bidding::quoting::QuoteCounts, follow::FollowState,
        heartbeat::HeartbeatState,
    },
    model::{health::Failures, reach::LastAttempt},
    runtime::lock::LockState,
    store::{Store, StoreError, leases, taken_up},
};

/// Seconds after which a write to the store counts as one that hangs.
const LONG_WRITE: u64 = 3;

/// The sources of the metrics.
#[derive(Clone)]
pub struct Sources {
    /// The store.
    pub store: Store,
    /// The follower's state.
    pub following: watch::Receiver<FollowState>,
    /// What audits and confirmations found.
    pub findings: Findings,
    /// The transaction pipeline.
    pub pipeline: PipelineHandle,
    /// The nodes and pods.
    pub cluster: ClusterView,
    /// What is seen of the leases' objects.
    pub caches: Caches,
    /// What is counted of the work on leases.
    pub leases: LeaseMetrics,
    /// What was done for each lease.
    pub progress: ProgressMap,
    /// What parts report of themselves.
    pub failures: Failures,
    /// Seconds that the deletion of a namespace may take.
    pub deletion_warning: u64,
    /// The chain's client, for its endpoints.
    pub client: Client,
    /// The attempts to reach the gateway, if there are any.
    pub reach: Option<watch::Receiver<LastAttempt>>,
    /// What is left, and which GPUs fail.
    pub capacity: watch::Receiver<CapacityState>,
    /// Whether another agent acts for this provider.
    pub lock: watch::Receiver<LockState>,
    /// When the chain last saw the provider, and what saying so costs.
    pub heartbeats: watch::Receiver<HeartbeatState>,
    /// What is counted of quotes.
    pub quotes: Arc<QuoteCounts>,
}

/// The metrics cannot be served.
#[derive(Debug, thiserror::Error)]
#[error("metrics: cannot listen on {address}: {error}; free the port or change `metrics.listen`")]
pub struct MetricsError {
    address: SocketAddr,
    error: std::io::Error,
}

/// Binds the address.
///
/// # Errors
///
/// If it is taken or not this machine's.
pub async fn bind(address: SocketAddr) -> Result<TcpListener, MetricsError> {
    let listener = TcpListener::bind(address).await;
    listener.map_err(|error| MetricsError { address, error })
}

/// Serves until `stop`.
///
/// # Errors
///
/// If the listener fails.
pub async fn serve(
    listener: TcpListener,
    sources: Sources,
    stop: CancellationToken,
) -> Result<(), std::io::Error> {
    let routes = Router::new()
        .route("/metrics", get(metrics))
        .route("/healthz", get(health))
        .with_state(Arc::new(sources));
    if let Ok(address) = listener.local_addr() {
        tracing::info!(%address, "metrics server listening");
    }
    axum::serve(listener, routes).with_graceful_shutdown(stop.cancelled_owned()).await
}

async fn metrics(State(sources): State<Arc<Sources>>) -> impl IntoResponse {
    match collect::collect(&sources).await {
        Ok(text) => {
            let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            (StatusCode::OK, [("content-type", kind)], text)
        }
        Err(error) => {
            (StatusCode::INTERNAL_SERVER_ERROR, [("content-type", "text/plain")], error.to_string())
        }
    }
}

async fn health(State(sources): State<Arc<Sources>>) -> impl IntoResponse {
    let mut health = judge(&reports(&sources).await);
    health.awaiting_manifest = awaiting_manifest(&sources).await;
    let status = if health.healthy { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(health))
}

/// Leases without a manifest that run, or that are older than the store: it was lost or put back, and their
/// tenants are asked to send it again.
async fn awaiting_manifest(sources: &Sources) -> usize {
    let read = sources.store.read(|sql| {
        let taken_up = taken_up::get(sql)?;
        let mut found = Vec::new();
        for order in leases::without_manifest(sql)? {
            let lease = leases::get(sql, order)?;
            found.push((order, lease.is_some_and(|lease| lease.is_older_than_store(taken_up))));
        }
        Ok::<_, StoreError>(found)
    });
    let without = read.await.unwrap_or_default();
    without.into_iter().filter(|(order, older)| *older || sources.caches.has(*order)).count()
}

/// What all parts have to say at this moment.
async fn reports(sources: &Sources) -> Reports {
    let wall = now();
    let writing = sources.store.writing_for().map(|time| time.as_secs());
    let aside = |endpoint: EndpointStatus| match endpoint.health {
        EndpointHealth::SetAside(fault) => Some(format!("{}: {fault}", endpoint.endpoint)),
        EndpointHealth::Good | EndpointHealth::Unknown => None,
    };
    let transactions = sources.pipeline.status().borrow().last_error.clone();
    let gateway = sources.reach.as_ref().and_then(|last| last.borrow().error.clone());
    let following = sources.following.borrow().clone();
    Reports {
        following,
        failures: sources.failures.now(),
        findings: sources.findings.now().errors(),
        transactions,
        inventory: sources.cluster.problem(),
        watches: sources.caches.problems(),
        leases: sources.progress.failures(),
        refused: sources.progress.refused(),
        oldest_change: sources.leases.oldest.get(),
        held: held(sources, wall).iter().map(|one| one.text(wall)).collect(),
        gpus: sources.capacity.borrow().faults.clone(),
        lock: sources.lock.borrow().problem().map(str::to_owned),
        gateway,
        short: sources.heartbeats.borrow().short.clone(),
        endpoints: sources.client.endpoints().into_iter().filter_map(aside).collect(),
        writing: writing.filter(|seconds| *seconds >= LONG_WRITE),
        wall,
    }
}

/// The namespaces whose deletion takes longer than it should.
fn held(sources: &Sources, now: u64) -> Vec<Deletion> {
    let mut all = sources.caches.deletions();
    all.retain(|one| one.seconds(now) >= sources.deletion_warning);
    all
}

fn now() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.map_or(0, |since| since.as_secs())
}
