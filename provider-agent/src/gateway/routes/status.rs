//! GET status: height, number of leases and free capacity.

use std::sync::Arc;

use axum::{Json, extract};
use souk_gateway::body::ProviderStatus;

use crate::gateway::{GatewayError, State};

/// Open to anyone.
pub async fn get(
    extract::State(state): extract::State<Arc<State>>,
) -> Result<Json<ProviderStatus>, GatewayError> {
    Ok(Json(state.workloads.provider_status().await?))
}
