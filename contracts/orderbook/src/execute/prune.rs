//! Anyone deletes what is over.

use cosmwasm_std::{Response, StdResult};
use souk_api::orderbook::{OrderState, events::OrderPruned};
use souk_core::OrderId;

use crate::{
    ContractError, Ctx,
    lifecycle::deployment::save_or_delete,
    rules::quote::is_nonce_over,
    state::{
        bids, deployments, leases, nonces,
        orders::{self, Lease, OrderStatus},
        provider_stats,
    },
};

/// Deletes closed orders that no bid record refers to, whose lease uses no slot any more and whose quote's nonce is
/// over, and with the last one a closed deployment. Whatever cannot be pruned yet is skipped.
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
    let Some(mut order) = orders::find(ctx.storage(), id)? else { return Ok(false) };
    // At time zero nothing has expired: an end that nobody recorded is not one yet.
    let recorded = order.state(0) == OrderState::Closed;
    if !recorded || bids::any(ctx.storage(), id) {
        return Ok(false);
    }
    if let OrderStatus::Lease(lease) = &mut order.status {
        if !forget_quote(ctx, lease)? {
            return Ok(false);
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

/// Forgets the quote that a lease came of, and lets go of its slot if nobody did. `false`, and nothing is changed, if
/// the slot is not free yet, or if its quote could be used a second time then, or another one on its nonce.
fn forget_quote(ctx: &mut Ctx, lease: &mut Lease) -> StdResult<bool> {
    let (now, hold) = (ctx.now(), ctx.config.params.slot_hold);
    let Some(nonce) = lease.quote.as_ref().map(|quote| quote.nonce) else { return Ok(true) };
    let held = lease.holds_slot() && !lease.frees_slot(now, hold);
    if held || !is_nonce_over(lease.created_at, now) {
        return Ok(false);
    }
    if lease.release_slot() {
        provider_stats::free_slots(ctx.storage_mut(), &lease.provider, 1)?;
    }
    nonces::forget(ctx.storage_mut(), &lease.provider, nonce);
    Ok(true)
}
