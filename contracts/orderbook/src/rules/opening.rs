//! What must hold of a group when an order is opened for it, under the terms of that day. Pure.

use souk_api::orderbook::Params;
use souk_core::{AuctionPolicy, GroupSpec, Price};

use crate::ContractError;

/// Checks a group's ceiling against the range of its denom.
///
/// # Errors
/// If it is outside: no bid could be within ceiling and least price.
pub fn check_ceiling(group: &GroupSpec, min: Price, max: Price) -> Result<(), ContractError> {
    if (min..=max).contains(&group.ceiling) {
        return Ok(());
    }
    let (group, ceiling) = (group.name.clone(), group.ceiling);
    Err(ContractError::Ceiling { group, ceiling, min, max })
}

/// Checks an auction's length. The longest is shorter than the lifetime of an order.
///
/// # Errors
/// If it is shorter or longer than allowed.
pub fn check_auction(auction: AuctionPolicy, params: &Params) -> Result<(), ContractError> {
    let AuctionPolicy::LowestPrice { closes_after } = auction else { return Ok(()) };
    let (min, max) = (params.min_auction, params.max_auction);
    if (min..=max).contains(&closes_after) {
        return Ok(());
    }
    Err(ContractError::AuctionLength { closes_after, min, max })
}
