//! The five contracts as one thing: their names, the terms that they are set up with, the
//! messages that make them, and where they will be.

pub mod address;
mod contract;
pub mod messages;
pub mod terms;
mod text;

pub use address::Checksum;
pub use contract::{Contract, PerContract};
pub use terms::{ChainDefaults, Terms};

/// The contracts' addresses.
pub type Contracts = PerContract<String>;
/// The contracts' code ids.
pub type Codes = PerContract<u64>;
