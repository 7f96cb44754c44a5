//! DELETE the volumes of a lease that ended before the time for which they are kept is over.

use std::sync::Arc;

use axum::extract;
use http::StatusCode;
use souk_api::orderbook::LeaseState;
use souk_gateway::Scope;

use crate::{
    gateway::{GatewayError, State, auth::Caller, extract::OrderPath},
    store::kept_volumes,
};

/// For the tenant. It may be asked again and again: the answer is the same while they are being deleted
/// and when they are gone.
pub async fn delete(
    extract::State(state): extract::State<Arc<State>>,
    OrderPath(order): OrderPath,
    caller: Caller,
) -> Result<StatusCode, GatewayError> {
    let lease = caller.lease(&state, order, Scope::DeleteVolumes).await?;
    if lease.state == LeaseState::Active {
        return Err(GatewayError::Runs(order));
    }
    state.store.write(move |tx| kept_volumes::order_deletion(tx, order)).await?;
    tracing::info!(lease = %order, "the tenant orders the deletion of kept volumes");
    Ok(StatusCode::ACCEPTED)
}
