//! Blocks, results and transactions as CometBFT 0.38 writes them in JSON.

use base64::{Engine, prelude::BASE64_STANDARD};
use cosmrs::tendermint::block::{Header, Id as BlockId};
use serde_json::{Value, json};

use crate::chain::block::{Block, StoredTx};
use crate::event::Event;
use crate::tx::run::TxResult;

/// Base64.
pub fn base64(bytes: &[u8]) -> String {
    BASE64_STANDARD.encode(bytes)
}

/// Base64, or null for nothing.
pub fn base64_or_null(bytes: &[u8]) -> Value {
    if bytes.is_empty() { Value::Null } else { base64(bytes).into() }
}

/// Upper case hex.
pub fn hex_upper(bytes: &[u8]) -> String {
    hex::encode_upper(bytes)
}

/// `{hash, parts}`.
pub fn block_id(id: Option<&BlockId>) -> Value {
    match id {
        Some(id) => json!({
            "hash": id.hash.to_string(),
            "parts": { "total": id.part_set_header.total, "hash": id.part_set_header.hash.to_string() },
        }),
        None => json!({ "hash": "", "parts": { "total": 0, "hash": "" } }),
    }
}

/// A header with the chain id that the endpoint shows.
pub fn header(header: &Header, chain_id: &str) -> Value {
    let hash =
        |hash: Option<cosmrs::tendermint::Hash>| hash.map(|h| h.to_string()).unwrap_or_default();
    json!({
        "version": { "block": header.version.block.to_string() },
        "chain_id": chain_id,
        "height": header.height.value().to_string(),
        "time": header.time.to_rfc3339(),
        "last_block_id": block_id(header.last_block_id.as_ref()),
        "last_commit_hash": hash(header.last_commit_hash),
        "data_hash": hash(header.data_hash),
        "validators_hash": header.validators_hash.to_string(),
        "next_validators_hash": header.next_validators_hash.to_string(),
        "consensus_hash": header.consensus_hash.to_string(),
        "app_hash": hex_upper(header.app_hash.as_bytes()),
        "last_results_hash": hash(header.last_results_hash),
        "evidence_hash": hash(header.evidence_hash),
        "proposer_address": header.proposer_address.to_string(),
    })
}

/// The commit of a block; nobody signs here.
pub fn commit(height: u64, id: Option<&BlockId>) -> Value {
    json!({ "height": height.to_string(), "round": 0, "block_id": block_id(id), "signatures": [] })
}

/// A block without its id.
pub fn bare_block(block: &Block, chain_id: &str) -> Value {
    let txs: Vec<_> = block.txs.iter().map(|tx| base64(&tx.bytes)).collect();
    json!({
        "header": header(&block.header, chain_id),
        "data": { "txs": txs },
        "evidence": { "evidence": [] },
        "last_commit": commit(block.height() - 1, block.header.last_block_id.as_ref()),
    })
}

/// A block with its id.
pub fn block(found: &Block, chain_id: &str) -> Value {
    json!({ "block_id": block_id(Some(&found.id())), "block": bare_block(found, chain_id) })
}

/// Events; every attribute is indexed.
pub fn events(events: &[Event]) -> Value {
    events
        .iter()
        .map(|event| {
            let attributes: Vec<_> = event
                .attributes
                .iter()
                .map(|(key, value)| json!({ "key": key, "value": value, "index": true }))
                .collect();
            json!({ "type": event.ty, "attributes": attributes })
        })
        .collect()
}

/// The result of a transaction.
pub fn tx_result(result: &TxResult) -> Value {
    json!({
        "code": result.code(),
        "data": base64_or_null(&result.data),
        "log": result.log(),
        "info": "",
        "gas_wanted": result.gas_wanted.to_string(),
        "gas_used": result.gas_used.to_string(),
        "events": events(&result.events),
        "codespace": result.codespace(),
    })
}

/// A transaction of a block.
pub fn tx(block: &Block, index: usize, tx: &StoredTx) -> Value {
    json!({
        "hash": hex_upper(&tx.hash),
        "height": block.height().to_string(),
        "index": index,
        "tx_result": tx_result(&tx.result),
        "tx": base64(&tx.bytes),
    })
}

/// The parameters of consensus, which never change.
pub fn consensus_params() -> Value {
    json!({
        "block": { "max_bytes": "22020096", "max_gas": "-1" },
        "evidence": { "max_age_num_blocks": "100000", "max_age_duration": "172800000000000", "max_bytes": "1048576" },
        "validator": { "pub_key_types": ["ed25519"] },
        "version": {},
        "abci": {},
    })
}

/// The results of a block.
pub fn block_results(block: &Block) -> Value {
    let results: Vec<_> = block.txs.iter().map(|tx| tx_result(&tx.result)).collect();
    json!({
        "height": block.height().to_string(),
        "txs_results": if results.is_empty() { Value::Null } else { results.into() },
        "finalize_block_events": [],
        "validator_updates": null,
        "consensus_param_updates": consensus_params(),
        "app_hash": base64(&block.app_hash_after),
    })
}
