//! A provider takes an open bid back.

use cosmwasm_std::{Addr, Response};
use souk_api::orderbook::events::BidWithdrawn;
use souk_core::OrderId;

use crate::{
    ContractError, Ctx,
    state::{bids, orders, provider_stats},
};

/// Its slot is free at once. Bids in a binding auction stay; lost ones are released.
///
/// # Errors
/// If the order is not open, if its auction binds, or if there is no bid.
pub fn withdraw_bid(
    ctx: &mut Ctx,
    provider: &Addr,
    id: OrderId,
) -> Result<Response, ContractError> {
    let order = orders::get(ctx.storage(), id)?;
    order.must_be_open(id)?;
    if order.auction.is_some() {
        return Err(ContractError::AuctionBinds(id));
    }
    let bid = bids::get(ctx.storage(), id, provider)?;
    bids::remove(ctx.storage_mut(), id, provider, &bid);
    let mut stats = provider_stats::get(ctx.storage(), provider)?;
    stats.used = stats.used.saturating_sub(1);
    provider_stats::see(&mut stats, ctx.now(), ctx.height());
    provider_stats::save(ctx.storage_mut(), provider, stats)?;
    let event = BidWithdrawn { order: id, bid: bid.id, provider: provider.to_string() };
    Ok(Response::new().add_event(event))
}
