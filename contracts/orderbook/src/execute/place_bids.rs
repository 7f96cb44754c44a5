//! A provider bids on several orders.

use cosmwasm_std::{Event, Response};
use souk_api::{
    orderbook::{MAX_BIDS, NewBid, events::BidRefused},
    published::ProviderStats,
};
use souk_contract_std::limits::check_count;

use crate::{
    ContractError, Ctx,
    eligibility::Bidder,
    lifecycle::bid::{self, Checked},
    state::{
        bids::{self, Bid},
        provider_stats,
    },
};

/// One after the other, so that the slots of those before count. What is not taken is left out and said.
///
/// # Errors
/// If there are too many bids, or if one that passed its checks cannot be written.
pub fn place_bids(
    ctx: &mut Ctx,
    bidder: &Bidder,
    new: Vec<NewBid>,
) -> Result<Response, ContractError> {
    check_count("bids", new.len(), MAX_BIDS)?;
    let mut stats = provider_stats::get(ctx.storage(), &bidder.address)?;
    let mut response = Response::new();
    for new in new {
        let (order, price) = (new.order, new.price);
        let events = match check(ctx, bidder, &stats, &new) {
            Ok((checked, None)) => checked.place(ctx, bidder, &mut stats, new)?,
            Ok((checked, Some(bid))) => checked.lower(ctx, bidder, bid)?,
            Err(why) => {
                let (provider, why) = (bidder.address.to_string(), why.to_string());
                vec![Event::from(BidRefused { order, provider, price, why })]
            }
        };
        response = response.add_events(events);
    }
    provider_stats::save(ctx.storage_mut(), &bidder.address, stats)?;
    Ok(response)
}

/// Checks one of them, with the bid that it lowers if there is one. Nothing is written.
fn check(
    ctx: &Ctx,
    bidder: &Bidder,
    stats: &ProviderStats,
    new: &NewBid,
) -> Result<(Checked, Option<Bid>), ContractError> {
    let view = &ctx.view();
    match bids::find(view.storage, new.order, &bidder.address)? {
        Some(bid) => {
            let checked = bid::check_lower(view, bidder, new.order, &bid, new.price)?;
            Ok((checked, Some(bid)))
        }
        None => Ok((bid::check_new(view, bidder, stats, new)?, None)),
    }
}
