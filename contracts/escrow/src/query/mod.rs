//! Answers for people and frontends, one file for each kind of question; contracts read the
//! published records.

mod accounts;
mod config;
mod deposits;
mod streams;
mod totals;

pub use accounts::account;
pub use config::config;
pub use deposits::deposits;
pub use streams::{stream, streams};
pub use totals::totals;
