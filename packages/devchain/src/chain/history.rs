//! What the chain keeps of its past: blocks, where each transaction is, and the states of the last heights.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use super::block::Block;
use crate::state::Kv;

/// How much of the past is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Blocks, with their results.
    pub blocks: usize,
    /// States, for queries at a height.
    pub states: usize,
}

impl Default for Retention {
    fn default() -> Self {
        Self { blocks: 100_000, states: 200 }
    }
}

/// The past.
pub struct History {
    retention: Retention,
    blocks: VecDeque<Arc<Block>>,
    txs: HashMap<[u8; 32], (u64, usize)>,
    states: BTreeMap<u64, Kv>,
}

impl History {
    /// A past with the genesis alone.
    pub fn new(retention: Retention, genesis: Kv) -> Self {
        Self {
            retention,
            blocks: VecDeque::new(),
            txs: HashMap::new(),
            states: BTreeMap::from([(0, genesis)]),
        }
    }

    /// Adds a block and the state after it.
    pub fn push(&mut self, block: Arc<Block>, state: Kv) {
        let height = block.height();
        for (index, tx) in block.txs.iter().enumerate() {
            self.txs.insert(tx.hash, (height, index));
        }
        self.states.insert(height, state);
        self.blocks.push_back(block);
        while self.blocks.len() > self.retention.blocks.max(1) {
            self.forget_oldest();
        }
        while self.states.len() > self.retention.states.max(1) {
            self.states.pop_first();
        }
    }

    fn forget_oldest(&mut self) {
        if let Some(old) = self.blocks.pop_front() {
            for tx in &old.txs {
                if self.txs.get(&tx.hash).is_some_and(|(at, _)| *at == old.height()) {
                    self.txs.remove(&tx.hash);
                }
            }
        }
    }

    /// Forgets blocks and states below `height`, never the last ones.
    pub fn prune_below(&mut self, height: u64) {
        while self.blocks.len() > 1 && self.base() < height {
            self.forget_oldest();
        }
        while self.states.len() > 1
            && self.states.first_key_value().is_some_and(|(at, _)| *at < height)
        {
            self.states.pop_first();
        }
    }

    /// Lowest height that has a block; 0 before the first.
    pub fn base(&self) -> u64 {
        self.blocks.front().map_or(0, |block| block.height())
    }

    /// Height of the last block; 0 before the first.
    pub fn latest(&self) -> u64 {
        self.blocks.back().map_or(0, |block| block.height())
    }

    /// The last block.
    pub fn last(&self) -> Option<&Arc<Block>> {
        self.blocks.back()
    }

    /// The block at a height.
    pub fn block(&self, height: u64) -> Option<&Arc<Block>> {
        let index = height.checked_sub(self.base())?;
        self.blocks.get(usize::try_from(index).ok()?)
    }

    /// The block with a hash.
    pub fn block_by_hash(&self, hash: &[u8]) -> Option<&Arc<Block>> {
        self.blocks.iter().rev().find(|block| block.hash == hash)
    }

    /// Where a transaction is: block and index.
    pub fn tx(&self, hash: &[u8; 32]) -> Option<(&Arc<Block>, usize)> {
        let (height, index) = self.txs.get(hash)?;
        Some((self.block(*height)?, *index))
    }

    /// Blocks from the oldest.
    pub fn blocks(&self) -> impl DoubleEndedIterator<Item = &Arc<Block>> {
        self.blocks.iter()
    }

    /// The state after a height.
    pub fn state(&self, height: u64) -> Option<&Kv> {
        self.states.get(&height)
    }
}
