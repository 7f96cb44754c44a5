//! The escrow: accounts that pay by the second, exactly.
//!
//! An account holds one denom and pays any number of streams from it.
//!
//! - [`contract`]: entry points, one `match` each;
//! - [`permission`]: who may send what, beyond the roles that every contract has;
//! - [`controller`]: the accounts of the contracts that open them;
//! - [`execute`]: one action a file; [`query`]: one file for each kind of question;
//! - [`rules`]: what accounts, streams and deposits hold, pay and give back; pure;
//! - [`state`]: storage behind functions that say what they mean.
//!
//! See the README for messages, permissions, events and invariants.

pub mod contract;
pub mod controller;
pub mod error;
pub mod execute;
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
