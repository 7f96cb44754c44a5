//! GET a lease's logs, as a stream of lines.

use std::sync::Arc;

use axum::{extract, response::Response};
use souk_gateway::{Scope, body::LogQuery};

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
    Params(query): Params<LogQuery>,
    caller: Caller,
) -> Result<Response, GatewayError> {
    caller.running_lease(&state, order, Scope::Logs).await?;
    let lines = state.workloads.logs(order, query).await?;
    streams::answer(&state, order, caller.expires_at(), lines)
}
