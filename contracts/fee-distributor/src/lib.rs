//! The fee distributor: the take rate's way to community pool, stakers and burn.
//!
//! - [`contract`]: entry points, one `match` each;
//! - [`execute`]: one action a file; [`query`]: one file for each kind of question;
//! - [`rules`]: pure: `drip` spreads income over time, `reward` shares it exactly by stake,
//!   `shares` splits it, `income` keeps what is owed in one denom, `stake` what is staked;
//! - [`state`]: storage behind functions that say what they mean.
//!
//! See the README for messages, permissions, events and invariants.

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
