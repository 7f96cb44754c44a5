//! How bids are placed and lowered, one or several in a message. What is checked is checked before the first write, so
//! that of several bids one can be left out.

use cosmwasm_std::Event;
use souk_api::{
    orderbook::{
        MAX_OFFER, NewBid,
        events::{AuctionExtended, BidLowered, BidPlaced},
    },
    published::ProviderStats,
};
use souk_core::{BidId, OrderId, Price, attributes::check_claims};

use crate::{
    ContractError, Ctx, View,
    eligibility::{self, Bidder},
    lifecycle::order::LoadedOrder,
    rules::{
        price::{check_floors, check_lowered, check_min},
        reclaim,
    },
    state::{
        bids::{self, Bid},
        counters,
        orders::{self, Auction},
        provider_stats,
    },
};

/// A bid that was checked.
pub struct Checked {
    loaded: LoadedOrder,
    /// The new price.
    price: Price,
    /// How its auction closes then, if that changes.
    extended: Option<Auction>,
}

/// Checks a new bid.
///
/// # Errors
/// What makes the provider not eligible, or an offer or a notice that breaks a rule.
pub fn check_new(
    view: &View,
    bidder: &Bidder,
    stats: &ProviderStats,
    new: &NewBid,
) -> Result<Checked, ContractError> {
    let NewBid { order, price, offer, reclamation_window } = new;
    let loaded = LoadedOrder::load(view.storage, *order)?;
    eligibility::check(view, &loaded, bidder, stats, Some(*price))?;
    check_claims(offer, MAX_OFFER)?;
    reclaim::check_offer(loaded.deployment.reclamation, *reclamation_window)?;
    Checked::with(view, loaded, *price)
}

/// Checks the new price of a bid.
///
/// # Errors
/// If the order takes no bids, if the step is too small, or if the price is below the provider's floor.
pub fn check_lower(
    view: &View,
    bidder: &Bidder,
    order: OrderId,
    bid: &Bid,
    price: Price,
) -> Result<Checked, ContractError> {
    let loaded = LoadedOrder::load(view.storage, order)?;
    eligibility::check_takes_bids(view, &loaded)?;
    check_min(price, loaded.order.min_price)?;
    check_lowered(price, bid.price)?;
    if let Some(floors) = &bidder.record.floors {
        // The spec is read for providers with floors alone.
        let spec = loaded.spec(view.storage)?;
        check_floors(floors.at(view.now()), &loaded.deployment.denom, &spec, Some(price))?;
    }
    Checked::with(view, loaded, price)
}

impl Checked {
    fn with(view: &View, loaded: LoadedOrder, price: Price) -> Result<Self, ContractError> {
        let extended = extended(view, &loaded, price)?;
        Ok(Self { loaded, price, extended })
    }

    /// Writes the new bid: it takes a slot and a place among the bids of its price. The caller saves the stats.
    ///
    /// # Errors
    /// If something cannot be counted or written.
    pub fn place(
        self,
        ctx: &mut Ctx,
        bidder: &Bidder,
        stats: &mut ProviderStats,
        new: NewBid,
    ) -> Result<Vec<Event>, ContractError> {
        let (id, price) = (self.loaded.id, self.price);
        // What no auction orders by price needs no place in the index, which costs as much as a sixth of the bid.
        let is_chosen = self.loaded.order.auction.is_none();
        let extended = self.extend(ctx)?;
        let provider = &bidder.address;
        let position = counters::next_bid(ctx.storage_mut())?;
        let bid = Bid {
            id: BidId(position),
            price,
            position,
            placed_at: ctx.now(),
            slashes: bidder.record.slashes,
            offer: new.offer,
            window: new.reclamation_window,
            is_chosen,
        };
        bids::add(ctx.storage_mut(), id, provider, &bid)?;
        provider_stats::use_slot(stats)?;
        provider_stats::see(stats, ctx.now(), ctx.height());
        let event = BidPlaced { order: id, bid: bid.id, provider: provider.to_string(), price };
        Ok([event.into()].into_iter().chain(extended).collect())
    }

    /// Writes the new price, at the back of the bids of that price. A bid that a slash disqualified stays
    /// disqualified.
    ///
    /// # Errors
    /// If something cannot be counted or written.
    pub fn lower(
        self,
        ctx: &mut Ctx,
        bidder: &Bidder,
        bid: Bid,
    ) -> Result<Vec<Event>, ContractError> {
        let (id, price) = (self.loaded.id, self.price);
        let extended = self.extend(ctx)?;
        let provider = &bidder.address;
        bids::remove(ctx.storage_mut(), id, provider, &bid);
        let bid = Bid { price, position: counters::next_bid(ctx.storage_mut())?, ..bid };
        bids::add(ctx.storage_mut(), id, provider, &bid)?;
        let event = BidLowered { order: id, bid: bid.id, provider: provider.to_string(), price };
        Ok([event.into()].into_iter().chain(extended).collect())
    }

    /// Moves the close of a binding auction.
    fn extend(mut self, ctx: &mut Ctx) -> Result<Option<Event>, ContractError> {
        let Some(auction) = self.extended else { return Ok(None) };
        let (order, closes_at) = (self.loaded.id, auction.closes_at);
        self.loaded.order.auction = Some(auction);
        orders::save(ctx.storage_mut(), order, &self.loaded.order)?;
        let closes_at_block = Some(auction.from_block);
        Ok(Some(AuctionExtended { order, closes_at, closes_at_block }.into()))
    }
}

/// How a binding auction closes if `price` is a new lowest that comes late.
fn extended(
    view: &View,
    loaded: &LoadedOrder,
    price: Price,
) -> Result<Option<Auction>, ContractError> {
    let Some(mut auction) = loaded.order.auction else { return Ok(None) };
    let (now, height) = (view.now(), view.height());
    let Some(moved) = auction.closing(view.config, now).extended(now, height) else {
        return Ok(None);
    };
    let lowest = bids::lowest(view.storage, loaded.id)?;
    if lowest.is_some_and(|(_, lowest)| lowest.price <= price) {
        return Ok(None);
    }
    auction.closes_at = moved.time;
    auction.from_block = moved.block;
    auction.extensions = auction.extensions.saturating_add(1);
    Ok(Some(auction))
}
