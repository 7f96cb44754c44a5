//! A block as its followers see it: time, transactions, events.

use crate::TxHash;
use crate::rpc::{BlockResponse, BlockResults, BlockTime, Event, TxResult};

/// Where an event came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Source {
    /// A transaction of the block.
    Tx {
        /// Its hash.
        hash: TxHash,
        /// Its place in the block.
        index: u32,
    },
    /// The block itself: what modules do at its beginning or end.
    Block,
}

/// A transaction of a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockTx {
    /// Its hash.
    pub hash: TxHash,
    /// Its place in the block.
    pub index: u32,
    /// 0 is success.
    pub code: u32,
    /// Names the module that `code` belongs to.
    pub codespace: String,
    /// Text for logs.
    pub log: String,
    /// Gas that it used.
    pub gas_used: u64,
    /// In the order of emission; empty if it failed, since it had no effect.
    pub events: Vec<Event>,
}

impl From<BlockTx> for TxResult {
    fn from(tx: BlockTx) -> Self {
        Self {
            code: tx.code,
            codespace: tx.codespace,
            log: tx.log,
            gas_used: tx.gas_used,
            events: tx.events,
            ..Self::default()
        }
    }
}

/// One block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Its height.
    pub height: u64,
    /// Its time, which contracts see.
    pub time: BlockTime,
    /// All its transactions, also the failed ones.
    pub txs: Vec<BlockTx>,
    /// Events that belong to no transaction.
    pub block_events: Vec<Event>,
}

impl Block {
    /// All events that took effect: the transactions' in order, then the block's own.
    pub fn events(&self) -> impl Iterator<Item = (Source, &Event)> {
        let of_txs = self.txs.iter().flat_map(|tx| {
            let source = Source::Tx { hash: tx.hash, index: tx.index };
            tx.events.iter().map(move |event| (source, event))
        });
        let own = self.block_events.iter().map(|e| (Source::Block, e));
        of_txs.chain(own)
    }

    /// Puts a block and its results together, or says why they do not belong together.
    pub(super) fn assemble(block: BlockResponse, results: BlockResults) -> Result<Self, String> {
        if block.header.height != results.height || block.txs.len() != results.txs_results.len() {
            return Err(format!(
                "block {} has {} transactions, its results (of {}) {}",
                block.header.height,
                block.txs.len(),
                results.height,
                results.txs_results.len()
            ));
        }
        let txs = block
            .txs
            .iter()
            .zip(results.txs_results)
            .zip(0u32..)
            .map(|((bytes, result), index)| BlockTx {
                hash: TxHash::of(bytes),
                index,
                code: result.code,
                codespace: result.codespace,
                log: result.log,
                gas_used: result.gas_used,
                events: match result.code {
                    0 => result.events,
                    _ => Vec::new(),
                },
            })
            .collect();
        let mut block_events = results.begin_block_events;
        block_events.extend(results.end_block_events);
        block_events.extend(results.finalize_block_events);
        Ok(Self { height: block.header.height, time: block.header.time, txs, block_events })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn block(txs: &[&[u8]]) -> BlockResponse {
        BlockResponse {
            header: crate::rpc::Header {
                chain_id: "souk-1".into(),
                height: 7,
                time: BlockTime::default(),
            },
            txs: txs.iter().map(|tx| tx.to_vec()).collect(),
        }
    }

    fn results(value: serde_json::Value) -> BlockResults {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn failed_transactions_are_there_but_without_events() {
        let results = results(json!({"height": 7, "txs_results": [
            {"code": 5, "codespace": "wasm", "events": [{"type": "wasm-lie", "attributes": []}]},
            {"code": 0, "events": [{"type": "wasm-truth", "attributes": [
                {"key": "msg_index", "value": "0", "index": true}]}]},
        ]}));
        let block = Block::assemble(block(&[b"a", b"b"]), results).unwrap();
        assert_eq!(block.txs[0].code, 5);
        let events: Vec<_> = block.events().collect();
        assert_eq!(events.len(), 1);
        let hash = TxHash::of(b"b");
        assert_eq!(events[0].0, Source::Tx { hash, index: 1 });
        assert_eq!(events[0].1.ty, "wasm-truth");
    }

    #[test]
    fn old_and_new_kinds_of_block_events_are_read() {
        let event = |ty: &str| json!([{"type": ty, "attributes": null}]);
        let old = results(json!({"height": 7, "begin_block_events": event("begin"),
            "end_block_events": event("end")}));
        let new = results(json!({"height": 7, "finalize_block_events": event("final")}));
        let types = |results| {
            let block = Block::assemble(block(&[]), results).unwrap();
            let types: Vec<_> = block.events().map(|(_, e)| e.ty.clone()).collect();
            types.join(" ")
        };
        assert_eq!(types(old), "begin end");
        assert_eq!(types(new), "final");
    }

    #[test]
    fn results_of_another_block_are_refused() {
        let other_height = results(json!({"height": 8, "txs_results": [{"code": 0}]}));
        assert!(Block::assemble(block(&[b"a"]), other_height).is_err());
        let one_missing = results(json!({"height": 7, "txs_results": null}));
        assert!(Block::assemble(block(&[b"a"]), one_missing).is_err());
    }
}
