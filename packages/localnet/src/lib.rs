//! A whole market on this machine: an embedded chain or one that runs already, and providers as
//! real agents, each with a cluster of its own.
//!
//! [`Localnet`] starts and stops it, [`scenario`] is the demonstration that runs on it, and the
//! program `souk-localnet` ([`program`]) offers both on the command line. Tests across crates use
//! the library.

pub mod chain;
mod localnet;
pub mod process;
pub mod program;
pub mod provider;
mod say;
pub mod scenario;

pub use localnet::{Localnet, LocalnetConfig};
