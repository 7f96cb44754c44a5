//! Answers for people and frontends, one file for each kind of question; contracts read the
//! published record.

mod config;
mod providers;

pub use config::config;
pub use providers::{provider, providers};
