//! Serves tenants: manifest, status, logs and events of their leases, by wallet tokens.
//!
//! Every route but `version` and `status` asks for a token whose issuer is the lease's (or the
//! order's) tenant. What runs in the cluster is told by whoever implements [`Workloads`].

mod addresses;
mod auth;
mod busy;
mod error;
mod extract;
mod listener;
mod routes;
mod streams;
mod tls;

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::Request,
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use souk_gateway::token::Policy;
use tower_http::cors::{AllowOrigin, CorsLayer};

pub use error::{GatewayError, ServeError};
pub use listener::serve;

use crate::{cluster::workloads::Workloads, config, market::lookup::ChainLookup, store::Store};

/// What the routes share.
pub struct State {
    /// The agent's memory.
    pub store: Store,
    /// The orderbook, asked when a tenant is faster than the follower.
    pub chain: ChainLookup,
    /// What runs in the cluster.
    pub workloads: Arc<dyn Workloads>,
    /// Whose tokens count, and for whom they must be.
    pub policy: Policy,
    /// The gateway's configuration.
    pub config: config::Gateway,
    /// Domains that no tenant may use as host names: the provider's own.
    pub reserved_domains: Vec<String>,
    /// Streams that are open for each lease.
    streams: streams::StreamCounter,
}

impl State {
    /// Puts the parts together.
    pub fn new(
        store: Store,
        chain: ChainLookup,
        workloads: Arc<dyn Workloads>,
        policy: Policy,
        config: config::Gateway,
        reserved_domains: Vec<String>,
    ) -> Self {
        let streams = streams::StreamCounter::new(config.limits.streams_per_lease);
        Self { store, chain, workloads, policy, config, reserved_domains, streams }
    }
}

/// All routes, with body limit, time limit and the origins that may call from a web page.
pub fn router(state: Arc<State>) -> Router {
    let body = usize::try_from(state.config.limits.body.0).unwrap_or(usize::MAX);
    let origins = state.config.cors_origins.iter().filter_map(|origin| origin.parse().ok());
    let cors = CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_methods([http::Method::GET, http::Method::PUT])
        .allow_headers([http::header::AUTHORIZATION, http::header::CONTENT_TYPE]);
    routes::all()
        .layer(axum::extract::DefaultBodyLimit::max(body))
        .layer(middleware::from_fn_with_state(Arc::clone(&state), in_time))
        .layer(cors)
        .with_state(state)
}

/// Whoever sends its request drop by drop is not waited for. A stream of lines goes on for as
/// long as it may once it has begun.
async fn in_time(
    axum::extract::State(state): axum::extract::State<Arc<State>>,
    request: Request,
    next: Next,
) -> Response {
    let limit = state.config.limits.request_timeout.0;
    let answer = tokio::time::timeout(Duration::from_secs(limit), next.run(request)).await;
    answer.unwrap_or_else(|_| GatewayError::TooSlow(limit).into_response())
}
