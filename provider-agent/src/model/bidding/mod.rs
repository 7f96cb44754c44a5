//! Whether to bid on an order, and at what price.
//!
//! [`decide`] holds all judgement: an order and the [`Facts`] in, a [`Decision`] with its reason
//! out.

mod decide;
mod input;
mod price;
mod reason;

pub use decide::{Decision, decide};
pub use input::{BestBid, Facts, ProviderFacts};
pub use price::{NoRate, gpu_rate, price};
pub use reason::{Coarse, Reason, Waiting};

#[cfg(test)]
mod tests;
