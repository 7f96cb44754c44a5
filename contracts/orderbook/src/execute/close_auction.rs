//! Anyone closes a binding auction that is over.

use cosmwasm_std::{Addr, Response};
use souk_api::orderbook::events::BidDisqualified;
use souk_core::{GroupSpec, OrderId};

use crate::{
    ContractError,
    auction::Closing,
    ctx::Ctx,
    eligibility::{self, Disqualification},
    escrow,
    lease::{self, Winner},
    state::{
        bids::{self, Bid},
        deployments, provider_stats,
    },
    tender::{self, OrderEnd, Tender},
};

/// Disqualified bids gone through in one message at most.
pub const MAX_LIMIT: u32 = 50;

/// From the lowest bid up: what does not count any more is deleted, the first that does
/// wins. After `limit` deletions the message ends well and the next one goes on.
pub fn close_auction(ctx: &mut Ctx, id: OrderId, limit: u32) -> Result<Response, ContractError> {
    if !(1..=MAX_LIMIT).contains(&limit) {
        return Err(ContractError::LimitRange { limit, max: MAX_LIMIT });
    }
    let tender = Tender::load(ctx.store(), id)?;
    check_over(ctx, &tender)?;
    let spec = tender.spec(ctx.store())?;
    let moment = tender.settled_at(ctx.now());
    let mut response = Response::new();
    for _ in 0..limit {
        let Some((provider, bid)) = bids::lowest(ctx.store(), id)? else {
            return end_without_lease(ctx, tender, &spec, OrderEnd::NoBids, response);
        };
        match eligibility::still_counts(&ctx.view(), &spec, &provider, &bid, moment)? {
            Ok(record) => {
                let winner = Winner { provider, bid, record };
                return award(ctx, tender, &spec, winner, response);
            }
            Err(why) => {
                response = response.add_event(disqualify(ctx, id, &provider, &bid, &why)?);
            }
        }
    }
    Ok(response)
}

fn check_over(ctx: &Ctx, tender: &Tender) -> Result<Closing, ContractError> {
    tender.order.must_be_open(tender.id)?;
    let auction = tender.order.auction.ok_or(ContractError::NoAuction(tender.id))?;
    let closing = auction.closing(&ctx.config);
    let (now, height) = (ctx.now(), ctx.height());
    if !closing.is_over(now, height) {
        return Err(ContractError::AuctionRuns {
            order: tender.id,
            closes_at: closing.time(),
            closes_at_block: closing.from_block,
            now,
            height,
        });
    }
    Ok(closing)
}

fn disqualify(
    ctx: &mut Ctx,
    id: OrderId,
    provider: &Addr,
    bid: &Bid,
    why: &Disqualification,
) -> Result<BidDisqualified, ContractError> {
    bids::remove(ctx.store_mut(), id, provider, bid);
    provider_stats::free_slots(ctx.store_mut(), provider, 1)?;
    let (provider, why) = (provider.to_string(), why.to_string());
    Ok(BidDisqualified { order: id, bid: bid.id, provider, why })
}

/// The winner gets the lease, if the account can carry it; else the order ends, so that it
/// does not fail for ever.
fn award(
    ctx: &mut Ctx,
    mut tender: Tender,
    spec: &GroupSpec,
    winner: Winner,
    response: Response,
) -> Result<Response, ContractError> {
    let deployment = tender.deployment_id();
    let others = tender.deployment.reserved.saturating_sub(spec.ceiling.into());
    if !escrow::can_fund(&ctx.view(), deployment, winner.bid.price, others)? {
        return end_without_lease(ctx, tender, spec, OrderEnd::InsufficientFunds, response);
    }
    tender.unreserve(spec);
    deployments::save(ctx.store_mut(), deployment, &tender.deployment)?;
    let (event, pay) = lease::open(ctx, tender, winner)?;
    Ok(response.add_event(event).add_message(pay))
}

/// Ends an order without a lease: its group rests, its reserve is let go.
pub(super) fn end_without_lease(
    ctx: &mut Ctx,
    mut tender: Tender,
    spec: &GroupSpec,
    end: OrderEnd,
    response: Response,
) -> Result<Response, ContractError> {
    let group = tender.order.group;
    let closed = tender::close_order(ctx.store_mut(), tender.id, &mut tender.order, end)?;
    let rests = tender::rest_group(ctx.store_mut(), group, end)?;
    let response = response.add_event(closed).add_event(rests);
    if !tender.unreserve(spec) {
        return Ok(response);
    }
    let deployment = tender.deployment_id();
    deployments::save(ctx.store_mut(), deployment, &tender.deployment)?;
    let reserve = escrow::reserve(ctx, deployment, tender.deployment.reserved)?;
    Ok(response.add_message(reserve))
}
