//! Anyone frees slots of a provider.

use cosmwasm_std::{Addr, Response};
use souk_api::orderbook::{OrderState, events::BidsReleased};
use souk_core::OrderId;

use crate::{
    ContractError, Ctx,
    state::{
        bids,
        orders::{self, OrderStatus},
        provider_stats,
    },
};

/// Deletes the provider's bids on orders that are no longer open, a winning one when its
/// lease has let go of the slot, and lets go of the slots of leases that came of quotes likewise. Whatever cannot be released yet is skipped.
///
/// # Errors
/// If too many orders are named, or if the provider is not an address.
pub fn release_bids(
    ctx: &mut Ctx,
    provider: &str,
    ids: &[OrderId],
) -> Result<Response, ContractError> {
    let provider = ctx.address(provider)?;
    let mut count = 0u32;
    for id in super::distinct_orders(ids)? {
        if release_bid(ctx, id, &provider)? || release_quoted(ctx, id, &provider)? {
            count = count.saturating_add(1);
        }
    }
    if count == 0 {
        return Ok(Response::new());
    }
    provider_stats::free_slots(ctx.storage_mut(), &provider, count)?;
    Ok(Response::new().add_event(BidsReleased { provider: provider.into(), count }))
}

/// Deletes the provider's bid on an order, if it is over. `true` if so.
fn release_bid(ctx: &mut Ctx, id: OrderId, provider: &Addr) -> Result<bool, ContractError> {
    let Some(bid) = bids::find(ctx.storage(), id, provider)? else { return Ok(false) };
    let over = is_over(ctx, id, provider)?;
    if over {
        bids::remove(ctx.storage_mut(), id, provider, &bid);
    }
    Ok(over)
}

/// Lets go of the slot of the provider's lease that came of a quote, if it is over. `true` if so.
fn release_quoted(ctx: &mut Ctx, id: OrderId, provider: &Addr) -> Result<bool, ContractError> {
    let (now, hold) = (ctx.now(), ctx.config.params.slot_hold);
    let Some(mut order) = orders::find(ctx.storage(), id)? else { return Ok(false) };
    let OrderStatus::Lease(lease) = &mut order.status else { return Ok(false) };
    let over = lease.provider == *provider && lease.frees_slot(now, hold);
    if !over || !lease.release_slot() {
        return Ok(false);
    }
    orders::save(ctx.storage_mut(), id, &order)?;
    Ok(true)
}

fn is_over(ctx: &Ctx, id: OrderId, provider: &Addr) -> Result<bool, ContractError> {
    let (now, hold) = (ctx.now(), ctx.config.params.slot_hold);
    let order = orders::get(ctx.storage(), id)?;
    Ok(match order.lease() {
        Some(lease) if lease.provider == *provider => lease.frees_slot(now, hold),
        Some(_) => true,
        None => order.state(now) == OrderState::Closed,
    })
}
