//! Storage behind functions that say what they mean; nobody else touches a map.
//!
//! | key | holds |
//! |---|---|
//! | `config` | [`Config`] |
//! | `p` provider | `ProviderRecord`, published, with its price floors; while it is registered |
//! | `d` provider | its details, kept after deregistration |

mod config;
pub mod providers;

pub use config::Config;
pub use providers::Provider;
