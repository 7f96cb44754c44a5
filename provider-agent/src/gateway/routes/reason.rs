//! GET why the provider did not bid on an order, without its prices and capacity; for the order's
//! tenant and its delegate alone.

use std::sync::Arc;

use axum::{Json, extract};
use souk_gateway::{
    Scope,
    body::{OrderReason, Verdict},
};

use crate::{
    gateway::{GatewayError, State, auth::Caller, extract::OrderPath},
    store,
};

/// For the order's tenant.
pub async fn get(
    extract::State(state): extract::State<Arc<State>>,
    OrderPath(order): OrderPath,
    caller: Caller,
) -> Result<Json<OrderReason>, GatewayError> {
    caller.must_have(order, Scope::Reason)?;
    let known = state.store.order(order).await?.ok_or(GatewayError::NoOrder(order))?;
    caller.must_act_for(&state, &known.tenant, known.group.deployment, order).await?;
    let answer = match state.store.decision(order).await? {
        Some(decision) => OrderReason {
            order,
            verdict: verdict(decision.verdict),
            reason: decision.tenant_reason,
            height: decision.height,
        },
        None => OrderReason {
            order,
            verdict: Verdict::Undecided,
            reason: "not decided yet".to_owned(),
            height: known.opened_height,
        },
    };
    Ok(Json(answer))
}

fn verdict(verdict: store::Verdict) -> Verdict {
    match verdict {
        store::Verdict::Bid => Verdict::Bid,
        store::Verdict::Pass | store::Verdict::Refused | store::Verdict::Wait => Verdict::Pass,
    }
}
