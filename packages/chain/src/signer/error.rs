//! Why messages were not executed, and what to do.

use crate::query::QueryError;
use crate::rpc::RpcError;
use crate::tx::{GasPrice, Refusal};
use crate::{Coin, TxHash};

/// Why messages were not executed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The chain could not be asked.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// The account never received a coin.
    #[error("account {address} does not exist on {chain_id}; send some coins to it first")]
    NoAccount {
        /// The key's address.
        address: String,
        /// The chain.
        chain_id: String,
    },
    /// The account has not the coins for the fee.
    #[error("{address} cannot pay the fee of {}: {refusal}; send some coins to it", coins(fee))]
    CannotPay {
        /// The key's address.
        address: String,
        /// The fee.
        fee: Vec<Coin>,
        /// The node's words.
        refusal: Box<Refusal>,
    },
    /// The node wants more than the configuration allows.
    #[error(
        "a gas price of {price} is refused, and the configured maximum is {max}: {refusal}; \
         raise the maximum"
    )]
    FeeAboveBound {
        /// What was offered last.
        price: GasPrice,
        /// The bound.
        max: GasPrice,
        /// The node's words.
        refusal: Box<Refusal>,
    },
    /// The simulation failed: nothing was sent, nothing paid.
    #[error("the transaction would fail: {0}")]
    WouldFail(Box<Refusal>),
    /// The node refused it: nothing was paid.
    #[error("the node refused the transaction: {0}")]
    Refused(Box<Refusal>),
    /// It needs more gas than the configuration allows: nothing was sent, nothing paid.
    #[error(
        "the transaction needs {simulated} gas and some for its fee, and the maximum is {max}; \
         send less at once"
    )]
    TooMuchGas {
        /// What the simulation used.
        simulated: u64,
        /// The bound.
        max: u64,
    },
    /// The node has no room at the moment.
    #[error("the node's mempool is full; try again in a while")]
    MempoolFull,
    /// It is in a block, and failed there: the fee was paid, nothing else happened.
    #[error("transaction {hash} failed in block {height} after {gas_used} gas: {refusal}")]
    Failed {
        /// Its hash.
        hash: TxHash,
        /// Its block.
        height: u64,
        /// Gas that it used.
        gas_used: u64,
        /// Why.
        refusal: Box<Refusal>,
    },
    /// No block took it in time; it can never be executed any more.
    #[error(
        "transaction {hash} was not included up to height {timeout_height} and never will be; \
         try again, perhaps with a higher gas price"
    )]
    NotIncluded {
        /// Its hash.
        hash: TxHash,
        /// Its last possible height.
        timeout_height: u64,
    },
    /// It was sent, and no node can be asked what became of it.
    #[error(
        "transaction {hash} was sent, but what became of it is not known: {reason}; look it up \
         before sending again"
    )]
    Unconfirmed {
        /// Its hash.
        hash: TxHash,
        /// Why it is not known.
        reason: String,
    },
    /// The chain makes no blocks: nothing was executed.
    #[error("the chain stands at height {height}; try again when it makes blocks")]
    Standstill {
        /// Its height.
        height: u64,
    },
    /// Others use the key so busily that no sequence stayed free.
    #[error("another process uses the key of {address} at the same time; stop it and try again")]
    Contended {
        /// The key's address.
        address: String,
    },
}

impl SendError {
    /// Whether the messages may have been executed, or may still be, in spite of the error.
    pub fn may_have_happened(&self) -> bool {
        matches!(self, Self::Unconfirmed { .. })
    }
}

impl From<RpcError> for SendError {
    fn from(error: RpcError) -> Self {
        Self::Query(error.into())
    }
}

fn coins(coins: &[Coin]) -> String {
    let texts: Vec<String> = coins.iter().map(ToString::to_string).collect();
    texts.join(",")
}
