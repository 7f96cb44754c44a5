//! Talks JSON-RPC to CometBFT nodes: several endpoints, one chain.
//!
//! Answers are read leniently (numbers or strings, null for empty lists), because node versions
//! differ in such things; what matters (chain id, heights) is checked strictly. An endpoint that
//! errs, hangs, lags or is on another chain is set aside with backoff, and the next one is asked.

mod abci;
mod blocks;
mod broadcast;
mod client;
mod error;
mod heights;
mod lenient;
mod pool;
mod probe;
mod tls;
mod transport;
mod types;
mod wake;

pub(crate) use pool::backoff;

pub use blocks::{Attribute, BlockResponse, BlockResults, BlockTime, Event, Header, TxResult};
pub use broadcast::{Broadcast, BroadcastReply};
pub use client::{Client, ClientConfig};
pub use error::{EndpointFault, EndpointReport, NodeError, RpcError};
pub use pool::{EndpointHealth, EndpointStatus};
pub use types::{AbciResponse, Status, TxLookup, TxResponse};
pub use wake::{NewBlockSignal, listen_for_blocks};
