//! A provider bids for a group.

use cosmwasm_std::Response;
use souk_api::orderbook::events::{AuctionExtended, BidPlaced};
use souk_core::{Attribute, BidId, OrderId, Price, attributes::check_claims};

use crate::{
    ContractError,
    ctx::Ctx,
    eligibility::{self, Bidder},
    state::{
        bids::{self, Bid},
        counters, orders, provider_stats,
    },
    tender::Tender,
};

/// Attributes in an offer at most.
pub const MAX_OFFER: usize = 4;

/// Takes a slot and a place in the book.
pub fn place_bid(
    ctx: &mut Ctx,
    bidder: Bidder,
    id: OrderId,
    price: Price,
    offer: Vec<Attribute>,
) -> Result<Response, ContractError> {
    let mut tender = Tender::load(ctx.store(), id)?;
    let mut book = eligibility::check(&ctx.view(), &tender, &bidder, Some(price))?;
    check_claims(&offer, MAX_OFFER)?;
    let extended = extend(ctx, &mut tender, price)?;

    let provider = bidder.address;
    let position = counters::next_bid(ctx.store_mut())?;
    let bid = Bid {
        id: BidId(position),
        price,
        position,
        placed_at: ctx.now(),
        slashes: bidder.record.slashes,
        offer,
    };
    bids::add(ctx.store_mut(), id, &provider, &bid)?;
    provider_stats::use_slot(&mut book)?;
    provider_stats::save(ctx.store_mut(), &provider, book)?;
    let event = BidPlaced { order: id, bid: bid.id, provider: provider.into(), price };
    let response = Response::new().add_event(event);
    Ok(extended.into_iter().fold(response, Response::add_event))
}

/// Moves the close of a binding auction if `price` is a new lowest that comes late. To be
/// called before the bid is on the book.
pub(super) fn extend(
    ctx: &mut Ctx,
    tender: &mut Tender,
    price: Price,
) -> Result<Option<AuctionExtended>, ContractError> {
    let Some(mut auction) = tender.order.auction else { return Ok(None) };
    let Some(closes_at) = auction.closing(&ctx.config).extended(ctx.now()) else {
        return Ok(None);
    };
    let lowest = bids::lowest(ctx.store(), tender.id)?;
    if lowest.is_some_and(|(_, lowest)| lowest.price <= price) {
        return Ok(None);
    }
    auction.closes_at = closes_at;
    auction.extensions = auction.extensions.saturating_add(1);
    tender.order.auction = Some(auction);
    orders::save(ctx.store_mut(), tender.id, &tender.order)?;
    Ok(Some(AuctionExtended { order: tender.id, closes_at }))
}
