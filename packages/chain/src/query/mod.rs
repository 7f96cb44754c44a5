//! Typed questions to the application, at the newest height or pinned to one.

mod account;
mod authz;
mod bank;
mod error;
mod lists;
mod queries;
mod simulate;
mod wasm;

pub use account::Account;
pub use error::QueryError;
pub use lists::{ListPage, ListedCode};
pub use queries::{At, Queries};
pub use simulate::{Simulation, SimulationError};
pub use wasm::{CodeInfo, ContractInfo};
