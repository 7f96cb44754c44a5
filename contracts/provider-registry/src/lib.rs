//! The provider registry: who provides, with what, at which gateway, behind which bond.
//!
//! It publishes a small record of each registered provider under a raw key (see
//! `souk_api::published`), which the orderbook reads at bid and at accept; everything else
//! about a provider lies apart, so that those reads stay cheap. Messages, events and
//! invariants are in the README.
//!
//! - [`contract`]: entry points, one `match` each;
//! - [`permission`]: who may send what, beyond the roles that every contract has;
//! - [`execute`]: one action a file; [`query`]: one file for each kind of question;
//! - [`rules`]: bonds and their slots, gateways, settings; pure;
//! - [`orderbook`]: what is read of the orderbook;
//! - [`state`]: storage behind functions that say what they mean.

pub mod contract;
pub mod error;
pub mod execute;
pub mod orderbook;
pub mod permission;
pub mod query;
pub mod rules;
pub mod state;

pub use error::ContractError;

use state::Config;

/// What an action works with.
pub type Ctx<'a> = souk_contract_std::Ctx<'a, Config>;
/// What a query works with.
pub type View<'a> = souk_contract_std::View<'a, Config>;
