//! One endpoint: a JSON-RPC request over HTTP with a deadline, and its answer or fault.

use std::time::Duration;

use reqwest::{StatusCode, Url};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::error::{EndpointFault, NodeError, RpcError};
use super::lenient::words;

/// The most bytes of an answer, by the method. Each byte may take several of memory, and anyone may run a
/// node, so that what honest ones answer has room and no more.
fn longest(method: &str) -> usize {
    match method {
        // Some kilobytes of fields that do not grow.
        "status" | "health" | "header" | "broadcast_tx_sync" => 1 << 20,
        // CometBFT's own default lets a block have 21 MiB, which are 28 in base64.
        "block" | "genesis" => 32 << 20,
        // A block's events are bounded by its gas alone; the largest known, of chains that pay out to all
        // stakers in one block, are tens of MiB.
        "block_results" => 64 << 20,
        // A query reads 1 MB of state by the SDK's usual limit of gas; a hundred of the largest orders that
        // there can be are 14 MiB.
        _ => 16 << 20,
    }
}

/// An endpoint's address and connections.
#[derive(Debug, Clone)]
pub(crate) struct Endpoint {
    url: Url,
    label: String,
    http: reqwest::Client,
    timeout: Duration,
}

/// What a node that speaks JSON-RPC answered.
#[derive(Debug)]
pub(crate) enum Reply<T> {
    Result(T),
    Error(NodeError),
}

#[derive(Deserialize)]
#[serde(bound = "T: DeserializeOwned")]
struct Envelope<T> {
    #[serde(default = "Option::default")]
    result: Option<T>,
    #[serde(default)]
    error: Option<ErrorWire>,
}

#[derive(Deserialize)]
struct ErrorWire {
    #[serde(default)]
    code: i64,
    #[serde(default)]
    message: String,
    #[serde(default, deserialize_with = "words")]
    data: String,
}

impl Endpoint {
    pub(crate) fn new(
        text: &str,
        tls: &rustls::ClientConfig,
        timeout: Duration,
        connect_timeout: Duration,
    ) -> Result<Self, RpcError> {
        let url = parse_url(text)?;
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(tls.clone())
            .connect_timeout(connect_timeout)
            .timeout(timeout)
            .pool_idle_timeout(Duration::from_secs(30))
            // A half-open HTTP/2 connection would take every further request with it.
            .http1_only()
            .redirect(reqwest::redirect::Policy::none());
        if is_loopback(&url) {
            builder = builder.no_proxy();
        }
        let http = builder.build().map_err(|e| RpcError::Setup { reason: e.to_string() })?;
        Ok(Self { label: label(&url), url, http, timeout })
    }

    /// Scheme, host and port: what may be logged.
    pub(crate) fn label(&self) -> &str {
        &self.label
    }

    pub(crate) fn url(&self) -> &Url {
        &self.url
    }

    pub(crate) async fn post<T: DeserializeOwned>(
        &self,
        method: &str,
        params: &Value,
    ) -> Result<Reply<T>, EndpointFault> {
        let request = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        let mut response = self
            .http
            .post(self.url.clone())
            .json(&request)
            .send()
            .await
            .map_err(|e| self.fault(&e))?;
        let status = response.status();
        let (mut body, most) = (Vec::new(), longest(method));
        while let Some(chunk) = response.chunk().await.map_err(|e| self.fault(&e))? {
            if body.len().saturating_add(chunk.len()) > most {
                return Err(EndpointFault::TooLong { method: method.to_owned(), most });
            }
            body.extend_from_slice(&chunk);
        }
        // CometBFT sends its errors with status 500 and a JSON-RPC body, so the body decides.
        match read_envelope(&body) {
            Ok(reply) => Ok(reply),
            // A proxy before the node says so by HTTP alone. The node is not at fault: the next request may be short.
            Err(_) if status == StatusCode::PAYLOAD_TOO_LARGE => Ok(Reply::Error(NodeError {
                code: status.as_u16().into(),
                message: format!("HTTP status {}", status.as_u16()),
                data: "request body too large".to_owned(),
            })),
            Err(_) if !status.is_success() => Err(EndpointFault::Http { status: status.as_u16() }),
            Err(fault) => Err(fault),
        }
    }

    fn fault(&self, error: &reqwest::Error) -> EndpointFault {
        if error.is_connect() {
            EndpointFault::Connect { reason: innermost(error) }
        } else if error.is_timeout() {
            EndpointFault::Timeout { after: self.timeout }
        } else {
            EndpointFault::Broken { reason: innermost(error) }
        }
    }
}

fn read_envelope<T: DeserializeOwned>(body: &[u8]) -> Result<Reply<T>, EndpointFault> {
    let malformed = |reason: String| EndpointFault::Malformed { reason };
    let envelope: Envelope<T> =
        serde_json::from_slice(body).map_err(|e| malformed(e.to_string()))?;
    match (envelope.error, envelope.result) {
        (Some(error), _) => Ok(Reply::Error(NodeError {
            code: error.code,
            message: error.message,
            data: error.data,
        })),
        (None, Some(result)) => Ok(Reply::Result(result)),
        (None, None) => Err(malformed("neither a result nor an error".to_owned())),
    }
}

fn parse_url(text: &str) -> Result<Url, RpcError> {
    let bad =
        |reason: &str| RpcError::BadEndpoint { url: text.to_owned(), reason: reason.to_owned() };
    // The SDK's own configuration writes tcp:// for the same thing.
    let http = text
        .strip_prefix("tcp://")
        .map_or_else(|| text.to_owned(), |rest| format!("http://{rest}"));
    let url = Url::parse(&http).map_err(|e| bad(&e.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(bad("the scheme is neither http nor https"));
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(bad("it names no host"));
    }
    Ok(url)
}

fn label(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{}://{host}:{port}", url.scheme()),
        None => format!("{}://{host}", url.scheme()),
    }
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// The outer layers repeat the URL, which may hold an access token.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut current = error;
    while let Some(source) = current.source() {
        current = source;
    }
    if std::ptr::eq(current, error) {
        return "the request failed".to_owned();
    }
    current.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_that_name_no_http_host_are_refused() {
        for text in ["", "localhost:26657", "ftp://host", "http://", "unix:///run/x"] {
            assert!(matches!(parse_url(text), Err(RpcError::BadEndpoint { .. })), "{text}");
        }
    }

    #[test]
    fn the_label_hides_credentials_and_paths() {
        let url = parse_url("https://user:secret@node.example:8443/token/abc?key=1").unwrap();
        assert_eq!(label(&url), "https://node.example:8443");
    }

    #[test]
    fn tcp_urls_of_the_sdk_are_http() {
        assert_eq!(parse_url("tcp://127.0.0.1:26657").unwrap().as_str(), "http://127.0.0.1:26657/");
    }
}
