//! The client: asks a usable endpoint, moves on to the next when one is at fault.

use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use parking_lot::Mutex;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::error::{EndpointFault, RpcError};
use super::pool::EndpointStatus;
use super::pool::{Limits, Pool};
use super::tls;
use super::transport::{Endpoint, Reply};
use super::types::{Status, TxLookup, TxResponse};
use super::types::{StatusWire, TxWire};
use crate::{TxHash, log};

/// Where the chain is, and how patient to be with its nodes.
#[derive(Debug, Clone)]
pub struct ClientConfig {
    /// The only chain that is talked to.
    pub chain_id: String,
    /// URLs of CometBFT's RPC, best first: `http://`, `https://` or `tcp://`.
    pub endpoints: Vec<String>,
    /// A whole request must be answered within this time.
    pub request_timeout: Duration,
    /// A connection must be made within this time.
    pub connect_timeout: Duration,
    /// An endpoint this many blocks behind the best is not used.
    pub max_lag: u64,
    /// How long an endpoint is left alone after its first fault; doubles with each further one.
    pub first_backoff: Duration,
    /// The longest that an endpoint is left alone.
    pub max_backoff: Duration,
    /// How often the endpoints that are not in use are looked at too.
    pub survey_interval: Duration,
}

impl ClientConfig {
    /// Sensible values for public nodes.
    ///
    /// # Errors
    /// If there is no endpoint, or one is not a URL.
    pub fn new(
        chain_id: impl Into<String>,
        endpoints: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        Self {
            chain_id: chain_id.into(),
            endpoints: endpoints.into_iter().map(Into::into).collect(),
            request_timeout: Duration::from_secs(10),
            connect_timeout: Duration::from_secs(5),
            max_lag: 20,
            first_backoff: Duration::from_secs(1),
            max_backoff: Duration::from_secs(60),
            survey_interval: Duration::from_secs(15),
        }
    }
}

/// A JSON-RPC client for one chain with several endpoints. Cheap to clone; clones share what
/// they learn of the endpoints. Use it within a tokio runtime.
#[derive(Debug, Clone)]
pub struct Client {
    pub(super) inner: Arc<Inner>,
    /// The only endpoint that is asked, by its place in the configuration.
    only: Option<usize>,
}

#[derive(Debug)]
pub(super) struct Inner {
    pub(super) chain_id: String,
    pub(super) endpoints: Vec<Endpoint>,
    pub(super) pool: Mutex<Pool>,
    pub(super) probed: Notify,
    survey_interval: Duration,
    last_survey: Mutex<Instant>,
}

/// An answer, and whether the request may also have reached endpoints that did not answer.
pub(super) struct Answer<T> {
    pub(super) reply: Result<Reply<T>, RpcError>,
    pub(super) also_sent: bool,
}

impl Client {
    /// Checks the configuration; connects to nothing yet.
    ///
    /// # Errors
    /// If there is no endpoint, or one is not a URL.
    pub fn new(config: ClientConfig) -> Result<Self, RpcError> {
        if config.endpoints.is_empty() {
            return Err(RpcError::NoEndpoints);
        }
        let tls = tls::client_config()?;
        let endpoints = config
            .endpoints
            .iter()
            .map(|url| Endpoint::new(url, &tls, config.request_timeout, config.connect_timeout))
            .collect::<Result<Vec<_>, _>>()?;
        let labels = endpoints.iter().map(|e| e.label().to_owned()).collect();
        let limits = Limits {
            first_backoff: config.first_backoff,
            max_backoff: config.max_backoff,
            max_lag: config.max_lag,
        };
        Ok(Self {
            inner: Arc::new(Inner {
                pool: Mutex::new(Pool::new(config.chain_id.clone(), labels, limits)),
                chain_id: config.chain_id,
                endpoints,
                probed: Notify::new(),
                survey_interval: config.survey_interval,
                last_survey: Mutex::new(Instant::now()),
            }),
            only: None,
        })
    }

    /// A client for each configured endpoint, in that order, which asks it alone: so that what one
    /// node says can be held against what another says. They share what is known of the endpoints.
    pub fn each(&self) -> Vec<Self> {
        let all = 0..self.inner.endpoints.len();
        all.map(|index| Self { inner: Arc::clone(&self.inner), only: Some(index) }).collect()
    }

    /// Scheme, host and port of the endpoints that are asked, with commas between them.
    pub fn label(&self) -> String {
        let asked = |(index, _): &(usize, &Endpoint)| self.may_ask(*index);
        let labels = self.inner.endpoints.iter().enumerate().filter(asked);
        labels.map(|(_, endpoint)| endpoint.label()).collect::<Vec<_>>().join(", ")
    }

    /// The only endpoint that this client asks, if it is one.
    pub(super) fn only(&self) -> Option<usize> {
        self.only
    }

    /// Whether this client asks that endpoint at all.
    pub(super) fn may_ask(&self, index: usize) -> bool {
        self.only.is_none_or(|only| only == index)
    }

    /// The chain that this client talks to.
    pub fn chain_id(&self) -> &str {
        &self.inner.chain_id
    }

    /// What is known of each endpoint, in the configured order.
    pub fn endpoints(&self) -> Vec<EndpointStatus> {
        self.inner.pool.lock().statuses()
    }

    /// A usable node's state. Now and then this also looks at the other endpoints, beside the
    /// call, so that a node which stopped at an old height is found out.
    ///
    /// # Errors
    /// If no endpoint is usable.
    pub async fn status(&self) -> Result<Status, RpcError> {
        self.survey_when_due();
        let answer = self
            .ask::<StatusWire>("status", &json!({}), |pool, index, wire| {
                pool.judge_chain(&wire.node_info.network)?;
                pool.judge_height(index, wire.sync_info.latest_block_height)
            })
            .await;
        Ok(result("status", answer.reply?)?.into())
    }

