//! How the pipeline is doing, for status pages and alerts.

use crate::TxHash;
use crate::tx::GasPrice;

/// How the pipeline is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PipelineStatus {
    /// The key's address.
    pub address: String,
    /// Items that wait.
    pub queued: u64,
    /// The transaction that is under way.
    pub in_flight: Option<TxHash>,
    /// The error that items wait for at the moment, if any: no coins for fees, fee above the
    /// bound, no node, no block that takes the transaction.
    pub last_error: Option<String>,
    /// What is paid for gas now, after raises.
    pub gas_price: GasPrice,
    /// Transactions included since the start.
    pub included: u64,
    /// Items failed since the start.
    pub failed: u64,
}

impl PipelineStatus {
    pub(super) fn new(address: String, gas_price: GasPrice) -> Self {
        Self {
            address,
            queued: 0,
            in_flight: None,
            last_error: None,
            gas_price,
            included: 0,
            failed: 0,
        }
    }
}
