//! What can go wrong between us and the nodes.

use std::time::Duration;

/// Why an endpoint cannot be used at the moment. It is set aside and probed again later.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EndpointFault {
    /// Nothing was sent: the connection was not made.
    #[error("cannot connect: {reason}")]
    Connect {
        /// What the network stack said.
        reason: String,
    },
    /// It accepted the connection and did not answer in time.
    #[error("no answer within {} ms", after.as_millis())]
    Timeout {
        /// How long we waited.
        after: Duration,
    },
    /// The connection broke while the answer was awaited.
    #[error("connection broke: {reason}")]
    Broken {
        /// What the network stack said.
        reason: String,
    },
    /// An HTTP status that carries no JSON-RPC answer.
    #[error("HTTP status {status}")]
    Http {
        /// The status code.
        status: u16,
    },
    /// An answer that is not CometBFT's.
    #[error("answer not understood: {reason}")]
    Malformed {
        /// What was wrong with it.
        reason: String,
    },
    /// An answer that is longer than any honest one.
    #[error("its answer to {method} is longer than {most} bytes")]
    TooLong {
        /// The JSON-RPC method.
        method: String,
        /// The most bytes that are read of such an answer.
        most: usize,
    },
    /// It is on another chain. It is never used while it says so.
    #[error("it serves chain {found:?}, not {expected:?}")]
    WrongChain {
        /// The chain id that we are configured for.
        expected: String,
        /// The chain id that it reported.
        found: String,
    },
    /// It is so far behind others that its answers are not to be used.
    #[error("its height {height} is far behind {best}")]
    Stale {
        /// Height that it served.
        height: u64,
        /// The height that the others report.
        best: u64,
    },
    /// It keeps no results of blocks, so that nobody can follow the chain by it.
    #[error("it has no results of blocks: {reason}")]
    NoResults {
        /// What it said.
        reason: String,
    },
    /// It is still fetching old blocks.
    #[error("it is still catching up, at height {height}")]
    CatchingUp {
        /// How far it is.
        height: u64,
    },
}

impl EndpointFault {
    /// Whether the request may have reached the node in spite of the fault.
    pub(crate) fn request_may_have_arrived(&self) -> bool {
        !matches!(self, Self::Connect { .. })
    }
}

/// One endpoint's part in a call that no endpoint could answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointReport {
    /// Scheme, host and port; the rest of an URL may hold an access token.
    pub endpoint: String,
    /// Why it could not be used.
    pub fault: EndpointFault,
}

/// A JSON-RPC error that a healthy node answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} ({code}): {data}")]
pub struct NodeError {
    /// JSON-RPC's code.
    pub code: i64,
    /// JSON-RPC's message, mostly "Internal error".
    pub message: String,
    /// What CometBFT means.
    pub data: String,
}

impl NodeError {
    /// Whether the node keeps no results of blocks (`storage.discard_abci_responses`), so that nobody can
    /// follow the chain by it.
    pub fn keeps_no_results(&self) -> bool {
        self.says(crate::log::keeps_no_results)
    }

    /// Whether the request, or the transaction in it, is longer than the node takes. Another node may take it.
    pub fn request_is_too_large(&self) -> bool {
        self.says(crate::log::is_too_large)
    }

    /// Whether one of its texts says so.
    pub(super) fn says(&self, so: impl Fn(&str) -> bool) -> bool {
        so(&self.data) || so(&self.message)
    }
}

/// Why a call had no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RpcError {
    /// The configuration names no endpoint.
    #[error("no RPC endpoint is configured; name at least one, such as http://127.0.0.1:26657")]
    NoEndpoints,
    /// The configuration names one that cannot be used.
    #[error("RPC endpoint {url:?}: {reason}; use http:// or https:// with a host")]
    BadEndpoint {
        /// As configured.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The HTTP client could not be set up.
    #[error("cannot set up the HTTP client: {reason}")]
    Setup {
        /// What failed.
        reason: String,
    },
    /// Every endpoint is on another chain: the configuration is wrong.
    #[error("every RPC endpoint serves another chain than {expected:?}: {}", list(reports))]
    WrongChain {
        /// The chain id that we are configured for.
        expected: String,
        /// Each endpoint's chain.
        reports: Vec<EndpointReport>,
    },
    /// No endpoint could answer. Trying again later may help.
    #[error("{method}: no RPC endpoint could answer: {}", list(reports))]
    Unavailable {
        /// The JSON-RPC method.
        method: &'static str,
        /// Each endpoint's fault.
        reports: Vec<EndpointReport>,
    },
    /// A healthy node refused the call.
    #[error("{method}: the node answered {error}")]
    Node {
        /// The JSON-RPC method.
        method: &'static str,
        /// Its answer.
        error: NodeError,
    },
    /// The block was deleted at every endpoint.
    #[error("height {height} was pruned; the lowest that is left is {lowest}")]
    Pruned {
        /// The height that was asked for.
        height: u64,
        /// The lowest height that any endpoint still has.
        lowest: u64,
    },
    /// The block does not exist yet.
    #[error("height {height} is not there yet; the newest is {head}")]
    NotYet {
        /// The height that was asked for.
        height: u64,
        /// The newest height of the endpoint that said so.
        head: u64,
    },
}

fn list(reports: &[EndpointReport]) -> String {
    let texts: Vec<String> =
        reports.iter().map(|r| format!("{}: {}", r.endpoint, r.fault)).collect();
    texts.join("; ")
}
