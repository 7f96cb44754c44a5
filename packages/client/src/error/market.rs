//! Why the market did not answer a question.

use souk_chain::{log::own_words, query::QueryError, rpc::RpcError};

use super::not_there;

/// A question to one of the contracts that got no answer.
#[derive(Clone, Debug, thiserror::Error)]
pub enum MarketError {
    /// What was asked for does not exist, by the contract's own word.
    #[error("{}", own_words(reason))]
    Absent {
        /// The contract's words.
        reason: String,
    },
    /// No such contract is on the chain.
    #[error("{what} is not on chain {chain_id}")]
    NoContract {
        /// Such as `contract souk1...`.
        what: String,
        /// The chain that was asked.
        chain_id: String,
    },
    /// The contract refused the question.
    #[error("{}", own_words(.0))]
    Refused(String),
    /// The answer costs more gas than the node has for a query.
    #[error("{what}: {reason}")]
    OutOfGas {
        /// What was asked.
        what: String,
        /// The node's words.
        reason: String,
    },
    /// No node answered.
    #[error(transparent)]
    Unreachable(#[from] RpcError),
    /// A record that a contract publishes in a form that this program does not know.
    #[error(
        "the {record} record of contract {contract} cannot be read ({problem}); update this program"
    )]
    Record {
        /// Which record.
        record: &'static str,
        /// The contract's address.
        contract: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A page that is no page of the list that was asked for: whoever asks on would never come to an end.
    #[error(
        "contract {contract} answers with a page that does not go on from the one before: {problem}"
    )]
    Page {
        /// The contract's address.
        contract: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A node answered what cannot be used: too old, not served, not understood.
    #[error(transparent)]
    Unusable(QueryError),
}

impl MarketError {
    /// Whether what was asked for does not exist.
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Absent { .. })
    }

    /// Whether the chain said no, rather than nobody answering: the same question will have the
    /// same answer until the state changes.
    pub fn is_refusal(&self) -> bool {
        matches!(
            self,
            Self::Absent { .. }
                | Self::NoContract { .. }
                | Self::Refused(_)
                | Self::OutOfGas { .. }
        )
    }
}

impl From<QueryError> for MarketError {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::Rpc(error) => Self::Unreachable(error),
            QueryError::NotFound { what, chain_id } => Self::NoContract { what, chain_id },
            QueryError::OutOfGas { what, log } => Self::OutOfGas { what, reason: log },
            QueryError::Refused { log, .. } if not_there::says_absent(&log) => {
                Self::Absent { reason: log }
            }
            QueryError::Refused { log, .. } => Self::Refused(log),
            other => Self::Unusable(other),
        }
    }
}

/// What there is, or nothing where the contract says that there is nothing.
///
/// # Errors
/// Every other error.
pub fn if_present<T>(answer: Result<T, MarketError>) -> Result<Option<T>, MarketError> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.is_absent() => Ok(None),
        Err(error) => Err(error),
    }
}
