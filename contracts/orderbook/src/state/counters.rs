//! Numbers that are given once and never again.

use cosmwasm_std::{StdError, StdResult, Storage};
use cw_storage_plus::Item;
use souk_core::{DeploymentId, OrderId};

const DEPLOYMENTS: Item<u64> = Item::new("nd");
const ORDERS: Item<u64> = Item::new("no");
const BIDS: Item<u64> = Item::new("nb");

/// A number for a new deployment.
///
/// # Errors
/// If no number is left.
pub fn next_deployment(storage: &mut dyn Storage) -> StdResult<DeploymentId> {
    take(storage, DEPLOYMENTS, 1).map(DeploymentId)
}

/// The first of `count` numbers for new orders.
///
/// # Errors
/// If fewer than `count` numbers are left.
pub fn next_orders(storage: &mut dyn Storage, count: u64) -> StdResult<OrderId> {
    take(storage, ORDERS, count).map(OrderId)
}

/// A number for a new bid or for the new place of a lowered one: one counter for both, so
/// that a bid's id is also its first place.
///
/// # Errors
/// If no number is left.
pub fn next_bid(storage: &mut dyn Storage) -> StdResult<u64> {
    take(storage, BIDS, 1)
}

fn take(storage: &mut dyn Storage, counter: Item<u64>, count: u64) -> StdResult<u64> {
    let last = counter.may_load(storage)?.unwrap_or(0);
    let end = last.checked_add(count).ok_or_else(|| StdError::generic_err("no numbers left"))?;
    counter.save(storage, &end)?;
    Ok(last.saturating_add(1))
}
