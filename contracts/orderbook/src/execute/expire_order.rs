//! Anyone records that an order's lifetime is over.

use cosmwasm_std::Response;
use souk_core::{OrderId, time::DAY};

use super::close_auction::end_without_lease;
use crate::{
    ContractError,
    ctx::Ctx,
    state::bids,
    tender::{OrderEnd, Tender},
};

/// For so long, in seconds, an auction that has bids must be closed instead: it does not get
/// stale. What nobody could close by then (the book or the escrow is paused) lets its bids go.
const CLOSABLE: u64 = DAY;

/// Its group waits for its tenant.
pub fn expire_order(ctx: &mut Ctx, id: OrderId) -> Result<Response, ContractError> {
    let tender = Tender::load(ctx.store(), id)?;
    tender.order.must_be_open(id)?;
    let (now, expires_at) = (ctx.now(), tender.order.expires_at);
    if !tender.order.is_expired(now) {
        return Err(ContractError::OrderNotExpired { order: id, expires_at, now });
    }
    let expires_at = expires_at.saturating_add(CLOSABLE);
    if tender.order.auction.is_some() && now <= expires_at && bids::any(ctx.store(), id) {
        return Err(ContractError::AuctionHasBids { order: id, expires_at });
    }
    let spec = tender.spec(ctx.store())?;
    end_without_lease(ctx, tender, &spec, OrderEnd::Expired, Response::new())
}
