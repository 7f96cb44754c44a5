//! The configuration of a pipeline.

use std::time::Duration;

use crate::tx::GasConfig;

/// The configuration of a pipeline.
#[derive(Debug, Clone)]
pub struct PipelineConfig {
    /// Human-readable prefix of the chain's addresses.
    pub prefix: String,
    /// Gas and fees.
    pub gas: GasConfig,
    /// Memo of every transaction.
    pub memo: String,
    /// Most items in one transaction.
    pub max_batch: usize,
    /// Most bytes of messages in one transaction.
    pub max_batch_bytes: usize,
    /// A transaction may be included in this many blocks after it was signed.
    pub timeout_blocks: u64,
    /// The same bytes are broadcast again when they were not included for this many blocks.
    pub rebroadcast_blocks: u64,
    /// How often the chain is looked at while a transaction is under way.
    pub poll: Duration,
    /// First wait after an error of the chain; doubles up to `max_backoff`.
    pub first_backoff: Duration,
    /// Longest wait after errors of the chain.
    pub max_backoff: Duration,
    /// How often in a row a transaction that ran out of gas is given more.
    pub max_gas_raises: u32,
}

impl PipelineConfig {
    /// Sensible values for a chain with blocks of a few seconds.
    pub fn new(prefix: impl Into<String>, gas: GasConfig) -> Self {
        Self {
            prefix: prefix.into(),
            gas,
            memo: String::new(),
            max_batch: 20,
            max_batch_bytes: 256 << 10,
            timeout_blocks: 20,
            rebroadcast_blocks: 3,
            poll: Duration::from_secs(1),
            first_backoff: Duration::from_millis(500),
            max_backoff: Duration::from_secs(30),
            max_gas_raises: 3,
        }
    }
}
