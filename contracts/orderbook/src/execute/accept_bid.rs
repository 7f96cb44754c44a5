//! A tenant takes a bid.

use cosmwasm_std::Response;
use souk_core::{OrderId, Price};

use crate::{
    ContractError,
    ctx::Ctx,
    eligibility,
    lease::{self, Winner},
    state::bids,
    tender::Tender,
};

/// At no more than the tenant saw. The bidder must still count; the escrow refuses if the
/// account would not last the least runway.
pub fn accept_bid(
    ctx: &mut Ctx,
    tender: Tender,
    provider: &str,
    max_price: Price,
) -> Result<Response, ContractError> {
    let id = tender.id;
    check_acceptable(ctx, &tender, id)?;
    let provider = ctx.addr(provider)?;
    let bid = bids::get(ctx.store(), id, &provider)?;
    if bid.price > max_price {
        return Err(ContractError::PriceChanged { price: bid.price, max_price });
    }
    let spec = tender.spec(ctx.store())?;
    let checked = eligibility::still_counts(&ctx.view(), &spec, &provider, &bid, ctx.now())?;
    let record = match checked {
        Ok(record) => record,
        Err(why) => {
            return Err(ContractError::Disqualified { provider, why: why.to_string() });
        }
    };
    let (event, pay) = lease::open(ctx, tender, Winner { provider, bid, record })?;
    Ok(Response::new().add_event(event).add_message(pay))
}

fn check_acceptable(ctx: &Ctx, tender: &Tender, id: OrderId) -> Result<(), ContractError> {
    let order = &tender.order;
    order.must_be_open(id)?;
    if order.auction.is_some() {
        return Err(ContractError::AuctionBinds(id));
    }
    if order.is_expired(ctx.now()) {
        return Err(ContractError::OrderExpired { order: id, expired_at: order.expires_at });
    }
    Ok(())
}
