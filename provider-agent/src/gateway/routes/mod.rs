//! The routes, one per file.

mod events;
mod lease_status;
mod logs;
mod manifest;
mod presence;
mod prices;
mod quotes;
mod reason;
mod status;
mod version;
mod volumes;

use std::sync::Arc;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    routing::{delete, get, post, put},
};
use souk_gateway::{quote::MAX_REQUEST, route};

pub use prices::PricesCache;
pub use status::StatusCache;

use super::{GatewayError, State};

/// All routes.
pub fn all() -> Router<Arc<State>> {
    Router::new()
        .route(route::VERSION, get(version::get))
        .route(route::STATUS, get(status::get))
        .route(route::QUOTES, post(quotes::post).layer(DefaultBodyLimit::max(MAX_REQUEST)))
        .route(route::PRICES, get(prices::get))
        .route(route::PRESENCE, get(presence::get))
        .route(route::MANIFEST, put(manifest::put).get(manifest::get))
        .route(route::LEASE_STATUS, get(lease_status::get))
        .route(route::LOGS, get(logs::get))
        .route(route::EVENTS, get(events::get))
        .route(route::VOLUMES, delete(volumes::delete))
        .route(route::REASON, get(reason::get))
        .fallback(async || GatewayError::NoRoute)
        .method_not_allowed_fallback(async || GatewayError::NoRoute)
}
