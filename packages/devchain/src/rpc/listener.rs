//! The listening socket of one endpoint, and its faults: refuse, hang, pretend.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::serve::Listener;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::methods::View;

/// How an endpoint treats its clients.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Manner {
    /// Answers.
    #[default]
    Serve,
    /// Closes every connection, also the ones that are open.
    Refuse,
    /// Accepts connections and requests and never answers.
    Hang,
}

/// The faults of one endpoint; clones switch the same endpoint.
#[derive(Clone)]
pub struct Faults {
    manner: watch::Sender<Manner>,
    view: Arc<Mutex<View>>,
}

impl Default for Faults {
    fn default() -> Self {
        Self { manner: watch::Sender::new(Manner::Serve), view: Arc::default() }
    }
}

impl Faults {
    /// How it treats its clients from now on.
    pub fn set_manner(&self, manner: Manner) {
        self.manner.send_replace(manner);
    }

    /// Shows nothing past a height, or everything again.
    pub fn set_stale_at(&self, height: Option<u64>) {
        self.lock().stale_at = height;
    }

    /// Pretends to be of another chain, or shows the real id again.
    pub fn set_chain_id(&self, chain_id: Option<String>) {
        self.lock().chain_id = chain_id;
    }

    /// What it shows.
    pub fn view(&self) -> View {
        self.lock().clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, View> {
        self.view.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How it treats its clients.
    pub fn manner(&self) -> Manner {
        *self.manner.borrow()
    }

    /// Waits until it refuses.
    pub async fn refuses(&self) {
        let mut manner = self.manner.subscribe();
        if manner.wait_for(|manner| *manner == Manner::Refuse).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Waits until it serves, or refuses.
    pub async fn no_longer_hangs(&self) {
        let mut manner = self.manner.subscribe();
        let _ = manner.wait_for(|manner| *manner != Manner::Hang).await;
    }
}

/// Accepts connections unless the endpoint refuses them.
pub struct FaultyListener {
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
            if self.faults.manner() == Manner::Refuse {
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