    /// Succeeds if some endpoint is usable.
    ///
    /// # Errors
    /// If no endpoint is usable.
    pub async fn health(&self) -> Result<(), RpcError> {
        let answer = self.ask::<IgnoredAny>("health", &json!({}), |_, _, _| Ok(())).await;
        result("health", answer.reply?).map(|_| ())
    }

    /// The chain's genesis document.
    ///
    /// # Errors
    /// If no usable endpoint answers.
    pub async fn genesis(&self) -> Result<Value, RpcError> {
        let answer = self.ask::<Value>("genesis", &json!({}), |_, _, _| Ok(())).await;
        let mut value = result("genesis", answer.reply?)?;
        Ok(value.get_mut("genesis").map(Value::take).unwrap_or(Value::Null))
    }

    /// Looks a transaction up in the nodes' indexes, in each until one has it.
    ///
    /// # Errors
    /// If no usable endpoint answers. A transaction that is in no index is an answer.
    pub async fn tx(&self, hash: &TxHash) -> Result<TxLookup, RpcError> {
        const METHOD: &str = "tx";
        let params = json!({"hash": STANDARD.encode(hash.as_bytes()), "prove": false});
        let mut answered = TxLookup::NotIndexed;
        let mut any = false;
        for index in self.usable_or_probe().await {
            match self.ask_one::<TxWire>(index, METHOD, &params).await {
                Ok(Reply::Result(wire)) => {
                    return Ok(TxLookup::Found(TxResponse {
                        hash: *hash,
                        height: wire.height,
                        index: wire.index,
                        result: wire.tx_result,
                    }));
                }
                Ok(Reply::Error(error)) => {
                    any = true;
                    if error.says(log::is_unknown_tx) {
                        answered = TxLookup::Absent;
                    }
                }
                Err(_) => {}
            }
        }
        if any { Ok(answered) } else { Err(self.unavailable(METHOD)) }
    }

    /// Asks usable endpoints in turn until one answers; an answer that `judge` refuses counts as
    /// the endpoint's fault.
    pub(super) async fn ask<T: DeserializeOwned>(
        &self,
        method: &'static str,
        params: &Value,
        judge: impl Fn(&mut Pool, usize, &T) -> Result<(), EndpointFault>,
    ) -> Answer<T> {
        let mut also_sent = false;
        // A second round, because a fault may have been a connection that the node had closed.
        for round in 0..2 {
            let usable = match round {
                0 => self.usable_or_probe().await,
                _ => self.probe_until_usable().await,
            };
            for index in usable {
                let reply = self.ask_one::<T>(index, method, params).await;
                let judged = match reply {
                    Ok(Reply::Result(value)) => {
                        let judged = judge(&mut self.inner.pool.lock(), index, &value);
                        judged.map(|()| Reply::Result(value))
                    }
                    Ok(error) => Ok(error),
                    Err(fault) => {
                        also_sent |= fault.request_may_have_arrived();
                        continue;
                    }
                };
                match judged {
                    Ok(reply) => {
                        return Answer { reply: Ok(reply), also_sent };
                    }
                    Err(fault) => {
                        also_sent = true;
                        self.set_aside(index, fault);
                    }
                }
            }
        }
        Answer { reply: Err(self.unavailable(method)), also_sent }
    }

    /// Asks one endpoint and sets it aside if it is at fault.
    pub(super) async fn ask_one<T: DeserializeOwned>(
        &self,
        index: usize,
        method: &str,
        params: &Value,
    ) -> Result<Reply<T>, EndpointFault> {
        let reply = match self.inner.endpoints.get(index) {
            Some(endpoint) => endpoint.post(method, params).await,
            None => Err(EndpointFault::Malformed { reason: "no such endpoint".to_owned() }),
        };
        if let Err(fault) = &reply {
            self.set_aside(index, fault.clone());
        }
        reply
    }

    pub(super) fn set_aside(&self, index: usize, fault: EndpointFault) {
        let now = Instant::now();
        self.inner.pool.lock().set_aside(index, fault, now);
    }

    pub(super) fn unavailable(&self, method: &'static str) -> RpcError {
        let mut reports = self.inner.pool.lock().reports();
        if let Some(only) = self.only.and_then(|index| self.inner.endpoints.get(index)) {
            reports.retain(|report| report.endpoint == only.label());
        }
        let wrong = |f: &EndpointFault| matches!(f, EndpointFault::WrongChain { .. });
        if !reports.is_empty() && reports.iter().all(|r| wrong(&r.fault)) {
            return RpcError::WrongChain { expected: self.inner.chain_id.clone(), reports };
        }
        RpcError::Unavailable { method, reports }
    }

    fn survey_when_due(&self) {
        let now = Instant::now();
        {
            let mut last = self.inner.last_survey.lock();
            if now.duration_since(*last) < self.inner.survey_interval {
                return;
            }
            *last = now;
        }
        if self.inner.endpoints.len() > 1 {
            let claimed = self.inner.pool.lock().claim_all();
            self.spawn_probes(claimed);
        }
    }
}

/// A JSON-RPC error as this call's error.
pub(super) fn result<T>(method: &'static str, reply: Reply<T>) -> Result<T, RpcError> {
    match reply {
        Reply::Result(value) => Ok(value),
        Reply::Error(error) => Err(RpcError::Node { method, error }),
    }
}
