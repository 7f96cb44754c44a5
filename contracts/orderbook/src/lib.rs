//! Orders, bids and leases: the reverse auction on chain.
//!
//! A tenant creates a deployment of groups; each group gets an order; providers bid; one bid
//! becomes the lease, which the escrow pays by the second. This contract keeps the
//! orders; it never holds coins.
//!
//! - [`contract`]: entry points, one `match` each;
//! - [`permission`]: who may send what, checked from the table in `souk-api`;
//! - [`execute`]: one action a file; [`query`]: one file for each kind of question;
//! - [`eligibility`]: who may bid, and what disqualifies a bid later;
//! - [`bidding`]: how bids are placed and quotes used, for several actions;
//! - [`lifecycle`]: how orders, leases and deployments begin and end, for several actions;
//! - [`neighbours`]: messages to the escrow, and what escrow, registry and attestations publish;
//! - [`rules`]: when a binding auction closes, prices, reasons, settings; pure;
//! - [`state`]: storage behind functions that say what they mean.

pub mod bidding;
pub mod contract;
pub mod eligibility;
pub mod error;
pub mod execute;
pub mod lifecycle;
pub mod neighbours;
pub mod permission;
pub mod query;
pub mod rules;
pub mod state;

pub use error::{AbsenceError, ContractError, DelegateError, QuoteError, ReclaimError};

use state::Config;

/// What an action works with.
pub type Ctx<'a> = souk_contract_std::Ctx<'a, Config>;
/// What queries and checks work with.
pub type View<'a> = souk_contract_std::View<'a, Config>;
