//! An embedded chain: native contract code behind the CometBFT RPC, with real transactions.
//!
//! [`Devchain::builder`] sets a chain up and starts it; [`Handle`] moves its time, makes blocks, reads all balances and
//! switches faults. Clients talk to it as to any CometBFT node. See the README for what is simulated.

pub mod address;
mod authorization;
mod builder;
mod chain;
mod codes;
mod coins;
mod error;
mod event;
mod faults;
mod gas;
mod handle;
mod msg;
mod node;
#[cfg(feature = "proxy")]
pub mod proxy;
mod query;
mod rpc;
mod state;
mod tx;
mod unpack;
mod wasm;

pub use builder::{CodeMaker, Devchain, StartError};
pub use chain::block::{Block, StoredTx};
pub use chain::mempool::MempoolError;
pub use chain::{BroadcastResult, Checked};
pub use codes::marker;
pub use error::{AbciError, Disclosure};
pub use event::Event;
pub use faults::{EndpointMode, Faults};
pub use handle::{Handle, ListenError, RpcEndpoint};
pub use node::Stopped;
pub use tx::run::TxResult;
