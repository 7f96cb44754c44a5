//! A recording proxy in front of any CometBFT endpoint, this chain's or a real node's, for tests of its clients: it
//! records every broadcast, refused ones included, and every query, and injects faults into chosen requests.
//!
//! [`Effect`]s apply to single requests. [`Proxy::faults`] are the whole endpoint's: it hangs with its connections open,
//! refuses, is stale, or names another chain.

mod effect;
mod serve;
mod shared;
mod view;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use cosmrs::Any;
use cosmrs::proto::cosmos::tx::v1beta1::{TxBody, TxRaw};
use cosmrs::proto::cosmwasm::wasm::v1::MsgExecuteContract;
use prost::Message;
use serde_json::Value;
use tokio::net::TcpListener;

use crate::chain::block::tx_hash;
use crate::faults::{Faults, FaultyListener};

use self::shared::{Shared, lock};

pub use effect::{Change, Effect, Hook, On, change, hook};
pub use shared::{Broadcast, Query};

/// The proxy; clones are the same one. It ends with the runtime that started it.
#[derive(Clone)]
pub struct Proxy {
    shared: Arc<Shared>,
    url: String,
}

impl Proxy {
    /// Listens on a free local port and passes everything on to `target`.
    ///
    /// # Panics
    /// If no local port is free or the HTTP client cannot be made.
    pub async fn before(target: &str) -> Self {
        let faults = Faults::default();
        let shared = Arc::new(Shared {
            target: Mutex::new(target.to_owned()),
            http: serve::http_client(),
            faults: faults.clone(),
            rules: Mutex::default(),
            broadcasts: Mutex::default(),
            requests: Mutex::default(),
            queries: Mutex::default(),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free local port");
        let url = format!("http://{}", listener.local_addr().expect("its address"));
        let router = serve::router(shared.clone());
        let listener = FaultyListener::new(listener, faults);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { shared, url }
    }

    /// URL for clients.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Passes everything on to another endpoint from now on.
    pub fn set_target(&self, target: &str) {
        *lock(&self.shared.target) = target.to_owned();
    }

    /// The faults of the whole endpoint. A stale one treats broadcasts as a node does that is cut off from its peers:
    /// it accepts them and no block ever includes them.
    pub fn faults(&self) -> &Faults {
        &self.shared.faults
    }

    /// The next matching request has this effect.
    pub fn once(&self, on: On, effect: Effect) {
        self.rule(on, false, effect);
    }

    /// Every matching request has this effect (effects with hooks apply once).
    pub fn always(&self, on: On, effect: Effect) {
        self.rule(on, true, effect);
    }

    fn rule(&self, on: On, repeats: bool, effect: Effect) {
        lock(&self.shared.rules).push(effect::Rule { on, repeats, effect });
    }

    /// Removes all effects.
    pub fn clear(&self) {
        lock(&self.shared.rules).clear();
    }

    /// How many effects have not met their request yet.
    pub fn waiting(&self) -> usize {
        lock(&self.shared.rules).len()
    }

    /// Every broadcast in order, the same bytes each time.
    pub fn broadcasts(&self) -> Vec<Broadcast> {
        lock(&self.shared.broadcasts).clone()
    }

    /// Distinct transactions that were broadcast, each with its hash and messages, by first broadcast.
    pub fn transactions(&self) -> Vec<([u8; 32], Vec<Any>)> {
        let mut seen = BTreeSet::new();
        let broadcasts = lock(&self.shared.broadcasts);
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

    /// Every question to the chain's state that came, in order.
    pub fn queries(&self) -> Vec<Query> {
        lock(&self.shared.queries).clone()
    }

    /// How many matching requests came.
    pub fn requests(&self, on: On) -> usize {
        let requests = lock(&self.shared.requests);
        requests.iter().filter(|(method, text)| on.matches(method, text)).count()
    }
}

/// The messages of a transaction; empty if the bytes are not a transaction.
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
