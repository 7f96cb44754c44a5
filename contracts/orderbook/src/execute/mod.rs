//! One action a file: load, decide by the rules, save, emit.

mod accept_bid;
mod accept_quote;
mod close_absent;
mod close_auction;
mod close_deployment;
mod close_group;
mod close_lease;
mod create_deployment;
mod create_with_quotes;
mod creation;
mod end_deployment;
mod end_reclaim;
mod expire_order;
mod heartbeat;
mod instantiate;
mod lower_bid;
mod migrate;
mod pause_group;
mod place_bid;
mod place_bids;
mod prune;
mod receive;
mod release_bids;
mod set_anyone_starts;
mod set_delegate;
mod set_excluded;
mod start_group;
mod start_reclaim;
mod update_config;
mod update_deployment;
mod withdraw_bid;

pub use accept_bid::accept_bid;
pub use accept_quote::accept_quote;
pub use close_absent::close_absent;
pub use close_auction::close_auction;
pub use close_deployment::close_deployment;
pub use close_group::close_group;
pub use close_lease::close_lease;
pub use create_deployment::create_deployment;
pub use create_with_quotes::create_with_quotes;
pub use end_deployment::end_deployment;
pub use end_reclaim::end_reclaim;
pub use expire_order::expire_order;
pub use heartbeat::{heartbeat, pass_on};
pub use instantiate::instantiate;
pub use lower_bid::lower_bid;
pub use migrate::migrate;
pub use pause_group::pause_group;
pub use place_bid::place_bid;
pub use place_bids::place_bids;
pub use prune::prune;
pub use receive::receive;
pub use release_bids::release_bids;
pub use set_anyone_starts::set_anyone_starts;
pub use set_delegate::set_delegate;
pub use set_excluded::set_excluded;
pub use start_group::start_group;
pub use start_reclaim::start_reclaim;
pub use update_config::update_config;
pub use update_deployment::{Update, update_deployment};
pub use withdraw_bid::withdraw_bid;

use cosmwasm_std::{Addr, HexBinary};
use souk_api::orderbook::{MAX_LISTED, MAX_ORDERS};
use souk_contract_std::limits::{check_count, distinct};
use souk_core::OrderId;

use crate::{ContractError, Ctx};

/// The orders of a message, each once, in the order of their numbers.
fn distinct_orders(orders: &[OrderId]) -> Result<Vec<OrderId>, ContractError> {
    check_count("orders", orders.len(), MAX_ORDERS)?;
    Ok(distinct(orders.iter().copied()))
}

/// Addresses of a list, each once, sorted.
fn named(ctx: &Ctx, what: &'static str, list: &[String]) -> Result<Vec<Addr>, ContractError> {
    check_count(what, list.len(), MAX_LISTED)?;
    let mut addresses = Vec::with_capacity(list.len());
    for text in distinct(list) {
        addresses.push(ctx.address(text)?);
    }
    Ok(addresses)
}

/// The providers of `allow`.
fn allowed(ctx: &Ctx, list: &[String]) -> Result<Vec<Addr>, ContractError> {
    named(ctx, "providers in `allow`", list)
}

/// The providers of `refuse`.
fn refused(ctx: &Ctx, list: &[String]) -> Result<Vec<Addr>, ContractError> {
    named(ctx, "providers in `refuse`", list)
}

/// Checks that a commitment is a SHA-256.
fn check_commitment(commitment: &HexBinary) -> Result<(), ContractError> {
    match commitment.len() {
        32 => Ok(()),
        len => Err(ContractError::Commitment(len)),
    }
}
