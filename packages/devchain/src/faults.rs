//! What tests can let go wrong with one RPC endpoint (it refuses, hangs, is stale, names another chain, keeps no results), and the
//! listening socket that obeys.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::serve::Listener;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What CometBFT says where it keeps no results of blocks.
pub(crate) const WITHOUT_RESULTS: &str = "node is not persisting finalize block responses";

/// How an endpoint treats its clients.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EndpointMode {
    /// Answers.
    #[default]
    Serve,
    /// Closes every connection, also the ones that are open.
    Refuse,
    /// Accepts connections and requests and never answers.
    Hang,
}

/// What an endpoint shows of the chain.
#[derive(Clone, Debug, Default)]
pub(crate) struct View {
    /// Height that the endpoint shows as the head.
    pub stale_at: Option<u64>,
    /// Chain id that the endpoint shows instead of the real one.
    pub chain_id: Option<String>,
    /// Whether the endpoint keeps no results of blocks.
    pub without_results: bool,
}

/// The faults of one endpoint; clones switch the same endpoint.
#[derive(Clone)]
pub struct Faults {
    mode: watch::Sender<EndpointMode>,
    view: Arc<Mutex<View>>,
}

impl Default for Faults {
    fn default() -> Self {
        Self { mode: watch::Sender::new(EndpointMode::Serve), view: Arc::default() }
    }
}

impl Faults {
    /// How it treats its clients from now on.
    pub fn set_mode(&self, mode: EndpointMode) {
        self.mode.send_replace(mode);
    }

    /// Shows nothing past a height, or everything again.
    pub fn set_stale_at(&self, height: Option<u64>) {
        self.lock().stale_at = height;
    }

    /// Shows another chain id, or the real one again.
    pub fn set_chain_id(&self, chain_id: Option<String>) {
        self.lock().chain_id = chain_id;
    }

    /// Keeps no results of blocks, as a node with `storage.discard_abci_responses`, or keeps them again.
    pub fn set_without_results(&self, without: bool) {
        self.lock().without_results = without;
    }

    /// What it shows.
    pub(crate) fn view(&self) -> View {
        self.lock().clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, View> {
        self.view.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How it treats its clients.
    pub(crate) fn mode(&self) -> EndpointMode {
        *self.mode.borrow()
    }

    /// Waits until it refuses.
    pub(crate) async fn refuses(&self) {
        let mut mode = self.mode.subscribe();
        if mode.wait_for(|mode| *mode == EndpointMode::Refuse).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Waits until it serves, or refuses.
    pub(crate) async fn no_longer_hangs(&self) {
        let mut mode = self.mode.subscribe();
        let _ = mode.wait_for(|mode| *mode != EndpointMode::Hang).await;
    }
}

/// Accepts connections unless the endpoint refuses them.
pub(crate) struct FaultyListener {
    inner: TcpListener,
    faults: Faults,
}

impl FaultyListener {
    /// Wraps a bound socket.
    pub fn new(inner: TcpListener, faults: Faults) -> Self {
        Self { inner, faults }
    }
}

impl Listener for FaultyListener {
    type Io = TcpStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let (stream, addr) = Listener::accept(&mut self.inner).await;
            if self.faults.mode() == EndpointMode::Refuse {
                drop(stream);
                continue;
            }
            return (stream, addr);
        }
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        self.inner.local_addr()
    }
}
