//! Bids on open orders.
//!
//! `run` hears what changed, `known` has orders, bids and reservations in memory, and `round` judges the
//! orders that a change concerns by [`decide`](crate::model::bidding::decide). What a decision is missing,
//! `questions` asks the chain for. `act` carries the result out: the decision, its reservation and its
//! message to the outbox are one transaction. `outcome` and `release` follow a bid to its end. Between rounds the
//! loop answers for groups that are on no chain ([`quoting`]).

mod act;
mod chain_cache;
mod deps;
mod known;
mod outcome;
mod questions;
pub mod quoting;
mod release;
mod restore;
mod round;
mod run;
mod turns;

pub use deps::Deps;
pub use run::Bidder;

/// The outbox key of the bid on an order; `attempt` counts from 0.
pub fn place_key(order: souk_core::OrderId, attempt: u32) -> String {
    match attempt {
        0 => format!("place_bid/{order}"),
        n => format!("place_bid/{order}/{n}"),
    }
}
