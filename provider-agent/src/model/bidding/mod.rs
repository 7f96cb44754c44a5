//! Whether to bid on an order, and at what price.
//!
//! [`decide`] takes an order and the [`DecisionInput`] and returns a [`Decision`] with its reason;
//! [`price()`] is the price of a group by the table of rates.

mod decide;
mod input;
mod price;
mod reason;

pub use decide::{Decision, decide};
pub use input::{BestBid, DecisionInput, ProviderState};
pub use price::{NoRate, gpu_rate, price};
pub use reason::{Reason, TenantReason, WaitReason};

#[cfg(test)]
mod tests;
