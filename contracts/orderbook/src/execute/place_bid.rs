//! A provider bids for a group.

use cosmwasm_std::Response;
use souk_api::orderbook::{
    MAX_OFFER,
    events::{AuctionExtended, BidPlaced},
};
use souk_core::{Attribute, BidId, OrderId, Price, attributes::check_claims};

use crate::{
    ContractError, Ctx,
    eligibility::{self, Bidder},
    lifecycle::order::LoadedOrder,
    rules::reclaim,
    state::{
        bids::{self, Bid},
        counters, orders, provider_stats,
    },
};

/// Takes a slot and a place among the bids of its price.
///
/// # Errors
/// What makes the provider not eligible, or an offer or a notice that breaks a rule.
pub fn place_bid(
    ctx: &mut Ctx,
    bidder: Bidder,
    id: OrderId,
    price: Price,
    offer: Vec<Attribute>,
    window: Option<u64>,
) -> Result<Response, ContractError> {
    let mut loaded = LoadedOrder::load(ctx.storage(), id)?;
    let mut stats = eligibility::check(&ctx.view(), &loaded, &bidder, Some(price))?;
    check_claims(&offer, MAX_OFFER)?;
    reclaim::check_offer(loaded.deployment.reclamation, window)?;
    let extended = extend(ctx, &mut loaded, price)?;

    let provider = bidder.address;
    let position = counters::next_bid(ctx.storage_mut())?;
    let bid = Bid {
        id: BidId(position),
        price,
        position,
        placed_at: ctx.now(),
        slashes: bidder.record.slashes,
        offer,
        window,
    };
    bids::add(ctx.storage_mut(), id, &provider, &bid)?;
    provider_stats::use_slot(&mut stats)?;
    provider_stats::see(&mut stats, ctx.now(), ctx.height());
    provider_stats::save(ctx.storage_mut(), &provider, stats)?;
    let event = BidPlaced { order: id, bid: bid.id, provider: provider.into(), price };
    let response = Response::new().add_event(event);
    Ok(extended.into_iter().fold(response, Response::add_event))
}

/// Moves the close of a binding auction if `price` is a new lowest that comes late. To be
/// called before the bid is saved.
pub(super) fn extend(
    ctx: &mut Ctx,
    loaded: &mut LoadedOrder,
    price: Price,
) -> Result<Option<AuctionExtended>, ContractError> {
    let Some(mut auction) = loaded.order.auction else { return Ok(None) };
    let (now, height) = (ctx.now(), ctx.height());
    let Some(moved) = auction.closing(&ctx.config, now).extended(now, height) else {
        return Ok(None);
    };
    let lowest = bids::lowest(ctx.storage(), loaded.id)?;
    if lowest.is_some_and(|(_, lowest)| lowest.price <= price) {
        return Ok(None);
    }
    auction.closes_at = moved.time;
    auction.from_block = moved.block;
    auction.extensions = auction.extensions.saturating_add(1);
    loaded.order.auction = Some(auction);
    orders::save(ctx.storage_mut(), loaded.id, &loaded.order)?;
    let (closes_at, closes_at_block) = (moved.time, Some(moved.block));
    Ok(Some(AuctionExtended { order: loaded.id, closes_at, closes_at_block }))
}
