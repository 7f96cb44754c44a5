//! GET a lease's status; of an ended one too, as long as the store has it.

use std::sync::Arc;

use axum::{Json, extract};
use souk_gateway::{Scope, body::LeaseStatus};

use crate::gateway::{GatewayError, State, auth::Caller, extract::OrderPath};

/// For the tenant.
pub async fn get(
    extract::State(state): extract::State<Arc<State>>,
    OrderPath(order): OrderPath,
    caller: Caller,
) -> Result<Json<LeaseStatus>, GatewayError> {
    caller.lease(&state, order, Scope::Status).await?;
    Ok(Json(state.workloads.lease_status(order).await?))
}
