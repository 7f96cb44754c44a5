//! Anyone closes a binding auction that is over.

use cosmwasm_std::{Addr, Response};
use souk_api::{
    escrow::ReserveChange,
    orderbook::{MAX_DISQUALIFIED, events::BidDisqualified},
};
use souk_core::{OrderId, Rate};

use crate::{
    ContractError, Ctx,
    eligibility::{self, Disqualification},
    lifecycle::{
        group::{end_without_lease, record_expiries},
        lease::{self, Winner},
        order::{self, LoadedOrder},
    },
    neighbours::escrow,
    rules::{deadline::Deadline, funds::Funds, reason::OrderEnd},
    state::{
        bids::{self, Bid},
        provider_stats,
    },
};

/// From the lowest bid up: what does not count any more is deleted, the first that does
/// wins. After `limit` deletions the message succeeds and the next one goes on.
///
/// # Errors
/// If the order has no auction, if the auction still runs or is closed, or if `limit` is out of
/// its range.
pub fn close_auction(ctx: &mut Ctx, id: OrderId, limit: u32) -> Result<Response, ContractError> {
    if !(1..=MAX_DISQUALIFIED).contains(&limit) {
        return Err(ContractError::LimitRange { limit, max: MAX_DISQUALIFIED });
    }
    let loaded = LoadedOrder::load(ctx.storage(), id)?;
    check_over(ctx, &loaded)?;
    let spec = loaded.spec(ctx.storage())?;
    let moment = loaded.settled_at(ctx.now());
    let mut response = Response::new();
    for _ in 0..limit {
        let Some((provider, bid)) = bids::lowest(ctx.storage(), id)? else {
            return end_without_lease(ctx, loaded, OrderEnd::NoBids, response);
        };
        match eligibility::still_counts(&ctx.view(), &spec, &provider, &bid, moment)? {
            Ok(record) => {
                let winner = Winner::of_bid(provider, &bid, record);
                return award(ctx, loaded, winner, response);
            }
            Err(why) => {
                response = response.add_event(disqualify(ctx, id, &provider, &bid, &why)?);
            }
        }
    }
    Ok(response)
}

fn check_over(ctx: &Ctx, loaded: &LoadedOrder) -> Result<(), ContractError> {
    loaded.order.must_be_open(loaded.id)?;
    let auction = loaded.order.auction.ok_or(ContractError::NoAuction(loaded.id))?;
    let closing = auction.closing(&ctx.config, ctx.now());
    let (now, height) = (ctx.now(), ctx.height());
    if !closing.is_over(now, height) {
        let Deadline { time: closes_at, block: closes_at_block } = closing.deadline();
        let order = loaded.id;
        return Err(ContractError::AuctionRuns { order, closes_at, closes_at_block, now, height });
    }
    Ok(())
}

fn disqualify(
    ctx: &mut Ctx,
    id: OrderId,
    provider: &Addr,
    bid: &Bid,
    why: &Disqualification,
) -> Result<BidDisqualified, ContractError> {
    bids::remove(ctx.storage_mut(), id, provider, bid);
    provider_stats::free_slots(ctx.storage_mut(), provider, 1)?;
    let (provider, why) = (provider.to_string(), why.to_string());
    Ok(BidDisqualified { order: id, bid: bid.id, provider, why })
}

/// The winner gets the lease, if the account is known to carry it; else the order ends, so that it does not
/// fail for ever.
fn award(
    ctx: &mut Ctx,
    loaded: LoadedOrder,
    winner: Winner,
    mut response: Response,
) -> Result<Response, ContractError> {
    let released = order::reserved(ctx.storage(), &loaded.order)?;
    let funds = escrow::funds(&ctx.view(), loaded.deployment_id()).ok();
    let price: Rate = winner.price.into();
    let carries =
        |released| funds.as_ref().is_some_and(|funds: &Funds| funds.carry(price, released).is_ok());
    let mut let_go = None;
    if !carries(released) {
        // What orders that are over still reserve must not cost a winner its lease.
        let expired = record_expiries(ctx, loaded.order.group, &loaded.deployment)?;
        response = response.add_events(expired.events);
        let more = ReserveChange::Less(expired.released);
        let_go = escrow::reserve(ctx, loaded.deployment_id(), more)?;
        if !carries(released.checked_add(expired.released)?) {
            let response = response.add_messages(let_go);
            return end_without_lease(ctx, loaded, OrderEnd::InsufficientFunds, response);
        }
    }
    let (event, pay) = lease::open(ctx, loaded, winner)?;
    Ok(response.add_event(event).add_messages(let_go).add_message(pay))
}
