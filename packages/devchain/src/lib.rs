//! An embedded chain: native contract code behind the CometBFT RPC, with real transactions.
//!
//! `Devchain::builder()` sets a chain up and starts it; `Handle` moves its time, makes blocks, reads all balances and
//! switches faults. Clients talk to it as to any CometBFT node. See the README for what is simulated.

pub mod address;
pub mod builder;
pub mod chain;
pub mod error;
pub mod event;
pub mod gas;
mod handle;
pub mod node;
#[cfg(feature = "proxy")]
pub mod proxy;
pub mod query;
pub mod rpc;
pub mod state;
pub mod tx;
pub mod wasm;

pub use builder::{Devchain, StartError};
pub use handle::{Handle, RpcEndpoint};
pub use node::Stopped;
pub use rpc::listener::{Faults, Manner};
pub use wasm::codes::marker;
