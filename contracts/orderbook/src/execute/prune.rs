//! Anyone takes what is over off the book.

use cosmwasm_std::Response;
use souk_api::orderbook::{OrderState, events::OrderPruned};
use souk_core::OrderId;

use crate::{
    ContractError, closing,
    ctx::Ctx,
    state::{bids, deployments, leases, orders},
};

/// Deletes closed orders that no bid record refers to, and with the last one a closed
/// deployment. Whatever cannot be pruned yet is skipped.
pub fn prune(ctx: &mut Ctx, ids: &[OrderId]) -> Result<Response, ContractError> {
    let mut response = Response::new();
    for id in super::distinct(ids)? {
        if prune_one(ctx, id)? {
            response = response.add_event(OrderPruned { order: id });
        }
    }
    Ok(response)
}

fn prune_one(ctx: &mut Ctx, id: OrderId) -> Result<bool, ContractError> {
    let Some(order) = orders::find(ctx.store(), id)? else { return Ok(false) };
    // At time zero nothing has expired: an end that nobody recorded is not one yet.
    let recorded = order.state(0) == OrderState::Closed;
    if !recorded || bids::any(ctx.store(), id) {
        return Ok(false);
    }
    if let Some(lease) = order.lease() {
        leases::remove(ctx.store_mut(), &lease.provider, id);
    }
    orders::delete(ctx.store_mut(), id);
    let deployment_id = order.group.deployment;
    let mut deployment = deployments::get(ctx.store(), deployment_id)?;
    deployment.orders = deployment.orders.saturating_sub(1);
    closing::save_or_forget(ctx.store_mut(), deployment_id, &deployment)?;
    Ok(true)
}
