//! A whole market on this machine: the embedded chain, and providers as real agents, each
//! with a simulated cluster in a process of its own. The demonstration and the tests across
//! crates stand on it.

mod market;
mod process;
pub mod profile;
mod provider;

pub use market::{Cast, LocalMarket};
pub use process::{Process, binary};
pub use profile::Profile;
pub use provider::{Provider, Register, register};
