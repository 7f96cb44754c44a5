//! Storage behind functions that say what they mean; nobody else touches a map.
//!
//! | key | holds |
//! |---|---|
//! | `config` | [`Config`] |
//! | `a` auditor, provider | `AttestationRecord`, published |
//! | `e` auditor, provider | evidence of the latest attestation |
//! | `i` provider, auditor | nothing; auditors by provider |
//! | `f` auditor | its profile |

mod config;
pub mod profiles;
pub mod records;

pub use config::Config;
