//! Answers for people and frontends, one file for each kind of question; contracts read the
//! published records.

mod attestations;
mod auditors;
mod check;
mod config;

pub use attestations::{attestation, attestations};
pub use auditors::auditor;
pub use check::check;
pub use config::config;
