//! The websocket: the same methods, and subscriptions to blocks and transactions.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::ws::{Message, WebSocket};
use serde_json::{Value, json};
use tokio::sync::broadcast::error::RecvError;

use super::endpoint::{Endpoint, answer};
use super::envelope::{RpcError, envelope};
use super::params::Params;
use super::render;
use super::routes::parameters;
use super::search::{self, EventMap, Search};
use crate::chain::block::Block;
use crate::faults::EndpointMode;

/// Most subscriptions of one connection, as CometBFT's default.
const MAX_SUBSCRIPTIONS: usize = 5;

struct Subscription {
    id: Value,
    search: Search,
}

type Subscriptions = BTreeMap<String, Subscription>;

/// Serves one connection until it ends.
pub async fn serve(mut socket: WebSocket, endpoint: Endpoint) {
    let mut blocks = endpoint.node.subscribe();
    let mut subscriptions = Subscriptions::new();
    loop {
        tokio::select! {
            () = endpoint.faults.refuses() => return,
            message = socket.recv() => {
                let Some(Ok(message)) = message else { return };
                let text = match message {
                    Message::Text(text) => text.to_string(),
                    Message::Binary(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
                    Message::Close(_) => return,
                    _ => continue,
                };
                if endpoint.faults.mode() == EndpointMode::Hang {
                    continue;
                }
                let Some(reply) = handle(&endpoint, &mut subscriptions, &text).await else { continue };
                if socket.send(Message::Text(reply.to_string().into())).await.is_err() {
                    return;
                }
            }
            block = blocks.recv() => match block {
                Ok(block) => {
                    if endpoint.faults.mode() != EndpointMode::Serve || hidden(&endpoint, &block) {
                        continue;
                    }
                    for event in notifications(&subscriptions, &endpoint, &block) {
                        if socket.send(Message::Text(event.to_string().into())).await.is_err() {
                            return;
                        }
                    }
                }
                // Events can be lost on a real node too: they are a wake-up, not a record.
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            },
        }
    }
}

fn hidden(endpoint: &Endpoint, block: &Block) -> bool {
    let stale = endpoint.faults.view().stale_at;
    stale.is_some_and(|stale| block.height() > stale)
}

async fn handle(
    endpoint: &Endpoint,
    subscriptions: &mut Subscriptions,
    text: &str,
) -> Option<Value> {
    let mut request: Value = match serde_json::from_str(text) {
        Ok(request) => request,
        Err(err) => {
            return Some(envelope(&Value::Null, Err(RpcError::parse(err.to_string()))));
        }
    };
    let method = request.get("method").and_then(Value::as_str).unwrap_or_default().to_owned();
    if !matches!(method.as_str(), "subscribe" | "unsubscribe" | "unsubscribe_all") {
        return answer(endpoint, request).await;
    }
    let id = request.get("id").filter(|id| !id.is_null())?.clone();
    let params = request.get_mut("params").map(Value::take);
    let changed = Params::from_json(parameters(&method).unwrap_or_default(), params)
        .and_then(|params| change(subscriptions, &method, params.text("query"), &id));
    Some(envelope(&id, changed.map(|()| json!({}))))
}

fn change(
    subscriptions: &mut Subscriptions,
    method: &str,
    query: &str,
    id: &Value,
) -> Result<(), RpcError> {
    if method == "unsubscribe_all" {
        subscriptions.clear();
        return Ok(());
    }
    if method == "unsubscribe" {
        return match subscriptions.remove(query) {
            Some(_) => Ok(()),
            None => Err(RpcError::internal("subscription not found")),
        };
    }
    let search = Search::parse(query).map_err(|err| RpcError::internal(err.to_string()))?;
    if subscriptions.contains_key(query) {
        return Err(RpcError::internal("already subscribed"));
    }
    if subscriptions.len() >= MAX_SUBSCRIPTIONS {
        return Err(RpcError::internal(format!(
            "max_subscriptions_per_client {MAX_SUBSCRIPTIONS} reached"
        )));
    }
    let id = id.clone();
    subscriptions.insert(query.to_owned(), Subscription { id, search });
    Ok(())
}

/// A block's notifications to the subscribers.
fn notifications(
    subscriptions: &Subscriptions,
    endpoint: &Endpoint,
    block: &Arc<Block>,
) -> Vec<Value> {
    let chain_id =
        endpoint.faults.view().chain_id.unwrap_or_else(|| block.header.chain_id.to_string());
    let mut out = Vec::new();
    let mut notify = |kind: &str, events: &EventMap, value: &dyn Fn() -> Value| {
        for (query, subscription) in subscriptions {
            if subscription.search.matches(events) {
                let result = json!({
                    "query": query,
                    "data": { "type": format!("tendermint/event/{kind}"), "value": value() },
                    "events": events,
                });
                out.push(envelope(&subscription.id, Ok(result)));
            }
        }
    };
    notify("NewBlock", &search::block_events("NewBlock", block), &|| {
        json!({
            "block": render::bare_block(block, &chain_id),
            "block_id": render::block_id(Some(&block.id())),
            "result_finalize_block": render::block_results(block),
        })
    });
    notify(
        "NewBlockHeader",
        &search::block_events("NewBlockHeader", block),
        &|| json!({ "header": render::header(&block.header, &chain_id) }),
    );
    for (index, tx) in block.txs.iter().enumerate() {
        notify("Tx", &search::tx_events(block, tx), &|| {
            json!({ "TxResult": {
                "height": block.height().to_string(),
                "index": index,
                "tx": render::base64(&tx.bytes),
                "result": render::tx_result(&tx.result),
            }})
        });
    }
    out
}
