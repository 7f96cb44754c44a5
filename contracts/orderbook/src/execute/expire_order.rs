//! Anyone records that an order's lifetime is over.

use cosmwasm_std::Response;
use souk_core::{OrderId, time::DAY};

use super::close_auction::end_without_lease;
use crate::{
    ContractError, Ctx, lifecycle::order::LoadedOrder, rules::reason::OrderEnd, state::bids,
};

/// For this long, in seconds, an auction that has bids must be closed instead: it does not get
/// stale. What nobody could close by then (the orderbook or the escrow is paused) lets its bids go.
const CLOSABLE: u64 = DAY;

/// Its group waits for its tenant.
///
/// # Errors
/// If its lifetime is not over, or if its auction has bids and can still be closed.
pub fn expire_order(ctx: &mut Ctx, id: OrderId) -> Result<Response, ContractError> {
    let loaded = LoadedOrder::load(ctx.storage(), id)?;
    loaded.order.must_be_open(id)?;
    let (now, expires_at) = (ctx.now(), loaded.order.expires_at);
    if !loaded.order.is_expired(now) {
        return Err(ContractError::OrderNotExpired { order: id, expires_at, now });
    }
    let expires_at = expires_at.saturating_add(CLOSABLE);
    if loaded.order.auction.is_some() && now <= expires_at && bids::any(ctx.storage(), id) {
        return Err(ContractError::AuctionHasBids { order: id, expires_at });
    }
    let spec = loaded.spec(ctx.storage())?;
    end_without_lease(ctx, loaded, &spec, OrderEnd::Expired, Response::new())
}
