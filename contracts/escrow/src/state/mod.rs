//! Storage behind functions that say what they mean; nobody else touches a map. Keys are
//! short because every byte of key and value is paid for.
//!
//! | key | holds |
//! |---|---|
//! | `c` | [`Config`] |
//! | `a` account | `AccountRecord`, published; kept for good, so that no number is used twice |
//! | `s` account, stream | a stream, until it is closed and paid |
//! | `d` account, deposit | a deposit of another, until it is refunded |
//! | `t` `n` or `c` and denom | what is owed in a denom |

pub mod accounts;
mod config;
pub mod deposits;
pub mod streams;
pub mod totals;

pub use config::Config;
