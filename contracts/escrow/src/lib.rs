//! The escrow: accounts that pay by the second, exactly.
//!
//! An account holds one denom and pays any number of streams from it. Its rule is pure and
//! lives in [`account`], [`stream`] and [`axis`]; everything else loads, asks them, saves and
//! tells. See `README.md` for messages, permissions, events and invariants.

pub mod account;
pub mod axis;
pub mod contract;
pub mod error;
mod execute;
mod pay;
pub mod permission;
mod query;
pub mod state;
pub mod stream;
pub mod totals;

pub use error::ContractError;
