//! Anyone records that an order's lifetime is over.

use cosmwasm_std::Response;
use souk_core::OrderId;

use super::close_auction::end_without_lease;
use crate::{
    ContractError,
    ctx::Ctx,
    state::bids,
    tender::{OrderEnd, Tender},
};

/// Its group waits for its tenant. A binding auction with bids must be closed instead: it
/// does not get stale.
pub fn expire_order(ctx: &mut Ctx, id: OrderId) -> Result<Response, ContractError> {
    let tender = Tender::load(ctx.store(), id)?;
    tender.order.must_be_open(id)?;
    let (now, expires_at) = (ctx.now(), tender.order.expires_at);
    if !tender.order.is_expired(now) {
        return Err(ContractError::OrderNotExpired { order: id, expires_at, now });
    }
    if tender.order.auction.is_some() && bids::any(ctx.store(), id) {
        return Err(ContractError::AuctionHasBids(id));
    }
    let spec = tender.spec(ctx.store())?;
    end_without_lease(ctx, tender, &spec, OrderEnd::Expired, Response::new())
}
