//! The fee distributor: the take rate's way to community pool, stakers and burn.
//!
//! The rules are pure: [`drip`] spreads income over time, [`reward`] shares it exactly by
//! stake, [`income`] keeps what is owed in one denom, [`stake`] keeps what is staked.
//! Everything else loads, asks them, saves and tells. See `README.md` for messages,
//! permissions, events and invariants.

pub mod contract;
pub mod drip;
pub mod error;
mod execute;
pub mod income;
mod pay;
pub mod permission;
mod query;
pub mod reward;
pub mod stake;
pub mod state;

pub use error::ContractError;
