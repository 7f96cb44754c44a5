//! The attestations: what auditors vouch for, until when, on which evidence.
//!
//! Anyone may attest; a tenant names the auditors whose word counts for it. One record for
//! each (auditor, provider) is published under a raw key (see `souk_api::published`), which
//! the orderbook reads at bid and at accept. Messages, events and invariants are in the
//! README.
//!
//! - [`contract`]: entry points, one `match` each;
//! - [`execute`]: one action a file; [`query`]: one file for each kind of question;
//! - [`rules`]: how values merge, end and are taken back, and what may be attested; pure;
//! - [`state`]: storage behind functions that say what they mean.

pub mod contract;
pub mod error;
pub mod execute;
pub mod query;
pub mod rules;
pub mod state;

pub use error::ContractError;

use state::Config;

/// What an action works with.
pub type Ctx<'a> = souk_contract_std::Ctx<'a, Config>;
/// What a query works with.
pub type View<'a> = souk_contract_std::View<'a, Config>;
