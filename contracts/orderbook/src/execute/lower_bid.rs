//! A provider lowers its bid.

use cosmwasm_std::Response;
use souk_core::{OrderId, Price};

use crate::{ContractError, Ctx, bidding::bid, eligibility::Bidder, state::bids};

/// By at least 1 %, to the back of its new price.
///
/// # Errors
/// If there is no bid, if the order takes none, if the step is too small, or if the price is below the provider's
/// floor.
pub fn lower_bid(
    ctx: &mut Ctx,
    bidder: &Bidder,
    id: OrderId,
    price: Price,
) -> Result<Response, ContractError> {
    let bid = bids::get(ctx.storage(), id, &bidder.address)?;
    let checked = bid::check_lower(&ctx.view(), bidder, id, &bid, price)?;
    Ok(Response::new().add_events(checked.lower(ctx, bidder, bid)?))
}
