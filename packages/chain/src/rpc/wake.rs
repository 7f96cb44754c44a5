//! A websocket that announces new blocks. It is a wake-up only: every loop also polls, so a lost
//! message or a dead socket costs time and nothing else.

use std::sync::Arc;
use std::time::Duration;

use futures::{SinkExt, StreamExt};
use serde_json::json;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio_tungstenite::tungstenite::Message;
use tokio_util::sync::CancellationToken;

use super::client::Client;
use super::pool::backoff;
use super::tls;

const SUBSCRIBE: &str = "tm.event='NewBlock'";
const FIRST_BACKOFF: Duration = Duration::from_millis(500);
const MAX_BACKOFF: Duration = Duration::from_secs(30);
/// A chain that makes no block for this long is asked again, on a new connection.
const SILENCE: Duration = Duration::from_secs(60);

/// Wakes whoever waits for a block.
#[derive(Debug, Clone, Default)]
pub struct NewBlockSignal {
    notify: Arc<Notify>,
}

impl NewBlockSignal {
    /// Wakes the waiters.
    pub fn notify(&self) {
        self.notify.notify_waiters();
        self.notify.notify_one();
    }

    /// Returns when a block was announced since the last call, or `max` has passed.
    pub async fn wait(&self, max: Duration) {
        let _ = tokio::time::timeout(max, self.notify.notified()).await;
    }
}

/// Listens at the usable endpoints in turn until cancelled and raises `signal` for each block.
pub async fn listen_for_blocks(client: Client, signal: NewBlockSignal, stop: CancellationToken) {
    let mut failures = 0u32;
    loop {
        let listening = async {
            for index in client.usable_or_probe().await {
                if listen_once(&client, index, &signal).await {
                    return true;
                }
            }
            false
        };
        let heard = tokio::select! {
            () = stop.cancelled() => return,
            heard = listening => heard,
        };
        failures = if heard { 0 } else { failures.saturating_add(1) };
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(backoff(FIRST_BACKOFF, MAX_BACKOFF, failures)) => {}
        }
    }
}

/// Returns when the connection ends; true if it announced at least one block.
async fn listen_once(client: &Client, index: usize, signal: &NewBlockSignal) -> bool {
    let Some(endpoint) = client.inner.endpoints.get(index) else {
        return false;
    };
    let url = endpoint.url();
    let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else {
        return false;
    };
    let secure = url.scheme() == "https";
    let mut target = url.clone();
    if target.set_scheme(if secure { "wss" } else { "ws" }).is_err() {
        return false;
    }
    target.set_path(&format!("{}/websocket", url.path().trim_end_matches('/')));
    let bare_host = host.trim_start_matches('[').trim_end_matches(']');
    let connecting = TcpStream::connect((bare_host, port));
    let Ok(Ok(tcp)) = tokio::time::timeout(Duration::from_secs(5), connecting).await else {
        return false;
    };
    if !secure {
        return listen_on(target.as_str(), tcp, signal).await;
    }
    let (Ok(config), Ok(name)) =
        (tls::client_config(), rustls::pki_types::ServerName::try_from(bare_host.to_owned()))
    else {
        return false;
    };
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    match tokio::time::timeout(SILENCE, connector.connect(name, tcp)).await {
        Ok(Ok(stream)) => listen_on(target.as_str(), stream, signal).await,
        _ => false,
    }
}

async fn listen_on<S>(target: &str, stream: S, signal: &NewBlockSignal) -> bool
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let handshake = tokio_tungstenite::client_async(target, stream);
    let Ok(Ok((mut socket, _))) = tokio::time::timeout(SILENCE, handshake).await else {
        return false;
    };
    let subscribe = json!({
        "jsonrpc": "2.0", "id": 1, "method": "subscribe", "params": {"query": SUBSCRIBE},
    });
    if socket.send(Message::text(subscribe.to_string())).await.is_err() {
        return false;
    }
    let mut messages = 0u64;
    while let Ok(Some(Ok(message))) = tokio::time::timeout(SILENCE, socket.next()).await {
        if message.is_text() || message.is_binary() {
            // The first message only confirms the subscription.
            messages = messages.saturating_add(1);
            signal.notify();
        }
    }
    messages > 1
}
