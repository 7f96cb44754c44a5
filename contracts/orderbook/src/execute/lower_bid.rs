//! A provider lowers its bid.

use cosmwasm_std::Response;
use souk_api::orderbook::events::BidLowered;
use souk_core::{OrderId, Price};

use super::place_bid::extend;
use crate::{
    ContractError, Ctx,
    eligibility::{self, Bidder},
    lifecycle::order::LoadedOrder,
    rules::price::{check_floors, check_lowered, check_min},
    state::{
        bids::{self, Bid},
        counters,
    },
};

/// By at least 1 %, to the back of its new price. A bid that a slash disqualified stays
/// disqualified.
///
/// # Errors
/// If the order takes no bids, if there is no bid, if the step is too small, or if the price is below
/// the provider's floor.
pub fn lower_bid(
    ctx: &mut Ctx,
    bidder: &Bidder,
    id: OrderId,
    price: Price,
) -> Result<Response, ContractError> {
    let provider = &bidder.address;
    let mut loaded = LoadedOrder::load(ctx.storage(), id)?;
    eligibility::check_takes_bids(&ctx.view(), &loaded)?;
    let bid = bids::get(ctx.storage(), id, provider)?;
    check_min(price, loaded.order.min_price)?;
    check_lowered(price, bid.price)?;
    if let Some(floors) = &bidder.record.floors {
        // The spec is read for providers with floors alone.
        let spec = loaded.spec(ctx.storage())?;
        let floors = floors.at(ctx.now());
        check_floors(floors, &loaded.deployment.denom, &spec, Some(price))?;
    }
    let extended = extend(ctx, &mut loaded, price)?;
    bids::remove(ctx.storage_mut(), id, provider, &bid);
    let bid = Bid { price, position: counters::next_bid(ctx.storage_mut())?, ..bid };
    bids::add(ctx.storage_mut(), id, provider, &bid)?;
    let event = BidLowered { order: id, bid: bid.id, provider: provider.to_string(), price };
    let response = Response::new().add_event(event);
    Ok(extended.into_iter().fold(response, Response::add_event))
}
