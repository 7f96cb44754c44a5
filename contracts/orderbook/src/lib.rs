//! Orders, bids and leases: the reverse auction on chain.
//!
//! A tenant creates a deployment of groups; each group is put out to tender by an order;
//! providers bid; one bid becomes the lease, which the escrow pays by the second. This
//! contract keeps the book; coins never rest here.
//!
//! Where to find what:
//! - [`contract`]: entry points, one `match` each;
//! - [`permissions`]: who may send what, checked from the table in `souk-api`;
//! - [`execute`]: one action a file; [`query`]: one thing asked about a file;
//! - rules: [`auction`] (when a binding auction closes), [`eligibility`] (who may bid, and
//!   what disqualifies later), [`tender`] (orders opened and closed for a group), [`lease`]
//!   (begin and end), [`closing`] (the end of a deployment);
//! - neighbours: [`escrow`] (messages to it, its accounts), [`providers`] (registry and
//!   attestations, by raw reads);
//! - [`state`]: storage behind functions that say what they mean.

pub mod auction;
pub mod closing;
pub mod contract;
pub mod ctx;
pub mod eligibility;
pub mod error;
pub mod escrow;
pub mod execute;
pub mod lease;
pub mod permissions;
pub mod providers;
pub mod query;
pub mod settings;
pub mod state;
pub mod tender;

pub use error::ContractError;
