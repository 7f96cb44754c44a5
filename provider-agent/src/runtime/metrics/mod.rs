//! Metrics for Prometheus and the health check, on a listener of their own, without TLS: bind
//! it to an address that only the operator reaches.

mod collect;
mod health;

use std::{net::SocketAddr, sync::Arc};

use axum::{Json, Router, extract::State, http::StatusCode, response::IntoResponse, routing::get};
use souk_chain::{Client, PipelineHandle};
use tokio::{net::TcpListener, sync::watch};
use tokio_util::sync::CancellationToken;

pub use health::{ComponentError, Health, judge};

use crate::{
    cluster::{
        capacity::CapacityState, inventory::ClusterView, kube::cache::Caches,
        leases::metrics::LeaseMetrics,
    },
    market::{audit::Findings, follow::FollowState},
    model::reach::LastAttempt,
    runtime::lock::LockState,
    store::{Store, leases},
};

/// The gateway counts as not reached after this many attempts.
const FAILURES: u32 = 3;

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
    /// The chain's client, for its endpoints.
    pub client: Client,
    /// The attempts to reach the gateway, if there are any.
    pub reach: Option<watch::Receiver<LastAttempt>>,
    /// What is left, and which GPUs fail.
    pub capacity: watch::Receiver<CapacityState>,
    /// Whether another agent acts for this provider.
    pub lock: watch::Receiver<LockState>,
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
    let gpus = sources.capacity.borrow().faults.clone();
    let mut health = judge(
        &sources.following.borrow(),
        sources.findings.now().errors(),
        sources.pipeline.status().borrow().last_error.as_deref(),
        sources.cluster.last_error().into_iter().chain(sources.caches.problems()).collect(),
        &gpus,
        now(),
    );
    if let Some(last) = &sources.reach {
        let last = last.borrow();
        if let Some(error) = last.error.as_ref().filter(|_| last.failures >= FAILURES) {
            health.add("gateway", format!("tenants do not reach it: {error}"));
        }
    }
    if let Some(problem) = sources.lock.borrow().problem() {
        health.add("lock", problem.to_owned());
    }
    health.awaiting_manifest = awaiting_manifest(&sources).await;
    let status = if health.healthy { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(health))
}

/// Leases that run without a manifest: the store was lost or put back, and their tenants are asked to send
/// it again.
async fn awaiting_manifest(sources: &Sources) -> usize {
    let without = sources.store.read(leases::without_manifest).await.unwrap_or_default();
    without.into_iter().filter(|order| sources.caches.has(*order)).count()
}

fn now() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.map_or(0, |since| since.as_secs())
}
