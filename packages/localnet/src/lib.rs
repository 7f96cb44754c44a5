//! A whole market on this machine: an embedded or a given chain, and providers as real agents,
//! each with a cluster of its own. The demonstration and the tests across crates stand on it.

mod chain;
mod market;
mod process;
pub mod profile;
mod provider;

pub use chain::{Chain, Coins, Pace, Venue};
pub use market::{Cast, LocalMarket};
pub use process::{Process, binary};
pub use profile::{Profile, Site};
pub use provider::{Provider, Register, free_port, register, write_config};
