//! A door in front of any CometBFT endpoint, this chain's or a real node's, for tests of its clients: it writes down
//! every broadcast, refused ones included, and lets a test step in at chosen requests.
//!
//! [`Effect`]s strike single requests. [`Proxy::faults`] are the whole endpoint's: it hangs with its connections open,
//! refuses, stays at an old height or pretends to be of another chain.

mod door;
mod effect;
mod view;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cosmrs::Any;
use cosmrs::proto::cosmos::tx::v1beta1::{TxBody, TxRaw};
use cosmrs::proto::cosmwasm::wasm::v1::MsgExecuteContract;
use prost::Message;
use serde_json::Value;
use tokio::net::TcpListener;

use crate::chain::block::tx_hash;
use crate::rpc::listener::{Faults, FaultyListener};

pub use effect::{Effect, Hook, On, hook};

/// A transaction on its way to the chain, and what the client was told.
#[derive(Clone, Debug)]
pub struct Broadcast {
    /// The transaction.
    pub bytes: Vec<u8>,
    /// The code that the client was given; none while there is no answer, or if it got none.
    pub code: Option<u64>,
}

/// The proxy; clones are the same one. It ends with the runtime that started it.
#[derive(Clone)]
pub struct Proxy {
    inner: Arc<Inner>,
    url: String,
}

struct Inner {
    target: Mutex<String>,
    http: reqwest::Client,
    faults: Faults,
    rules: Mutex<Vec<effect::Rule>>,
    broadcasts: Mutex<Vec<Broadcast>>,
    requests: Mutex<Vec<(String, String)>>,
}

impl Proxy {
    /// Listens on a free local port and passes everything on to `target`.
    ///
    /// # Panics
    /// When no port or HTTP client can be had, as nothing could be tested then.
    pub async fn before(target: &str) -> Self {
        let faults = Faults::default();
        let inner = Arc::new(Inner {
            target: Mutex::new(target.to_owned()),
            http: door::http_client(),
            faults: faults.clone(),
            rules: Mutex::default(),
            broadcasts: Mutex::default(),
            requests: Mutex::default(),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free local port");
        let url = format!("http://{}", listener.local_addr().expect("its address"));
        let router = door::router(inner.clone());
        let listener = FaultyListener::new(listener, faults);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { inner, url }
    }

    /// Where clients find it.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Passes everything on to another endpoint from now on.
    pub fn set_target(&self, target: &str) {
        *lock(&self.inner.target) = target.to_owned();
    }

    /// What is wrong with the whole endpoint. One that shows an old height takes broadcasts as a node does that is
    /// cut off: it accepts them and nobody ever hears of them.
    pub fn faults(&self) -> &Faults {
        &self.inner.faults
    }

    /// The next such request has this effect.
    pub fn once(&self, on: On, effect: Effect) {
        self.rule(on, false, effect);
    }

    /// Every such request has this effect (not for effects with hooks, which run once).
    pub fn always(&self, on: On, effect: Effect) {
        self.rule(on, true, effect);
    }

    fn rule(&self, on: On, stays: bool, effect: Effect) {
        lock(&self.inner.rules).push(effect::Rule { on, stays, effect });
    }

    /// No further effects.
    pub fn clear(&self) {
        lock(&self.inner.rules).clear();
    }

    /// How many effects still wait for their request.
    pub fn waiting(&self) -> usize {
        lock(&self.inner.rules).len()
    }

    /// Every broadcast in order, the same bytes each time.
    pub fn broadcasts(&self) -> Vec<Broadcast> {
        lock(&self.inner.broadcasts).clone()
    }

    /// Distinct transactions that were broadcast, each with its hash and messages, in the order of their first
    /// broadcast.
    pub fn transactions(&self) -> Vec<([u8; 32], Vec<Any>)> {
        let mut seen = BTreeSet::new();
        let broadcasts = lock(&self.inner.broadcasts);
        let distinct = broadcasts.iter().filter(|one| seen.insert(tx_hash(&one.bytes)));
        distinct.map(|one| (tx_hash(&one.bytes), messages(&one.bytes))).collect()
    }

    /// How many distinct transactions with this message were broadcast.
    pub fn count(&self, msg: &Any) -> usize {
        self.transactions().iter().filter(|(_, msgs)| msgs.contains(msg)).count()
    }

    /// The JSON of every message to a contract in every distinct transaction that was broadcast.
    pub fn contract_messages(&self) -> Vec<Value> {
        let all = self.transactions().into_iter().flat_map(|(_, messages)| messages);
        all.filter_map(|any| contract_message(&any)).collect()
    }

    /// How many such requests came.
    pub fn requests(&self, on: On) -> usize {
        let requests = lock(&self.inner.requests);
        requests.iter().filter(|(method, text)| on.means(method, text)).count()
    }
}

/// The messages of a transaction; none if the bytes are no transaction.
pub fn messages(tx: &[u8]) -> Vec<Any> {
    let body = TxRaw::decode(tx).and_then(|raw| TxBody::decode(raw.body_bytes.as_slice()));
    body.map(|body| body.messages).unwrap_or_default()
}

/// The JSON in a message to a contract.
pub fn contract_message(any: &Any) -> Option<Value> {
    if !any.type_url.ends_with(".MsgExecuteContract") {
        return None;
    }
    let execute = MsgExecuteContract::decode(any.value.as_slice()).ok()?;
    serde_json::from_slice(&execute.msg).ok()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
