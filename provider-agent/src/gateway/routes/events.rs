//! GET a lease's Kubernetes events, as a stream.

use std::sync::Arc;

use axum::{extract, response::Response};
use souk_gateway::{Scope, body::EventQuery};

use crate::gateway::{
    GatewayError, State,
    auth::Caller,
    extract::{OrderPath, Params},
    streams,
};

/// For the tenant.
pub async fn get(
    extract::State(state): extract::State<Arc<State>>,
    OrderPath(order): OrderPath,
    Params(query): Params<EventQuery>,
    caller: Caller,
) -> Result<Response, GatewayError> {
    caller.running_lease(&state, order, Scope::Events).await?;
    let events = state.workloads.events(order, query).await?;
    streams::answer(&state, order, caller.expires_at(), events)
}
