//! A tenant takes a price that was signed for an open order.

use cosmwasm_std::Response;
use souk_api::orderbook::Quote;
use souk_core::OrderId;

use super::accept_bid::{check_acceptable, check_delegate};
use crate::{
    ContractError, Ctx,
    bidding::quote::{self, Offered},
    eligibility::Asked,
    lifecycle::{lease, order::LoadedOrder},
    state::{bids, provider_stats},
};

/// The provider goes through what a new bid goes through. If it has a bid on the order, that one's slot becomes the
/// lease's. The escrow refuses if the account would not last the least runway. A delegate stays within its limit.
///
/// # Errors
/// If the order is not open to it, those of [`quote::take`], or if the delegate may not let the deployment cost that
/// much.
pub fn accept_quote(
    ctx: &mut Ctx,
    loaded: LoadedOrder,
    quote: Quote,
) -> Result<Response, ContractError> {
    let id = loaded.id;
    check_acceptable(ctx, &loaded, id)?;
    check_delegate(ctx, &loaded, quote.price)?;
    let spec = loaded.spec(ctx.storage())?;
    free_bid(ctx, id, &quote.provider)?;
    let asked = Asked::by(&loaded, &spec, ctx.now());
    let offered = Offered::of(&loaded.deployment, &loaded.order);
    let (winner, stats) = quote::take(ctx, &asked, offered, quote)?;
    let (event, pay) = lease::open_with(ctx, loaded, winner, stats)?;
    Ok(Response::new().add_event(event).add_message(pay))
}

/// Deletes a bid that the provider has on the order, with its slot.
fn free_bid(ctx: &mut Ctx, id: OrderId, provider: &str) -> Result<(), ContractError> {
    let provider = ctx.address(provider)?;
    if let Some(bid) = bids::find(ctx.storage(), id, &provider)? {
        bids::remove(ctx.storage_mut(), id, &provider, &bid);
        provider_stats::free_slots(ctx.storage_mut(), &provider, 1)?;
    }
    Ok(())
}
