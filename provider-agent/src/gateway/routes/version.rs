//! GET version: the program's version, the provider and its market.

use std::sync::Arc;

use axum::{Json, extract};
use souk_gateway::body::VersionInfo;

use crate::gateway::State;

/// Open to anyone.
pub async fn get(extract::State(state): extract::State<Arc<State>>) -> Json<VersionInfo> {
    let audience = &state.policy.audience;
    Json(VersionInfo {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        provider: audience.provider.clone(),
        chain_id: audience.chain_id.clone(),
        orderbook: audience.orderbook.clone(),
    })
}
