//! The methods that read or feed the chain, run on its thread.

use serde_json::{Value, json};

use super::envelope::RpcError;
use super::index;
use super::params::Params;
use super::render;
use super::search::Search;
use crate::chain::block::{self, Block};
use crate::chain::{COMETBFT_VERSION, Chain, Checked};
use crate::faults::{View, WITHOUT_RESULTS};
use crate::query;

type Reply = Result<Value, RpcError>;

/// One call on the chain's thread.
pub struct Call<'a> {
    chain: &'a mut Chain,
    view: &'a View,
    params: &'a Params,
}

/// Runs a method; none if the method is unknown.
pub fn run(chain: &mut Chain, view: &View, method: &str, params: &Params) -> Option<Reply> {
    let mut call = Call { chain, view, params };
    Some(match method {
        "health" => Ok(json!({})),
        "status" => Ok(call.status()),
        "net_info" => {
            Ok(json!({ "listening": true, "listeners": [], "n_peers": "0", "peers": [] }))
        }
        "genesis" => Ok(call.genesis()),
        "abci_info" => Ok(call.abci_info()),
        "abci_query" => Ok(call.abci_query()),
        "block" => call.block_at().map(|block| render::block(&block, &call.chain_id())),
        "block_by_hash" => Ok(call.block_by_hash()),
        "block_results" if view.without_results => Err(RpcError::internal(WITHOUT_RESULTS)),
        "block_results" => call.block_at().map(|block| render::block_results(&block)),
        "blockchain" => Ok(call.blockchain()),
        "header" => call
            .block_at()
            .map(|block| json!({ "header": render::header(&block.header, &call.chain_id()) })),
        "header_by_hash" => Ok(call.header_by_hash()),
        "commit" => call.commit(),
        "validators" => call.validators(),
        "consensus_params" => call.consensus_params(),
        "tx" => call.tx(),
        "tx_search" => call.tx_search(),
        "unconfirmed_txs" => Ok(call.unconfirmed_txs(true)),
        "num_unconfirmed_txs" => Ok(call.unconfirmed_txs(false)),
        "broadcast_tx_sync" | "broadcast_tx_async" => call.broadcast(method == "broadcast_tx_sync"),
        "souk_advance" => call.advance(),
        "souk_set_time_scale" => call.set_time_scale(),
        _ => return None,
    })
}

/// Feeds a transaction to the mempool.
pub fn check(chain: &mut Chain, bytes: Vec<u8>) -> Result<Checked, RpcError> {
    chain.broadcast(bytes).map_err(|err| RpcError::internal(err.to_string()))
}

