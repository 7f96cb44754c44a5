//! An endpoint before a chain's endpoint: it writes down every broadcast, refused ones included,
//! and lets a test step in at chosen requests.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cosmrs::proto::cosmos::tx::v1beta1::{TxBody, TxRaw};
use cosmrs::proto::traits::Message;
use futures::future::BoxFuture;
use serde_json::{Value, json};
use souk_chain::{Any, TxHash};

/// What happens instead of, or beside, the answer.
pub enum Effect {
    /// This is done first, then the request goes on.
    Before(Box<dyn FnOnce() -> BoxFuture<'static, ()> + Send>),
    /// This is the result, the chain is not asked.
    Result(Value),
    /// This is the JSON-RPC error, the chain is not asked.
    Error(&'static str),
    /// The chain gets the request, the client a broken answer.
    LoseReply,
    /// The chain does not get it, the client gets a bad gateway.
    Unreachable,
}

/// Tells the requests that are meant: by method, and for `abci_query` by a part of its path.
#[derive(Clone, Copy)]
pub struct On(pub &'static str, pub &'static str);

struct Rule {
    on: On,
    /// Keeps for every further request.
    stays: bool,
    effect: Effect,
}

struct Inner {
    rules: Mutex<Vec<Rule>>,
    broadcasts: Mutex<Vec<Vec<u8>>>,
    requests: Mutex<Vec<(String, String)>>,
    target: Mutex<String>,
    http: reqwest::Client,
}

#[derive(Clone)]
pub struct Proxy {
    inner: Arc<Inner>,
    url: String,
}

impl Proxy {
    pub async fn before(target: &str) -> Self {
        let inner = Arc::new(Inner {
            target: Mutex::new(target.to_owned()),
            http: reqwest::Client::builder()
                .tls_backend_preconfigured(tls())
                .no_proxy()
                .build()
                .unwrap(),
            rules: Mutex::default(),
            broadcasts: Mutex::default(),
            requests: Mutex::default(),
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().route("/", post(serve)).with_state(inner.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { inner, url }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// The next such request has this effect.
    pub fn once(&self, on: On, effect: Effect) {
        self.rule(on, false, effect);
    }

    /// Every such request has this effect (not for [`Effect::Before`]).
    pub fn always(&self, on: On, effect: Effect) {
        self.rule(on, true, effect);
    }

    fn rule(&self, on: On, stays: bool, effect: Effect) {
        self.inner.rules.lock().unwrap().push(Rule { on, stays, effect });
    }

    pub fn clear(&self) {
        self.inner.rules.lock().unwrap().clear();
    }

    /// Distinct transactions that were broadcast, with their messages, in the order of their
    /// first broadcast.
    pub fn transactions(&self) -> Vec<(TxHash, Vec<Any>)> {
        let mut seen = BTreeSet::new();
        let broadcasts = self.inner.broadcasts.lock().unwrap();
        broadcasts
            .iter()
            .filter(|bytes| seen.insert(TxHash::of(bytes)))
            .map(|bytes| (TxHash::of(bytes), messages(bytes)))
            .collect()
    }

    /// How many distinct transactions with this message were broadcast.
    pub fn count(&self, msg: &Any) -> usize {
        let holds = |(_, msgs): &&(TxHash, Vec<Any>)| msgs.contains(msg);
        self.transactions().iter().filter(holds).count()
    }

    /// How many such requests came.
    pub fn requests(&self, on: On) -> usize {
        let requests = self.inner.requests.lock().unwrap();
        requests.iter().filter(|(method, path)| method == on.0 && path.contains(on.1)).count()
    }

    /// How often transactions were broadcast, the same bytes counted each time.
    pub fn broadcasts(&self) -> usize {
        self.inner.broadcasts.lock().unwrap().len()
    }
}

pub fn messages(tx: &[u8]) -> Vec<Any> {
    let raw = TxRaw::decode(tx).unwrap();
    TxBody::decode(raw.body_bytes.as_slice()).unwrap().messages
}

fn tls() -> rustls::ClientConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth()
}

async fn serve(State(inner): State<Arc<Inner>>, body: String) -> Response {
    let request: Value = serde_json::from_str(&body).unwrap();
    let method = request["method"].as_str().unwrap_or_default().to_owned();
    let path = request["params"]["path"].as_str().unwrap_or_default();
    if method == "broadcast_tx_sync" {
        let tx = request["params"]["tx"].as_str().unwrap();
        let tx = STANDARD.decode(tx).unwrap();
        inner.broadcasts.lock().unwrap().push(tx);
    }
    inner.requests.lock().unwrap().push((method.clone(), path.to_owned()));
    let mut lose_reply = false;
    match take(&inner, &method, path) {
        None => {}
        Some(Effect::Before(hook)) => hook().await,
        Some(Effect::LoseReply) => lose_reply = true,
        Some(Effect::Unreachable) => return StatusCode::BAD_GATEWAY.into_response(),
        Some(Effect::Result(result)) => {
            return axum::Json(json!({"jsonrpc": "2.0", "id": 1, "result": result}))
                .into_response();
        }
        Some(Effect::Error(data)) => {
            let error = json!({"code": -32603, "message": "Internal error", "data": data});
            return axum::Json(json!({"jsonrpc": "2.0", "id": 1, "error": error})).into_response();
        }
    }
    let target = inner.target.lock().unwrap().clone();
    match inner.http.post(target).body(body).send().await {
        Ok(_) if lose_reply => StatusCode::BAD_GATEWAY.into_response(),
        Ok(answer) => answer.bytes().await.unwrap().into_response(),
        Err(_) => StatusCode::BAD_GATEWAY.into_response(),
    }
}

fn take(inner: &Inner, method: &str, path: &str) -> Option<Effect> {
    let mut rules = inner.rules.lock().unwrap();
    let meant = |rule: &Rule| rule.on.0 == method && path.contains(rule.on.1);
    let index = rules.iter().position(meant)?;
    if !rules[index].stays {
        return Some(rules.remove(index).effect);
    }
    match &rules[index].effect {
        Effect::Result(value) => Some(Effect::Result(value.clone())),
        Effect::Error(data) => Some(Effect::Error(data)),
        Effect::LoseReply => Some(Effect::LoseReply),
        Effect::Unreachable => Some(Effect::Unreachable),
        Effect::Before(_) => panic!("a hook runs once"),
    }
}
