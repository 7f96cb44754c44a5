//! Anyone deletes what is over.

use cosmwasm_std::Response;
use souk_api::orderbook::{OrderState, events::OrderPruned};
use souk_core::OrderId;

use crate::{
    ContractError, Ctx,
    lifecycle::deployment::save_or_delete,
    rules::quote::is_nonce_over,
    state::{bids, deployments, leases, nonces, orders},
};

/// Deletes closed orders that no bid record and no slot refers to and whose quote's nonce is over, and with the last
/// one a closed deployment. Whatever cannot be pruned yet is skipped.
///
/// # Errors
/// If too many orders are named.
pub fn prune(ctx: &mut Ctx, ids: &[OrderId]) -> Result<Response, ContractError> {
    let mut response = Response::new();
    for id in super::distinct_orders(ids)? {
        if prune_one(ctx, id)? {
            response = response.add_event(OrderPruned { order: id });
        }
    }
    Ok(response)
}

fn prune_one(ctx: &mut Ctx, id: OrderId) -> Result<bool, ContractError> {
    let Some(order) = orders::find(ctx.storage(), id)? else { return Ok(false) };
    // At time zero nothing has expired: an end that nobody recorded is not one yet.
    let recorded = order.state(0) == OrderState::Closed;
    if !recorded || bids::any(ctx.storage(), id) {
        return Ok(false);
    }
    if let Some(lease) = order.lease() {
        if let Some(quote) = lease.quote {
            // Forgotten before, its quote could be used a second time, or another one on its nonce.
            if quote.holds_slot || !is_nonce_over(lease.created_at, ctx.now()) {
                return Ok(false);
            }
            nonces::forget(ctx.storage_mut(), &lease.provider, quote.nonce);
        }
        leases::remove(ctx.storage_mut(), &lease.provider, id);
    }
    orders::delete(ctx.storage_mut(), id);
    let deployment_id = order.group.deployment;
    let mut deployment = deployments::get(ctx.storage(), deployment_id)?;
    deployment.orders = deployment.orders.saturating_sub(1);
    save_or_delete(ctx.storage_mut(), deployment_id, &deployment)?;
    Ok(true)
}
