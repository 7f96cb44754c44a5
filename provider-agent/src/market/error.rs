//! The errors of queries and messages.

use souk_chain::{rpc::RpcError, tx::MsgError};
use souk_client::MarketError;

use crate::store::StoreError;

/// A query or a message failed.
#[derive(Debug, thiserror::Error)]
pub enum ChainError {
    /// A contract did not answer.
    #[error(transparent)]
    Market(#[from] MarketError),
    /// No endpoint answers.
    #[error(transparent)]
    Rpc(#[from] RpcError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A message could not be encoded.
    #[error(transparent)]
    Message(#[from] MsgError),
    /// The escrow does not know the orderbook.
    #[error(
        "escrow {escrow} does not list orderbook {orderbook} as a controller; check chain.contracts"
    )]
    NotController {
        /// The escrow.
        escrow: String,
        /// The orderbook.
        orderbook: String,
    },
    /// The endpoints do not agree, or too few answer.
    #[error("{0}")]
    Undecided(String),
    /// The chain has no block yet.
    #[error("the chain has no block yet")]
    NoBlock,
}

impl ChainError {
    /// Whether the contract refused the query, as opposed to no node answering.
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Market(error) if error.is_refusal())
    }
}
