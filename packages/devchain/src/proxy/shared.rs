//! What the proxy and its server share: where requests go, the rules, and the recordings.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::effect::Rule;
use crate::faults::Faults;

/// A broadcast transaction and the answer that the client got.
#[derive(Clone, Debug)]
pub struct Broadcast {
    /// The transaction.
    pub bytes: Vec<u8>,
    /// The code in that answer; none while there is no answer, or if it got lost.
    pub code: Option<u64>,
}

/// A question to the chain's state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// The service and method, such as `/cosmwasm.wasm.v1.Query/SmartContractState`.
    pub path: String,
    /// The request, as protobuf.
    pub data: Vec<u8>,
}

/// What the proxy and its server share.
pub(super) struct Shared {
    pub target: Mutex<String>,
    pub http: reqwest::Client,
    pub faults: Faults,
    pub rules: Mutex<Vec<Rule>>,
    pub broadcasts: Mutex<Vec<Broadcast>>,
    pub requests: Mutex<Vec<(String, String)>>,
    pub queries: Mutex<Vec<Query>>,
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
