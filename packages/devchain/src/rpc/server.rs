//! HTTP: JSON-RPC by POST, methods as URIs by GET, and the way to the websocket.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, State, WebSocketUpgrade};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::{Value, json};

use super::endpoint::{Endpoint, answer, call};
use super::envelope::{RpcError, envelope};
use super::params::Params;
use super::routes::parameters;
use super::ws;
use crate::faults::EndpointMode;

/// Longest request, as CometBFT's default (`max_body_bytes`).
const MAX_BODY: usize = 1_000_000;
/// How much of a longer one is read, so that its sender hears why it is refused.
const MOST_READ: usize = 16 * MAX_BODY;

/// The routes of an endpoint.
pub fn router(endpoint: Endpoint) -> Router {
    Router::new()
        .route("/", get(methods_page).post(post))
        .route("/websocket", get(websocket))
        .route("/{method}", get(uri))
        .layer(axum::extract::DefaultBodyLimit::max(MOST_READ))
        .layer(axum::middleware::from_fn_with_state(endpoint.clone(), apply_faults))
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

/// Applies faults to connections that were open before, too.
async fn apply_faults(
    State(endpoint): State<Endpoint>,
    request: axum::extract::Request,
    next: axum::middleware::Next,
) -> Response {
    if endpoint.faults.mode() == EndpointMode::Hang {
        endpoint.faults.no_longer_hangs().await;
    }
    if endpoint.faults.mode() == EndpointMode::Refuse {
        return broken();
    }
    tokio::select! {
        response = next.run(request) => {
            // A fault that was switched on while the method ran applies to its answer.
            match endpoint.faults.mode() {
                EndpointMode::Serve => response,
                EndpointMode::Refuse => broken(),
                EndpointMode::Hang => {
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
    let without_id = |status, err| respond(status, &envelope(&Value::Null, Err(err)));
    if body.len() > MAX_BODY {
        let why = "error reading request body: http: request body too large";
        return without_id(StatusCode::BAD_REQUEST, RpcError::invalid_request(why));
    }
    let requests = match serde_json::from_slice(&body) {
        Ok(Value::Array(requests)) => requests,
        Ok(request @ Value::Object(_)) => vec![request],
        other => {
            let why = match other {
                Ok(value) => format!("{value} is not a request"),
                Err(err) => err.to_string(),
            };
            let failed = RpcError::parse(format!("error unmarshaling request: {why}"));
            return without_id(StatusCode::INTERNAL_SERVER_ERROR, failed);
        }
    };
    let mut answers = Vec::new();
    for request in requests {
        answers.extend(answer(&endpoint, request).await);
    }
    // One answer stands alone, even to a list of requests; to notifications there is none.
    match answers.as_slice() {
        [] => StatusCode::OK.into_response(),
        [only] => respond(StatusCode::OK, only),
        _ => respond(StatusCode::OK, &Value::Array(answers)),
    }
}

async fn uri(
    State(endpoint): State<Endpoint>,
    Path(method): Path<String>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Response {
    let result = match parameters(&method) {
        Some(known) => match Params::from_uri(known, pairs) {
            Ok(params) => call(&endpoint, &method, params).await,
            Err(err) => Err(err),
        },
        None => Err(RpcError::no_method()),
    };
    let status = match &result {
        Ok(_) => StatusCode::OK,
        Err(err) if *err == RpcError::no_method() => StatusCode::NOT_FOUND,
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR,
    };
    respond(status, &envelope(&json!(-1), result))
}

async fn websocket(State(endpoint): State<Endpoint>, upgrade: WebSocketUpgrade) -> Response {
    upgrade.max_message_size(MAX_BODY).on_upgrade(move |socket| ws::serve(socket, endpoint))
}
