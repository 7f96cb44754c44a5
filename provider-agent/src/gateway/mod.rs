//! The TLS server for tenants: manifest, status, logs and events of their leases.
//!
//! Every route but `version`, `status`, `presence`, `prices` and unsigned `quotes` needs a wallet token, whose issuer
//! is the lease's (or the order's) tenant or the deployment's delegate; signed quotes are for any wallet. What runs in
//! the cluster comes from [`Workloads`].
//!
//! Nobody takes what others need: connections and requests are limited by address and network
//! (`visitors`), and a full gateway closes idle connections of the busiest network for whoever
//! comes.

mod activity;
mod auth;
mod connection;
mod delegates;
mod error;
mod extract;
mod listener;
mod proxy_header;
mod routes;
mod streams;
mod tls;
mod tracked;
mod visit;
mod visitors;

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::Request,
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use souk_gateway::token::Policy;
use tokio::sync::watch;
use tower_http::cors::{AllowOrigin, CorsLayer};

pub use error::{GatewayError, ServeError};
pub use listener::{CLOSING, serve};

use crate::{
    cluster::workloads::Workloads,
    config,
    market::{
        bidding::quoting::{HeadTimes, QuoteDesk},
        heartbeat::HeartbeatState,
        lookup::ChainLookup,
    },
    model::{QuoteKey, Registered, health::Failures, manifest::Rules, scope::MarketScope},
    store::Store,
};

/// What the routes share.
pub struct State {
    /// The store.
    pub store: Store,
    /// The orderbook on the chain, asked when a tenant is faster than the follower.
    pub chain: ChainLookup,
    /// What runs in the cluster.
    pub workloads: Arc<dyn Workloads>,
    /// The audience that tokens must be for.
    pub policy: Policy,
    /// The gateway's configuration.
    pub config: config::Gateway,
    /// What a manifest may have.
    pub rules: Rules,
    /// The provider and market of the leases.
    pub scope: MarketScope,
    /// The open streams of each lease.
    streams: streams::StreamCounter,
    /// Who may act for a tenant.
    delegates: delegates::Delegates,
    /// The last answer to `status`.
    status: routes::StatusCache,
    /// Who gives quotes and prices; none are given without.
    quoting: Option<Quoting>,
    /// The last answer to `prices`.
    prices: routes::PricesCache,
    /// By what it is said that the provider is there; nothing is without.
    word: Option<Word>,
    /// Where listener and certificate report what is wrong.
    failures: Failures,
}

/// By what the gateway gives quotes and prices.
pub struct Quoting {
    /// Who decides on them.
    pub desk: QuoteDesk,
    /// What the chain's endpoints say of the time.
    pub heads: HeadTimes,
    /// Prices and limits.
    pub bidding: config::Bidding,
    /// Whether quotes are given, and for how long.
    pub quotes: config::Quotes,
}

/// By what the gateway says that the provider is there.
pub struct Word {
    /// The key that signs it.
    pub key: QuoteKey,
    /// Whose key the registry has.
    pub registered: watch::Receiver<Registered>,
    /// Whether anything runs, and follows the chain.
    pub heartbeats: watch::Receiver<HeartbeatState>,
}

impl State {
    /// Puts the parts together.
    pub fn new(
        store: Store,
        chain: ChainLookup,
        workloads: Arc<dyn Workloads>,
        policy: Policy,
        config: config::Gateway,
        rules: Rules,
    ) -> Self {
        let streams = streams::StreamCounter::new(config.limits.streams_per_lease);
        let (delegates, status, prices, failures) = Default::default();
        let audience = &policy.audience;
        let scope = MarketScope::new(&audience.chain_id, &audience.orderbook, &audience.provider);
        Self {
            store,
            chain,
            workloads,
            policy,
            config,
            rules,
            scope,
            streams,
            delegates,
            status,
            quoting: None,
            prices,
            word: None,
            failures,
        }
    }

    /// Lets it give quotes and prices.
    #[must_use]
    pub fn quoting(self, quoting: Quoting) -> Self {
        Self { quoting: Some(quoting), ..self }
    }

    /// Lets it say that the provider is there.
    #[must_use]
    pub fn saying(self, word: Word) -> Self {
        Self { word: Some(word), ..self }
    }

    /// Lets listener and certificate report there what is wrong.
    #[must_use]
    pub fn reporting_to(self, failures: Failures) -> Self {
        Self { failures, ..self }
    }
}

/// All routes, with body limit, timeout and the CORS origins.
pub fn router(state: Arc<State>) -> Router {
    let body = usize::try_from(state.config.limits.body.0).unwrap_or(usize::MAX);
    let origins = state.config.cors_origins.iter().filter_map(|origin| origin.parse().ok());
    let cors = CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_methods([
            http::Method::GET,
            http::Method::POST,
            http::Method::PUT,
            http::Method::DELETE,
        ])
        .allow_headers([http::header::AUTHORIZATION, http::header::CONTENT_TYPE]);
    routes::all()
        .layer(axum::extract::DefaultBodyLimit::max(body))
        .layer(middleware::from_fn_with_state(Arc::clone(&state), request_timeout))
        .layer(cors)
        .with_state(state)
}

/// Bounds the time until a response begins, which also ends a request that is sent too slowly. A
/// stream of lines has no timeout once it has begun.
async fn request_timeout(
    axum::extract::State(state): axum::extract::State<Arc<State>>,
    request: Request,
    next: Next,
) -> Response {
    let limit = state.config.limits.request_timeout.0;
    let answer = tokio::time::timeout(Duration::from_secs(limit), next.run(request)).await;
    answer.unwrap_or_else(|_| GatewayError::TooSlow(limit).into_response())
}
