//! A provider lowers its bid.

use cosmwasm_std::{Addr, Response};
use souk_api::orderbook::events::BidLowered;
use souk_core::{OrderId, Price};

use super::place_bid::extend;
use crate::{
    ContractError,
    ctx::Ctx,
    eligibility,
    state::{
        bids::{self, Bid},
        counters,
    },
    tender::Tender,
};

/// By at least 1 %, to the back of its new price. What the bid was held against when it was
/// placed stays: lowering does not wash off a slash.
pub fn lower_bid(
    ctx: &mut Ctx,
    provider: &Addr,
    id: OrderId,
    price: Price,
) -> Result<Response, ContractError> {
    let mut tender = Tender::load(ctx.store(), id)?;
    eligibility::check_takes_bids(&ctx.view(), &tender)?;
    let bid = bids::get(ctx.store(), id, provider)?;
    eligibility::check_min_price(&tender, price)?;
    let most = lowered(bid.price);
    if price.u128() > most {
        return Err(ContractError::NotLowered { price, current: bid.price, most });
    }
    let extended = extend(ctx, &mut tender, price)?;
    bids::remove(ctx.store_mut(), id, provider, &bid);
    let bid = Bid { price, position: counters::next_bid(ctx.store_mut())?, ..bid };
    bids::add(ctx.store_mut(), id, provider, &bid)?;
    let event = BidLowered { order: id, bid: bid.id, provider: provider.to_string(), price };
    let response = Response::new().add_event(event);
    Ok(extended.into_iter().fold(response, Response::add_event))
}

/// The highest price that is at least 1 % below this one.
fn lowered(price: Price) -> u128 {
    // A price is at most 2^96, so the product fits.
    price.u128().saturating_mul(99).checked_div(100).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_one_per_cent_rounded_up() {
        for (price, most) in [(1, 0), (2, 1), (99, 98), (100, 99), (101, 99), (1_000, 990)] {
            assert_eq!(lowered(Price::new(price).unwrap()), most, "from {price}");
        }
        assert_eq!(lowered(Price::MAX), (1u128 << 96) - (1u128 << 96).div_ceil(100));
    }
}
