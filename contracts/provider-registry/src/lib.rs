//! The provider registry: who provides, with what, at which gateway, behind which bond.
//!
//! It publishes a small record of each registered provider under a raw key (see
//! `souk_api::published`), which the orderbook reads at bid and at accept; everything else
//! about a provider lies apart, so that those reads stay cheap. Messages, events and
//! invariants are in the README.
//!
//! Entry points are in [`contract`], the pure rules in [`bond`] and [`gateway`], actions in
//! `execute` (one a file), storage in [`state`].

pub mod bond;
pub mod contract;
pub mod error;
mod execute;
pub mod gateway;
mod permission;
mod query;
pub mod state;

pub use error::ContractError;
