//! The attestations: what auditors vouch for, until when, on which evidence.
//!
//! Anyone may attest; a tenant names the auditors whose word counts for it. One record for
//! each (auditor, provider) is published under a raw key (see `souk_api::published`), which
//! the orderbook reads at bid and at accept. Messages, events and invariants are in the
//! README.
//!
//! Entry points are in [`contract`], the pure rule by which values merge, end and are taken
//! back in [`record`], actions in `execute` (one a file), storage in [`state`].

pub mod contract;
pub mod error;
mod execute;
mod permission;
mod query;
pub mod record;
pub mod state;

pub use error::ContractError;
