//! GET status: height, number of leases and free capacity.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{Json, extract};
use souk_gateway::body::ProviderStatus;
use tokio::sync::Mutex;

use crate::gateway::{GatewayError, State};

/// For this time an answer is given again: it is made of all nodes and pods, and anyone may ask.
const MAX_AGE: Duration = Duration::from_secs(2);

/// The last answer. Whoever asks while one is made waits for that one.
#[derive(Debug, Default)]
pub struct StatusCache(Mutex<Option<(Instant, ProviderStatus)>>);

/// Open to anyone.
pub async fn get(
    extract::State(state): extract::State<Arc<State>>,
) -> Result<Json<ProviderStatus>, GatewayError> {
    let mut last = state.status.0.lock().await;
    if let Some((_, status)) = last.as_ref().filter(|(made, _)| made.elapsed() < MAX_AGE) {
        return Ok(Json(status.clone()));
    }
    let status = state.workloads.provider_status().await?;
    *last = Some((Instant::now(), status.clone()));
    Ok(Json(status))
}
