//! Transactions that wait for a block, and the cache that refuses bytes seen before.

use std::collections::{HashSet, VecDeque};

/// Longest transaction, as CometBFT's default.
pub const MAX_TX_BYTES: usize = 1_048_576;
const CACHE_SIZE: usize = 10_000;
const MAX_WAITING: usize = 5_000;

/// Why a transaction was not even checked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MempoolError {
    /// The same bytes came before.
    #[error("tx already exists in cache")]
    InCache,
    /// Too long.
    #[error("Tx too large. Max size is {MAX_TX_BYTES}, but got {0}")]
    TooLarge(usize),
    /// Too many transactions wait.
    #[error("mempool is full: number of txs {0} (max: {MAX_WAITING})")]
    Full(usize),
}

/// A waiting transaction.
#[derive(Clone, Debug)]
pub struct Waiting {
    /// SHA-256 of the bytes.
    pub hash: [u8; 32],
    /// As broadcast.
    pub bytes: Vec<u8>,
}

/// The mempool, first in, first out.
#[derive(Debug, Default)]
pub struct Mempool {
    waiting: VecDeque<Waiting>,
    cached: HashSet<[u8; 32]>,
    cache_order: VecDeque<[u8; 32]>,
}

impl Mempool {
    /// Takes note of bytes before they are checked.
    pub fn admit(&mut self, hash: [u8; 32], len: usize) -> Result<(), MempoolError> {
        if self.waiting.len() >= MAX_WAITING {
            return Err(MempoolError::Full(self.waiting.len()));
        }
        if len > MAX_TX_BYTES {
            return Err(MempoolError::TooLarge(len));
        }
        if !self.cached.insert(hash) {
            return Err(MempoolError::InCache);
        }
        self.cache_order.push_back(hash);
        if self.cache_order.len() > CACHE_SIZE
            && let Some(oldest) = self.cache_order.pop_front()
        {
            self.cached.remove(&oldest);
        }
        Ok(())
    }

    /// Forgets bytes, so that they may come again: their check failed, or they failed in a block.
    pub fn forget(&mut self, hash: &[u8; 32]) {
        if self.cached.remove(hash) {
            self.cache_order.retain(|known| known != hash);
        }
    }

    /// Keeps a transaction that passed its check.
    pub fn push(&mut self, tx: Waiting) {
        self.waiting.push_back(tx);
    }

    /// Takes everything for a block.
    pub fn take(&mut self) -> Vec<Waiting> {
        self.waiting.drain(..).collect()
    }

    /// What waits, in order.
    pub fn waiting(&self) -> impl ExactSizeIterator<Item = &Waiting> {
        self.waiting.iter()
    }

    /// Drops everything, the cache too, as a node does that restarts. Returns how many were waiting.
    pub fn clear(&mut self) -> usize {
        let dropped = self.waiting.len();
        *self = Self::default();
        dropped
    }
}
