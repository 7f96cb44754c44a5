//! Serving: match the request with the rules and the view, forward it, record what was broadcast.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use super::effect::{Change, Effect, take};
use super::shared::{Broadcast, Query, Shared, lock};
use super::view::{self, Handling};
use crate::chain::block::tx_hash;
use crate::faults::EndpointMode;

/// Plain HTTP to a node on this machine, and no proxy of the environment.
pub(super) fn http_client() -> reqwest::Client {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions that the provider has")
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    let client = reqwest::Client::builder().tls_backend_preconfigured(tls).no_proxy();
    client.build().expect("an HTTP client")
}

pub(super) fn router(shared: Arc<Shared>) -> Router {
    let limit = axum::extract::DefaultBodyLimit::max(16 << 20);
    Router::new().route("/", post(serve)).layer(limit).with_state(shared)
}

async fn serve(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    let faults = &shared.faults;
    if faults.mode() == EndpointMode::Hang {
        faults.no_longer_hangs().await;
    }
    if faults.mode() == EndpointMode::Refuse {
        return broken();
    }
    let answered = answer(&shared, body).await;
    match faults.mode() {
        EndpointMode::Serve => answered,
        EndpointMode::Refuse => broken(),
        EndpointMode::Hang => {
            faults.no_longer_hangs().await;
            answered
        }
    }
}

/// A response that breaks off.
fn broken() -> Response {
    let cut = futures::stream::once(async { Err::<Bytes, _>(std::io::Error::other("closed")) });
    Response::new(Body::from_stream(cut))
}

async fn answer(shared: &Shared, body: Bytes) -> Response {
    let Ok(mut request) = serde_json::from_slice::<Value>(&body) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let method = request["method"].as_str().unwrap_or_default().to_owned();
    let tx = broadcast_tx(&method, &request);
    let text = match &tx {
        Some(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        None => query_text(&request),
    };
    let number = tx.as_ref().map(|bytes| {
        let mut broadcasts = lock(&shared.broadcasts);
        broadcasts.push(Broadcast { bytes: bytes.clone(), code: None });
        broadcasts.len() - 1
    });
    if method == "abci_query" {
        lock(&shared.queries).push(query(&request));
    }
    lock(&shared.requests).push((method.clone(), text.clone()));
    let effect = take(&mut lock(&shared.rules), &method, &text);
    let mut after = None;
    let mut change: Option<Change> = None;
    let mut lose_reply = false;
    match effect {
        None => {}
        Some(Effect::Before(hook)) => hook().await,
        Some(Effect::After(hook)) => after = Some(hook),
        Some(Effect::Change(by)) => change = Some(by),
        Some(Effect::LoseReply) => lose_reply = true,
        Some(Effect::Unreachable) => return StatusCode::BAD_GATEWAY.into_response(),
        Some(Effect::Result(result)) => return reply(shared, number, Ok(result)),
        Some(Effect::Error(data)) => return reply(shared, number, Err(data.to_owned())),
    }
    let view = shared.faults.view();
    let hash = tx.as_deref().map(|bytes| hex::encode_upper(tx_hash(bytes))).unwrap_or_default();
    if !request["params"].is_object() {
        request["params"] = json!({});
    }
    match view::handle(&view, &method, &mut request["params"], &hash) {
        Handling::Forward => {}
        Handling::Result(result) => return reply(shared, number, Ok(result)),
        Handling::Error(data) => return reply(shared, number, Err(data)),
    }
    let target = lock(&shared.target).clone();
    let sent = shared.http.post(target).body(request.to_string());
    let answer = sent.header("content-type", "application/json").send().await;
    let answer = match answer {
        Ok(answer) => answer.bytes().await,
        Err(error) => Err(error),
    };
    if let Some(hook) = after {
        hook().await;
    }
    match answer {
        Ok(_) if lose_reply => StatusCode::BAD_GATEWAY.into_response(),
        Ok(bytes) => forward_reply(shared, number, &bytes, |result| {
            view::rewrite_answer(&view, &method, result);
            if let Some(change) = change {
                change(result);
            }
        }),
        Err(_) => StatusCode::BAD_GATEWAY.into_response(),
    }
}

fn forward_reply(
    shared: &Shared,
    number: Option<usize>,
    bytes: &Bytes,
    change: impl FnOnce(&mut Value),
) -> Response {
    let Ok(mut envelope) = serde_json::from_slice::<Value>(bytes) else {
        return StatusCode::BAD_GATEWAY.into_response();
    };
    if let Some(result) = envelope.get_mut("result") {
        change(result);
        record_code(shared, number, result);
    }
    axum::Json(envelope).into_response()
}

/// Records the code in the answer to a broadcast.
fn record_code(shared: &Shared, number: Option<usize>, result: &Value) {
    let mut broadcasts = lock(&shared.broadcasts);
    if let Some(one) = number.and_then(|number| broadcasts.get_mut(number)) {
        one.code = result.get("code").and_then(Value::as_u64);
    }
}

fn reply(shared: &Shared, number: Option<usize>, answer: Result<Value, String>) -> Response {
    let envelope = match answer {
        Ok(result) => {
            record_code(shared, number, &result);
            json!({ "jsonrpc": "2.0", "id": 1, "result": result })
        }
        Err(data) => {
            let error = json!({ "code": -32603, "message": "Internal error", "data": data });
            json!({ "jsonrpc": "2.0", "id": 1, "error": error })
        }
    };
    axum::Json(envelope).into_response()
}

fn broadcast_tx(method: &str, request: &Value) -> Option<Vec<u8>> {
    if !method.starts_with("broadcast_tx") {
        return None;
    }
    BASE64_STANDARD.decode(request.pointer("/params/tx")?.as_str()?).ok()
}

fn query(request: &Value) -> Query {
    let part = |name: &str| {
        let value = request.pointer(&format!("/params/{name}")).and_then(Value::as_str);
        value.unwrap_or_default()
    };
    Query { path: part("path").to_owned(), data: hex::decode(part("data")).unwrap_or_default() }
}

/// The path and the data of a query, in which JSON for contracts can be read.
fn query_text(request: &Value) -> String {
    let query = query(request);
    format!("{} {}", query.path, String::from_utf8_lossy(&query.data))
}
