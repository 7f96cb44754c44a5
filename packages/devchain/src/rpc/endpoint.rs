//! Calls of one endpoint, whether they come by HTTP or over a websocket.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::broadcast::error::RecvError;

use super::envelope::{RpcError, envelope};
use super::params::Params;
use super::routes::parameters;
use super::{methods, render};
use crate::faults::Faults;
use crate::node::{Node, Stopped};

/// How long `broadcast_tx_commit` waits for a block, as CometBFT's default.
const COMMIT_TIMEOUT: Duration = Duration::from_secs(10);
/// Most blocks of one `souk_produce_blocks`.
const MOST_BLOCKS: i64 = 100_000;
/// One endpoint.
#[derive(Clone)]
pub struct Endpoint {
    /// The chain's thread.
    pub node: Node,
    /// What is wrong with this endpoint.
    pub faults: Faults,
}

/// Answers one JSON-RPC request; a notification, which is one without an id, has no answer and does nothing.
pub async fn answer(endpoint: &Endpoint, mut request: Value) -> Option<Value> {
    if !request.is_object() {
        let why = format!("error unmarshaling request: {request} is not an object");
        return Some(envelope(&Value::Null, Err(RpcError::parse(why))));
    }
    let id = request.get("id").filter(|id| !id.is_null())?.clone();
    let method = request.get("method").and_then(Value::as_str).unwrap_or_default().to_owned();
    let params = request.get_mut("params").map(Value::take);
    let result = match parameters(&method) {
        Some(known) => match Params::from_json(known, params) {
            Ok(params) => call(endpoint, &method, params).await,
            Err(err) => Err(err),
        },
        None => Err(RpcError::no_method()),
    };
    Some(envelope(&id, result))
}

fn stopped(err: Stopped) -> RpcError {
    RpcError::internal(err.to_string())
}

/// Runs a method.
pub async fn call(endpoint: &Endpoint, method: &str, params: Params) -> Result<Value, RpcError> {
    match method {
        "broadcast_tx_commit" => return broadcast_commit(endpoint, &params).await,
        "souk_produce_blocks" => return produce_blocks(endpoint, &params).await,
        _ => {}
    }
    let view = endpoint.faults.view();
    let method = method.to_owned();
    endpoint
        .node
        .call(move |chain| methods::run(chain, &view, &method, &params))
        .await
        .map_err(stopped)?
        .unwrap_or_else(|| Err(RpcError::no_method()))
}

async fn produce_blocks(endpoint: &Endpoint, params: &Params) -> Result<Value, RpcError> {
    let n = params.int("n").unwrap_or(1);
    if !(1..=MOST_BLOCKS).contains(&n) {
        return Err(RpcError::invalid_params(format!(
            "n must be from 1 to {MOST_BLOCKS}, got {n}"
        )));
    }
    let mut height = 0;
    for _ in 0..n {
        height = endpoint.node.produce_block().await.map_err(stopped)?.height();
    }
    Ok(json!({ "height": height.to_string() }))
}

async fn broadcast_commit(endpoint: &Endpoint, params: &Params) -> Result<Value, RpcError> {
    let bytes = params.bytes("tx").to_vec();
    let mut blocks = endpoint.node.subscribe();
    let checked =
        endpoint.node.call(move |chain| methods::check(chain, bytes)).await.map_err(stopped)??;
    let hash = render::hex_upper(&checked.hash);
    let check_tx = render::tx_result(&checked.result);
    if checked.result.error.is_some() {
        return Ok(json!({
            "check_tx": check_tx,
            "tx_result": { "code": 0, "data": null, "log": "", "info": "", "gas_wanted": "0",
                "gas_used": "0", "events": [], "codespace": "" },
            "hash": hash,
            "height": "0",
        }));
    }
    let included = async {
        loop {
            match blocks.recv().await {
                Ok(block) => {
                    if let Some(tx) = block.txs.iter().find(|tx| tx.hash == checked.hash) {
                        return Ok(json!({
                            "check_tx": check_tx,
                            "tx_result": render::tx_result(&tx.result),
                            "hash": hash,
                            "height": block.height().to_string(),
                        }));
                    }
                }
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => {
                    return Err(stopped(Stopped));
                }
            }
        }
    };
    tokio::time::timeout(COMMIT_TIMEOUT, included).await.unwrap_or_else(|_| {
        Err(RpcError::internal("timed out waiting for tx to be included in a block"))
    })
}
