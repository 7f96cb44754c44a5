//! DELETE the volumes of a lease that ended before the time for which they are kept is over.

use std::sync::Arc;

use axum::extract;
use http::StatusCode;
use souk_gateway::Scope;

use crate::{
    gateway::{GatewayError, State, auth::Caller, extract::OrderPath},
    store::{StoreError, kept_volumes, leases},
};

/// For the tenant and no delegate, who could end the lease and delete what it leaves. It may be asked again and again: the answer is the same while they are being deleted
/// and when they are gone.
pub async fn delete(
    extract::State(state): extract::State<Arc<State>>,
    OrderPath(order): OrderPath,
    caller: Caller,
) -> Result<StatusCode, GatewayError> {
    let lease = caller.lease(&state, order, Scope::DeleteVolumes).await?;
    caller.must_be(&lease.tenant, order)?;
    let ordered = state.store.write(move |tx| {
        let runs = leases::is_active(tx, order)?;
        if !runs {
            kept_volumes::order_deletion(tx, order)?;
        }
        Ok::<_, StoreError>(!runs)
    });
    if !ordered.await? {
        return Err(GatewayError::Runs(order));
    }
    tracing::info!(lease = %order, "the tenant orders the deletion of kept volumes");
    Ok(StatusCode::ACCEPTED)
}
