//! One action a file: load, decide by the rules, save, tell.

pub mod accept_bid;
pub mod admin;
pub mod close_auction;
pub mod close_deployment;
pub mod close_lease;
pub mod create_deployment;
pub mod end_deployment;
pub mod expire_order;
pub mod lower_bid;
pub mod place_bid;
pub mod prune;
pub mod receive;
pub mod release_bids;
pub mod set_delegate;
pub mod update_deployment;
pub mod withdraw_bid;

use std::collections::BTreeSet;

use cosmwasm_std::HexBinary;
use souk_core::OrderId;

use crate::ContractError;

/// Orders in one message at most.
pub const MAX_ORDERS: usize = 50;

/// The orders of a message, each once, in the order of their numbers.
fn distinct(orders: &[OrderId]) -> Result<BTreeSet<OrderId>, ContractError> {
    let (count, max) = (orders.len(), MAX_ORDERS);
    if count > max {
        return Err(ContractError::TooMany { what: "orders", count, max });
    }
    Ok(orders.iter().copied().collect())
}

/// Checks that a commitment is a SHA-256.
fn check_commitment(commitment: &HexBinary) -> Result<(), ContractError> {
    match commitment.len() {
        32 => Ok(()),
        len => Err(ContractError::Commitment(len)),
    }
}
