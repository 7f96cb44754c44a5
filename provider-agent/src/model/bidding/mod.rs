//! Whether to bid on an order, and at what price.
//!
//! [`decide`] takes an order and the [`DecisionInput`] and returns a [`Decision`] with its reason; [`decide_on`] is
//! the same judgement of a group that is on no chain, for quotes. [`price()`] is the price of a group by the table of rates. What is free to know comes first: only for
//! an order that passes all of it there are [`Questions`] to the chain. [`Parked`] has the orders that
//! wait, each for what could change its decision.

mod attestations;
mod decide;
mod input;
mod parked;
mod price;
mod reason;
mod wanted;

pub use attestations::Attestations;
pub use decide::{Decision, Questions, decide, decide_on};
pub use input::{BestBid, DecisionInput, Eligible, LowestBid, ProviderState};
pub use parked::{Cause, Parked};
pub use price::{NoRate, gpu_rate, price};
pub use reason::{Reason, TenantReason, WaitReason};
pub use wanted::Wanted;

#[cfg(test)]
mod tests;
