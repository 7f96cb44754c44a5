//! Anyone frees slots of a provider.

use cosmwasm_std::{Addr, Response};
use souk_api::orderbook::{OrderState, events::BidsReleased};
use souk_core::OrderId;

use crate::{
    ContractError, Ctx,
    state::{bids, orders, provider_stats},
};

/// Deletes the provider's bids on orders that are no longer open, a winning one when its
/// lease has let go of the slot. Whatever cannot be released yet is skipped.
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
        let Some(bid) = bids::find(ctx.storage(), id, &provider)? else { continue };
        if !is_over(ctx, id, &provider)? {
            continue;
        }
        bids::remove(ctx.storage_mut(), id, &provider, &bid);
        count = count.saturating_add(1);
    }
    if count == 0 {
        return Ok(Response::new());
    }
    provider_stats::free_slots(ctx.storage_mut(), &provider, count)?;
    Ok(Response::new().add_event(BidsReleased { provider: provider.into(), count }))
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
