//! Bids on open orders: gathers what a decision is made from, asks
//! [`decide`](crate::model::bidding::decide), records the decision and hands the message to the
//! outbox, all of one order in one transaction.

mod act;
mod chain_cache;
mod outcome;
mod release;
mod restore;
mod round;
mod run;

pub use run::{Bidder, Deps};

/// The dedup key under which the bid on an order goes to the outbox.
pub fn place_key(order: souk_core::OrderId, attempt: u32) -> String {
    match attempt {
        0 => format!("place_bid/{order}"),
        n => format!("place_bid/{order}/{n}"),
    }
}
