//! How a process follows a CometBFT chain and sends transactions to it, each at most once.
//!
//! [`rpc`] asks several endpoints and trusts none that is on another chain, [`query`] gives
//! typed answers, [`follower`] yields every block in order, [`tx`] builds and signs,
//! [`signer`] sends once and waits, [`pipeline`] sends durably and at most once, [`keys`] keep
//! the secret. Nothing here knows the market.

pub mod coin;
pub mod follower;
pub mod hash;
pub mod keys;
pub mod log;
pub mod pipeline;
pub mod query;
pub mod rpc;
pub mod signer;
pub mod tx;

pub use coin::Coin;
pub use cosmrs::Any;
pub use follower::{Block, Follower};
pub use hash::TxHash;
pub use keys::SecretKey;
pub use pipeline::{Outbox, Pipeline, PipelineHandle};
pub use query::Queries;
pub use rpc::{Client, ClientConfig, Event};
pub use signer::{Signer, TxOutcome};
pub use tx::GasPrice;
