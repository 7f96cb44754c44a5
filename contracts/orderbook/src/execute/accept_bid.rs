//! A tenant takes a bid.

use cosmwasm_std::Response;
use souk_core::{BidId, OrderId, Price};

use crate::{
    ContractError, Ctx, eligibility,
    lifecycle::{
        lease::{self, Winner},
        order::LoadedOrder,
    },
    neighbours::escrow,
    rules::delegate,
    state::bids,
};

/// The bid that the tenant saw, at no more than it saw. The bidder must still count; the escrow
/// refuses if the account would not last the least runway. A delegate stays within its limit.
///
/// # Errors
/// If the order is not open to it, if the provider's bid is another one by now or above
/// `max_price`, if the bidder does not count any more, or if the delegate may not let the deployment cost
/// that much.
pub fn accept_bid(
    ctx: &mut Ctx,
    loaded: LoadedOrder,
    provider: &str,
    seen: BidId,
    max_price: Price,
) -> Result<Response, ContractError> {
    let id = loaded.id;
    check_acceptable(ctx, &loaded, id)?;
    let provider = ctx.address(provider)?;
    let bid = bids::get(ctx.storage(), id, &provider)?;
    if bid.id != seen {
        return Err(ContractError::OtherBid { provider, bid: bid.id, seen });
    }
    if bid.price > max_price {
        return Err(ContractError::PriceChanged { price: bid.price, max_price });
    }
    check_delegate(ctx, &loaded, bid.price)?;
    let spec = loaded.spec(ctx.storage())?;
    let checked = eligibility::still_counts(&ctx.view(), &spec, &provider, &bid, ctx.now())?;
    let record = match checked {
        Ok(record) => record,
        Err(why) => {
            return Err(ContractError::Disqualified { provider, why: why.to_string() });
        }
    };
    let (event, pay) = lease::open(ctx, loaded, Winner::of_bid(provider, &bid, record))?;
    Ok(Response::new().add_event(event).add_message(pay))
}

/// Whoever is not the tenant is its delegate. The account is read for that one alone.
pub(super) fn check_delegate(
    ctx: &Ctx,
    loaded: &LoadedOrder,
    price: Price,
) -> Result<(), ContractError> {
    let deployment = &loaded.deployment;
    if ctx.sender() == deployment.tenant {
        return Ok(());
    }
    let funds = escrow::funds(&ctx.view(), loaded.deployment_id())?;
    delegate::check(deployment.delegate_limit, funds.rate().saturating_add(price.u128()))?;
    Ok(())
}

/// An order is open for its tenant to choose.
pub(super) fn check_acceptable(
    ctx: &Ctx,
    loaded: &LoadedOrder,
    id: OrderId,
) -> Result<(), ContractError> {
    let order = &loaded.order;
    order.must_be_open(id)?;
    if order.auction.is_some() {
        return Err(ContractError::AuctionBinds(id));
    }
    if order.is_expired(ctx.now()) {
        return Err(ContractError::OrderExpired { order: id, expired_at: order.expires_at });
    }
    Ok(())
}
