//! The errors of queries and messages.

use souk_api::published::VERSION;
use souk_chain::{query::QueryError, rpc::RpcError, tx::MsgError};

use crate::store::StoreError;

/// A query or a message failed.
#[derive(Debug, thiserror::Error)]
pub enum ChainError {
    /// A query failed.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// No endpoint answers.
    #[error(transparent)]
    Rpc(#[from] RpcError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A message could not be encoded.
    #[error(transparent)]
    Message(#[from] MsgError),
    /// A published record that this program cannot read.
    #[error(
        "the {record} record of contract {contract} cannot be read ({problem}); update souk-provider"
    )]
    Record {
        /// Which record.
        record: &'static str,
        /// Whose.
        contract: String,
        /// What is wrong with it.
        problem: String,
    },
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
    /// The chain has no block yet.
    #[error("the chain has no block yet")]
    NoBlock,
}

impl ChainError {
    pub(super) fn version(record: &'static str, contract: &str, found: u8) -> Self {
        Self::Record {
            record,
            contract: contract.to_owned(),
            problem: format!("its version is {found}, known is {VERSION}"),
        }
    }

    /// Whether the contract refused the query, as opposed to no node answering.
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Query(QueryError::Refused { .. } | QueryError::NotFound { .. }))
    }
}
