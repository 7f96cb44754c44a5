//! Why a query has no answer.

use crate::rpc::RpcError;

/// Why a query has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// No node could be asked.
    #[error(transparent)]
    Rpc(#[from] RpcError),
    /// What was asked for is not on the chain.
    #[error("{what} is not on chain {chain_id}")]
    NotFound {
        /// Such as `contract souk1...`.
        what: String,
        /// The chain that was asked.
        chain_id: String,
    },
    /// The application refused the query; a contract's own error is in `log`.
    #[error("{what}: {log} ({codespace} {code})")]
    Refused {
        /// What was asked.
        what: String,
        /// Names the module that `code` belongs to.
        codespace: String,
        /// Not 0.
        code: u32,
        /// The application's or the contract's reason.
        log: String,
    },
    /// The answer costs more gas than the node has for a query.
    #[error("{what}: {log}")]
    OutOfGas {
        /// What was asked.
        what: String,
        /// The node's reason.
        log: String,
    },
    /// The node has no such service: it is another program, or it has just started and answers
    /// before all of its services do. Nothing was judged.
    #[error("{what}: the node does not serve this, perhaps not yet: {log}")]
    NotServed {
        /// What was asked.
        what: String,
        /// The node's reason.
        log: String,
    },
    /// The state at that height was deleted, or is not there yet.
    #[error("{what}: the state at height {height} is not available: {log}")]
    HeightUnavailable {
        /// What was asked.
        what: String,
        /// The pinned height.
        height: u64,
        /// The application's reason.
        log: String,
    },
    /// The answer is from before the height that was asked for.
    #[error("{what}: the node answered from height {height}, {at_least} was needed")]
    TooOld {
        /// What was asked.
        what: String,
        /// Height of the answer.
        height: u64,
        /// The lowest height that would do.
        at_least: u64,
    },
    /// The question could not be written as JSON.
    #[error("{what}: the query message cannot be written as JSON: {reason}")]
    Encode {
        /// What was asked.
        what: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The answer is not of the expected form.
    #[error("{what}: answer not understood: {reason}")]
    Decode {
        /// What was asked.
        what: String,
        /// What is wrong with it.
        reason: String,
    },
}
