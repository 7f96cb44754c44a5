//! A server in front of the chain's RPC that counts what is broadcast and asked, and refuses queries.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use axum::{Router, body::Bytes, extract::State, routing::post};
use base64::{Engine, prelude::BASE64_STANDARD};
use cosmrs::{
    Any,
    proto::{
        cosmos::tx::v1beta1::{TxBody, TxRaw},
        cosmwasm::wasm::v1::MsgExecuteContract,
        traits::Message,
    },
};
use serde_json::{Value, json};

/// Counts transactions on their way to the chain.
pub struct Proxy {
    pub url: String,
    seen: Arc<Mutex<Vec<Vec<u8>>>>,
    refused: Arc<Mutex<Option<String>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

#[derive(Clone)]
struct Server {
    target: String,
    http: reqwest::Client,
    seen: Arc<Mutex<Vec<Vec<u8>>>>,
    refused: Arc<Mutex<Option<String>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    pub async fn before(target: &str) -> Self {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let refused = Arc::new(Mutex::new(None));
        let (target, seen_by, refused_by) = (target.to_owned(), seen.clone(), refused.clone());
        let asked = Arc::default();
        let asked_by = Arc::clone(&asked);
        let server = Server { target, http, seen: seen_by, refused: refused_by, asked: asked_by };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().route("/", post(pass)).with_state(server);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, seen, refused, asked }
    }

    /// Refuses queries that contain this text, as a node refuses those that cost too much gas; none if
    /// there is no text.
    pub fn refuse(&self, text: Option<&str>) {
        *self.refused.lock().unwrap() = text.map(str::to_owned);
    }

    /// The application's queries so far, each as its path and what it asks.
    pub fn queries(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    /// The JSON of every contract message in every distinct transaction that was broadcast.
    pub fn messages(&self) -> Vec<Value> {
        let seen = self.seen.lock().unwrap();
        let distinct: BTreeSet<&Vec<u8>> = seen.iter().collect();
        let bodies = distinct.into_iter().map(|bytes| {
            let raw = TxRaw::decode(bytes.as_slice()).unwrap();
            TxBody::decode(raw.body_bytes.as_slice()).unwrap()
        });
        bodies.flat_map(|body| body.messages).filter_map(|any| contract_message(&any)).collect()
    }

    /// How many such messages for an order were broadcast.
    pub fn count(&self, kind: &str, order: souk_core::OrderId) -> usize {
        let is = |message: &&Value| {
            message.get(kind).is_some_and(|body| body.get("order") == Some(&order.0.into()))
        };
        self.messages().iter().filter(is).count()
    }
}

fn contract_message(any: &Any) -> Option<Value> {
    let execute = MsgExecuteContract::decode(any.value.as_slice()).ok()?;
    serde_json::from_slice(&execute.msg).ok()
}

async fn pass(State(server): State<Server>, body: Bytes) -> Vec<u8> {
    let request: Value = serde_json::from_slice(&body).unwrap_or_default();
    let method = request.get("method").and_then(Value::as_str).unwrap_or_default();
    if method.starts_with("broadcast_tx")
        && let Some(tx) = request.pointer("/params/tx").and_then(Value::as_str)
    {
        server.seen.lock().unwrap().push(BASE64_STANDARD.decode(tx).unwrap());
    }
    let data = request.pointer("/params/data").and_then(Value::as_str).unwrap_or_default();
    if method == "abci_query" {
        let path = request.pointer("/params/path").and_then(Value::as_str).unwrap_or_default();
        let question = hex::decode(data).unwrap_or_default();
        let line = format!("{path} {}", String::from_utf8_lossy(&question));
        server.asked.lock().unwrap().push(line);
    }
    let refused = server.refused.lock().unwrap().clone();
    if refused.is_some_and(|text| data.to_lowercase().contains(&hex::encode(text))) {
        let log = "out of gas in location: wasm contract; gasWanted: 3000000";
        let response = json!({ "code": 11, "codespace": "sdk", "log": log, "height": "0" });
        let result = json!({ "response": response });
        return json!({ "jsonrpc": "2.0", "id": request["id"], "result": result })
            .to_string()
            .into_bytes();
    }
    let answer = server.http.post(&server.target).body(body).send().await;
    match answer {
        Ok(answer) => answer.bytes().await.unwrap_or_default().to_vec(),
        Err(_) => Vec::new(),
    }
}