impl Call<'_> {
    fn chain_id(&self) -> String {
        match &self.view.chain_id {
            Some(other) => other.clone(),
            None => self.chain.settings().chain_id.to_string(),
        }
    }

    fn latest(&self) -> u64 {
        let latest = self.chain.history().latest();
        self.view.stale_at.map_or(latest, |stale| stale.min(latest))
    }

    /// The block that `height` names, the head without it.
    fn block_at(&self) -> Result<std::sync::Arc<Block>, RpcError> {
        let latest = self.latest();
        let height = match self.params.int("height") {
            None => latest,
            Some(height) => match u64::try_from(height) {
                Err(_) | Ok(0) => {
                    return Err(RpcError::internal(format!(
                        "height must be greater than 0, but got {height}"
                    )));
                }
                Ok(height) if height > latest => {
                    return Err(RpcError::internal(format!(
                        "height {height} must be less than or equal to the current blockchain height {latest}"
                    )));
                }
                Ok(height) => height,
            },
        };
        let base = self.chain.history().base();
        self.chain.history().block(height).cloned().ok_or_else(|| {
            RpcError::internal(format!("height {height} is not available, lowest height is {base}"))
        })
    }

    fn validator(&self) -> Value {
        let chain_id = self.chain.settings().chain_id.as_str();
        json!({
            "address": block::proposer(chain_id).to_string(),
            "pub_key": {
                "type": "tendermint/PubKeyEd25519",
                "value": render::base64(&block::proposer_key(chain_id)),
            },
            "voting_power": "1",
        })
    }

    fn status(&self) -> Value {
        let history = self.chain.history();
        let describe = |found: Option<&Block>| match found {
            Some(block) => (
                render::hex_upper(&block.hash),
                render::hex_upper(block.header.app_hash.as_bytes()),
                block.height(),
                block.header.time.to_rfc3339(),
            ),
            None => Default::default(),
        };
        let (hash, app_hash, height, time) =
            describe(history.block(self.latest()).map(AsRef::as_ref));
        let (first_hash, first_app, first, first_time) =
            describe(history.block(history.base()).map(AsRef::as_ref));
        let proposer = block::proposer(self.chain.settings().chain_id.as_str());
        json!({
            "node_info": {
                "protocol_version": { "p2p": "8", "block": "11", "app": "0" },
                "id": proposer.to_string().to_lowercase(),
                "listen_addr": "tcp://127.0.0.1:0",
                "network": self.chain_id(),
                "version": COMETBFT_VERSION,
                "channels": "00",
                "moniker": "souk-devchain",
                "other": { "tx_index": "on", "rpc_address": "tcp://127.0.0.1:0" },
            },
            "sync_info": {
                "latest_block_hash": hash,
                "latest_app_hash": app_hash,
                "latest_block_height": height.to_string(),
                "latest_block_time": time,
                "earliest_block_hash": first_hash,
                "earliest_app_hash": first_app,
                "earliest_block_height": first.to_string(),
                "earliest_block_time": first_time,
                "catching_up": false,
            },
            "validator_info": self.validator(),
        })
    }

    fn genesis(&self) -> Value {
        let codec = &self.chain.settings().codec;
        let accounts = &self.chain.genesis().accounts;
        let balances: Vec<_> = accounts
            .iter()
            .map(|(address, coins)| json!({ "address": codec.encode(address), "coins": coins }))
            .collect();
        json!({ "genesis": {
            "genesis_time": block::time(self.chain.genesis_time_ns()).to_rfc3339(),
            "chain_id": self.chain_id(),
            "initial_height": "1",
            "consensus_params": render::consensus_params(),
            "app_hash": "",
            "app_state": {
                "bank": { "balances": balances },
                "wasm": { "native_codes": self.chain.genesis().codes },
            },
        }})
    }

    fn abci_info(&self) -> Value {
        let latest = self.latest();
        let hash = self.chain.history().block(latest).map(|block| block.app_hash_after);
        json!({ "response": {
            "data": "souk-devchain",
            "version": env!("CARGO_PKG_VERSION"),
            "last_block_height": latest.to_string(),
            "last_block_app_hash": render::base64(&hash.unwrap_or_default()),
        }})
    }

    fn abci_query(&self) -> Value {
        let (path, data) = (self.params.text("path"), self.params.bytes("data"));
        let height = self.params.int("height").unwrap_or(0);
        let answer = query::answer(self.chain, self.latest(), path, data, height);
        let value = match answer.code {
            0 => render::base64(&answer.value).into(),
            _ => Value::Null,
        };
        json!({ "response": {
            "code": answer.code,
            "log": answer.log,
            "info": "",
            "index": "0",
            "key": null,
            "value": value,
            "proofOps": null,
            "height": answer.height.to_string(),
            "codespace": answer.codespace,
        }})
    }

    fn found_by_hash(&self) -> Option<&Block> {
        let block = self.chain.history().block_by_hash(self.params.bytes("hash"));
        block.map(AsRef::as_ref).filter(|block| block.height() <= self.latest())
    }

    fn block_by_hash(&self) -> Value {
        match self.found_by_hash() {
            Some(block) => render::block(block, &self.chain_id()),
            None => json!({ "block_id": render::block_id(None), "block": null }),
        }
    }

    fn header_by_hash(&self) -> Value {
        match self.found_by_hash() {
            Some(block) => json!({ "header": render::header(&block.header, &self.chain_id()) }),
            None => json!({ "header": null }),
        }
    }

    fn blockchain(&self) -> Value {
        const MOST: u64 = 20;
        let latest = self.latest();
        let wanted = |name, default: u64| {
            let number = self.params.int(name).and_then(|number| u64::try_from(number).ok());
            number.filter(|number| *number > 0).unwrap_or(default)
        };
        let high = wanted("maxHeight", latest).min(latest);
        let low = wanted("minHeight", 1)
            .max(self.chain.history().base())
            .max(high.saturating_sub(MOST - 1));
        let metas: Vec<_> = (low..=high)
            .rev()
            .filter_map(|height| self.chain.history().block(height))
            .map(|block| {
                json!({
                    "block_id": render::block_id(Some(&block.id())),
                    "block_size": block.txs.iter().map(|tx| tx.bytes.len()).sum::<usize>().to_string(),
                    "header": render::header(&block.header, &self.chain_id()),
                    "num_txs": block.txs.len().to_string(),
                })
            })
            .collect();
        json!({ "last_height": latest.to_string(), "block_metas": metas })
    }

    fn commit(&self) -> Reply {
        let block = self.block_at()?;
        Ok(json!({
            "signed_header": {
                "header": render::header(&block.header, &self.chain_id()),
                "commit": render::commit(block.height(), Some(&block.id())),
            },
            "canonical": true,
        }))
    }

    fn validators(&self) -> Reply {
        let block = self.block_at()?;
        let mut validator = self.validator();
        validator["proposer_priority"] = "0".into();
        Ok(json!({
            "block_height": block.height().to_string(),
            "validators": [validator],
            "count": "1",
            "total": "1",
        }))
    }

    fn consensus_params(&self) -> Reply {
        let block = self.block_at()?;
        Ok(json!({
            "block_height": block.height().to_string(),
            "consensus_params": render::consensus_params(),
        }))
    }

    fn tx(&self) -> Reply {
        let hash = self.params.bytes("hash");
        if hash.is_empty() {
            return Err(RpcError::internal("transaction hash cannot be empty"));
        }
        let missing = || RpcError::internal(format!("tx ({}) not found", render::hex_upper(hash)));
        let key: [u8; 32] = hash.try_into().map_err(|_| missing())?;
        let (block, index) = self.chain.history().tx(&key).ok_or_else(missing)?;
        let tx = block.txs.get(index).ok_or_else(missing)?;
        if block.height() > self.latest() {
            return Err(missing());
        }
        Ok(render::tx(block, index, tx))
    }

    fn tx_search(&self) -> Reply {
        let search = Search::parse(self.params.text("query"))
            .map_err(|err| RpcError::internal(err.to_string()))?;
        let history = self.chain.history();
        let mut found = index::find(&search, history, self.latest())
            .map_err(|err| RpcError::internal(err.to_string()))?;
        match self.params.text("order_by") {
            "" | "asc" => {}
            "desc" => found.reverse(),
            _ => {
                return Err(RpcError::internal(
                    "expected order_by to be either `asc` or `desc` or empty",
                ));
            }
        }
        let total = found.len();
        let (skip, take) = self.page(total)?;
        let txs: Vec<_> = found
            .into_iter()
            .skip(skip)
            .take(take)
            .filter_map(|(block, index)| Some(render::tx(block, index, block.txs.get(index)?)))
            .collect();
        Ok(json!({ "txs": txs, "total_count": total.to_string() }))
    }

    /// What `page` and `per_page` select of `total`.
    fn page(&self, total: usize) -> Result<(usize, usize), RpcError> {
        let per_page = self.per_page("per_page");
        let pages = total.div_ceil(per_page).max(1);
        let page = self.params.int("page").unwrap_or(1);
        match usize::try_from(page) {
            Ok(page) if page >= 1 && page <= pages => Ok(((page - 1) * per_page, per_page)),
            _ => Err(RpcError::internal(format!(
                "page should be within [1, {pages}] range, given {page}"
            ))),
        }
    }

    /// How many entries a page has: 30 where none or less than one is asked for, 100 at most.
    fn per_page(&self, name: &str) -> usize {
        let wanted = self.params.int(name).and_then(|number| usize::try_from(number).ok());
        wanted.filter(|number| *number > 0).unwrap_or(30).min(100)
    }

    fn unconfirmed_txs(&self, list: bool) -> Value {
        let waiting = self.chain.mempool().waiting();
        let total = waiting.len();
        let bytes: usize = self.chain.mempool().waiting().map(|tx| tx.bytes.len()).sum();
        let limit = self.per_page("limit");
        let txs: Vec<_> = waiting.take(limit).map(|tx| render::base64(&tx.bytes)).collect();
        json!({
            "n_txs": if list { txs.len() } else { total }.to_string(),
            "total": total.to_string(),
            "total_bytes": bytes.to_string(),
            "txs": if list { Value::from(txs) } else { Value::Null },
        })
    }

    fn broadcast(&mut self, wait_for_check: bool) -> Reply {
        let checked = check(self.chain, self.params.bytes("tx").to_vec())?;
        let result = checked.result;
        let (code, codespace, log) = if wait_for_check {
            (result.code(), result.codespace(), result.log())
        } else {
            (0, "", "")
        };
        Ok(json!({
            "code": code,
            "data": "",
            "log": log,
            "codespace": codespace,
            "hash": render::hex_upper(&checked.hash),
        }))
    }

    fn advance(&mut self) -> Reply {
        let seconds = self.params.int("seconds").unwrap_or(0);
        let seconds = u64::try_from(seconds).map_err(|_| {
            RpcError::invalid_params("seconds must not be negative: chain time only goes forward")
        })?;
        let by_ns = seconds.saturating_mul(crate::chain::clock::SECOND);
        self.chain.clock_mut().advance(by_ns);
        Ok(json!({ "advanced": seconds.to_string() }))
    }

    fn set_time_scale(&mut self) -> Reply {
        let factor = self
            .params
            .factor("factor")
            .filter(|factor| (0.0..=1e9).contains(factor))
            .ok_or_else(|| RpcError::invalid_params("factor must be a number from 0 to 1e9"))?;
        // In range by the check above.
        self.chain.clock_mut().set_scale((factor * 1_000.0).round() as u64);
        Ok(json!({ "factor": factor }))
    }
}
