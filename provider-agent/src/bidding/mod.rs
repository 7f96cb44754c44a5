//! Whether to bid on an order, and at what price.
//!
//! [`decide`] holds all judgement and is pure: an order and the [`Facts`] in, a [`Decision`]
//! with its reason out. The loop in [`run`] gathers facts, records decisions and hands
//! messages to the outbox, all of one order in one transaction.

mod act;
mod decide;
mod facts;
mod knowledge;
mod price;
mod reason;
mod release;
mod restore;
mod round;
mod run;
mod settle;
mod stock;

pub use decide::{Decision, decide};
pub use facts::{BestBid, Facts, ProviderFacts};
pub use price::{NoRate, price};
pub use reason::{Coarse, Reason, Waiting};
pub use run::{Bidder, Deps};
pub(crate) use stock::limits;

/// The dedup key under which the bid on an order goes to the outbox.
pub fn place_key(order: souk_core::OrderId, attempt: u32) -> String {
    match attempt {
        0 => format!("place_bid/{order}"),
        n => format!("place_bid/{order}/{n}"),
    }
}

#[cfg(test)]
mod tests;
