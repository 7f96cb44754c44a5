//! A provider bids for a group.

use cosmwasm_std::Response;
use souk_api::orderbook::NewBid;

use crate::{
    ContractError, Ctx,
    bidding::bid,
    eligibility::{self, Bidder},
    state::provider_stats,
};

/// Takes a slot and a place among the bids of its price.
///
/// # Errors
/// What makes the provider not eligible, or an offer or a notice that breaks a rule.
pub fn place_bid(ctx: &mut Ctx, bidder: &Bidder, new: NewBid) -> Result<Response, ContractError> {
    let mut stats = provider_stats::get(ctx.storage(), &bidder.address)?;
    let checked = bid::check_new(&ctx.view(), bidder, &stats, &new)?;
    eligibility::check_no_bid(&ctx.view(), new.order, &bidder.address)?;
    let events = checked.place(ctx, bidder, &mut stats, new)?;
    provider_stats::save(ctx.storage_mut(), &bidder.address, stats)?;
    Ok(Response::new().add_events(events))
}
