//! HTTP: JSON-RPC by POST, methods as URIs by GET, and the way to the websocket.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, State, WebSocketUpgrade};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::{Value, json};

use super::listener::{Faults, Manner};
use super::methods;
use super::params::Params;
use super::{RpcError, envelope, render, ws};
use crate::node::Node;

/// How long `broadcast_tx_commit` waits for a block, as CometBFT's default.
const COMMIT_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(10);
/// Most blocks of one `souk_produce_blocks`.
const MOST_BLOCKS: i64 = 100_000;
/// Longest request.
const MAX_BODY: usize = 4_000_000;

/// One endpoint.
#[derive(Clone)]
pub struct Endpoint {
    /// The chain's thread.
    pub node: Node,
    /// What is wrong with this endpoint.
    pub faults: Faults,
}

/// The routes of an endpoint.
pub fn router(endpoint: Endpoint) -> Router {
    Router::new()
        .route("/", get(methods_page).post(post))
        .route("/websocket", get(websocket))
        .route("/{method}", get(uri))
        .layer(axum::extract::DefaultBodyLimit::max(MAX_BODY))
        .layer(axum::middleware::from_fn_with_state(endpoint.clone(), misbehave))
        .layer(axum::middleware::from_fn(allow_browsers))
        .with_state(endpoint)
}

/// Browsers may ask from any page, as on a public node.
async fn allow_browsers(request: axum::extract::Request, next: axum::middleware::Next) -> Response {
    let mut response = if request.method() == axum::http::Method::OPTIONS {
        StatusCode::NO_CONTENT.into_response()
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    for (name, value) in [
        ("access-control-allow-origin", "*"),
        ("access-control-allow-methods", "GET, POST, OPTIONS"),
        ("access-control-allow-headers", "*"),
    ] {
        headers.insert(name, header::HeaderValue::from_static(value));
    }
    response
}

/// Connections that were open before a fault suffer from it too.
async fn misbehave(
    State(endpoint): State<Endpoint>,
    request: axum::extract::Request,
    next: axum::middleware::Next,
) -> Response {
    if endpoint.faults.manner() == Manner::Hang {
        endpoint.faults.no_longer_hangs().await;
    }
    if endpoint.faults.manner() == Manner::Refuse {
        return broken();
    }
    tokio::select! {
        response = next.run(request) => {
            // A fault that was switched on while the method ran strikes its answer.
            match endpoint.faults.manner() {
                Manner::Serve => response,
                Manner::Refuse => broken(),
                Manner::Hang => {
                    endpoint.faults.no_longer_hangs().await;
                    response
                }
            }
        }
        () = endpoint.faults.refuses() => broken(),
    }
}

/// A response that breaks off: the server closes the connection without finishing it.
fn broken() -> Response {
    let cut = futures::stream::once(async { Err::<Bytes, _>(std::io::Error::other("closed")) });
    Response::new(Body::from_stream(cut))
}

fn respond(status: StatusCode, body: &Value) -> Response {
    let headers = [(header::CONTENT_TYPE, "application/json")];
    (status, headers, body.to_string()).into_response()
}

async fn methods_page() -> &'static str {
    "souk-devchain: CometBFT JSON-RPC by POST here, methods as URIs such as /status, websocket at /websocket\n"
}

async fn post(State(endpoint): State<Endpoint>, body: Bytes) -> Response {
    let parsed: Value = match serde_json::from_slice(&body) {
        Ok(parsed) => parsed,
        Err(err) => {
            let failed = envelope(&json!(-1), Err(RpcError::parse(err.to_string())));
            return respond(StatusCode::INTERNAL_SERVER_ERROR, &failed);
        }
    };
    match parsed {
        Value::Array(requests) => {
            let mut answers = Vec::new();
            for request in requests {
                answers.push(answer(&endpoint, request).await);
            }
            respond(StatusCode::OK, &Value::Array(answers))
        }
        request => respond(StatusCode::OK, &answer(&endpoint, request).await),
    }
}

/// Answers one JSON-RPC request.
pub async fn answer(endpoint: &Endpoint, request: Value) -> Value {
    let id = request.get("id").cloned().unwrap_or(json!(-1));
    let Some(method) = request.get("method").and_then(Value::as_str) else {
        return envelope(&id, Err(RpcError::parse("request without method")));
    };
    let result = match Params::from_json(request.get("params").cloned()) {
        Ok(params) => call(endpoint, method, params).await,
        Err(err) => Err(err),
    };
    envelope(&id, result)
}

async fn uri(
    State(endpoint): State<Endpoint>,
    Path(method): Path<String>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Response {
    let result = call(&endpoint, &method, Params::from_uri(pairs)).await;
    let status = match &result {
        Ok(_) => StatusCode::OK,
        Err(err) if *err == RpcError::no_method() => StatusCode::NOT_FOUND,
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR,
    };
    respond(status, &envelope(&json!(-1), result))
}

async fn websocket(State(endpoint): State<Endpoint>, upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(move |socket| ws::serve(socket, endpoint))
}

fn stopped(err: crate::node::Stopped) -> RpcError {
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
    let n = params.number("n", 0)?.unwrap_or(1);
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
    let bytes = params.bytes("tx", 0)?;
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
                Err(tokio::sync::broadcast::error::RecvError::Lagged(_)) => {}
                Err(tokio::sync::broadcast::error::RecvError::Closed) => {
                    return Err(stopped(crate::node::Stopped));
                }
            }
        }
    };
    tokio::time::timeout(COMMIT_TIMEOUT, included).await.unwrap_or_else(|_| {
        Err(RpcError::internal("timed out waiting for tx to be included in a block"))
    })
}
