//! The handle of a running chain.

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;

use cosmwasm_std::{Coin, Record};
use tokio::net::TcpListener;
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

use crate::chain::BroadcastResult;
use crate::chain::block::Block;
use crate::chain::clock::SECOND;
use crate::faults::{EndpointMode, Faults, FaultyListener};
use crate::node::{Node, Stopped};
use crate::rpc::{self, Endpoint};

/// An RPC endpoint could not listen.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {addr}: {source}")]
pub struct ListenError {
    /// Where.
    pub addr: SocketAddr,
    /// Why not.
    pub source: std::io::Error,
}

/// One RPC endpoint of a running chain.
#[derive(Clone)]
pub struct RpcEndpoint {
    addr: SocketAddr,
    faults: Faults,
}

impl RpcEndpoint {
    /// For instance `http://127.0.0.1:26657`.
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// For instance `ws://127.0.0.1:26657/websocket`.
    pub fn websocket_url(&self) -> String {
        format!("ws://{}/websocket", self.addr)
    }

    /// Switches for what goes wrong with it.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }
}

/// A running chain. Dropping it stops chain and RPC.
pub struct Handle {
    node: Node,
    thread: Option<JoinHandle<()>>,
    cancel: CancellationToken,
    endpoints: Vec<RpcEndpoint>,
}

impl Handle {
    /// The handle of a chain's thread, with its first endpoint at `bind`.
    pub(crate) async fn open(
        node: Node,
        thread: JoinHandle<()>,
        bind: SocketAddr,
    ) -> Result<Self, ListenError> {
        let cancel = CancellationToken::new();
        let mut handle = Self { node, thread: Some(thread), cancel, endpoints: Vec::new() };
        let endpoint = handle.listen(bind).await?;
        handle.endpoints.push(endpoint);
        Ok(handle)
    }

    async fn listen(&self, addr: SocketAddr) -> Result<RpcEndpoint, ListenError> {
        let failed = |source| ListenError { addr, source };
        let listener = TcpListener::bind(addr).await.map_err(failed)?;
        let addr = listener.local_addr().map_err(failed)?;
        let faults = Faults::default();
        let router = rpc::router(Endpoint { node: self.node.clone(), faults: faults.clone() });
        let cancelled = self.cancel.clone();
        let listener = FaultyListener::new(listener, faults.clone());
        tokio::spawn(async move {
            tokio::select! {
                () = cancelled.cancelled() => {}
                served = axum::serve(listener, router) => {
                    if let Err(err) = served {
                        tracing::error!("rpc endpoint ended: {err}");
                    }
                }
            }
        });
        Ok(RpcEndpoint { addr, faults })
    }

    /// Opens another endpoint of the same chain on a free local port, with faults of its own.
    ///
    /// # Errors
    /// If no port is free.
    pub async fn another_endpoint(&mut self) -> Result<RpcEndpoint, ListenError> {
        let endpoint = self.listen(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
        self.endpoints.push(endpoint.clone());
        Ok(endpoint)
    }

    /// The first endpoint.
    pub fn endpoint(&self) -> &RpcEndpoint {
        &self.endpoints[0]
    }

    /// URL of the first endpoint.
    pub fn rpc_url(&self) -> String {
        self.endpoint().url()
    }

    /// Blocks as they are made, from now on. A receiver that lags more than 256 behind misses some.
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<Block>> {
        self.node.subscribe()
    }

    /// Hands transactions to the mempool, without the RPC. Returns the results of their checks, in order.
    ///
    /// # Errors
    /// If the chain has stopped. A transaction that fails its check, or that the mempool refuses, is a result.
    pub async fn broadcast(&self, txs: Vec<Vec<u8>>) -> Result<Vec<BroadcastResult>, Stopped> {
        self.node.call(move |chain| txs.into_iter().map(|tx| chain.broadcast(tx)).collect()).await
    }

    /// How many transactions wait for a block.
    ///
    /// # Errors
    /// If the chain has stopped.
    pub async fn mempool_size(&self) -> Result<usize, Stopped> {
        self.node.call(|chain| chain.mempool().waiting().len()).await
    }

    /// All records of a contract's storage, by key; none for an address without a contract.
    ///
    /// # Errors
    /// If the chain has stopped.
    pub async fn contract_storage(&self, contract: &str) -> Result<Vec<Record>, Stopped> {
        let contract = contract.to_owned();
        self.node.call(move |chain| chain.contract_storage(&contract)).await
    }

    /// Makes the next block's time jump forward by `seconds`.
    ///
    /// # Errors
    /// If the chain has stopped.
    pub async fn advance(&self, seconds: u64) -> Result<(), Stopped> {
        let by_ns = seconds.saturating_mul(SECOND);
        self.node.call(move |chain| chain.clock_mut().advance(by_ns)).await
    }

    /// Sets chain seconds for each real second, in thousandths.
    ///
    /// # Errors
    /// If the chain has stopped.
    pub async fn set_time_scale_milli(&self, milli: u64) -> Result<(), Stopped> {
        self.node.call(move |chain| chain.clock_mut().set_scale(milli)).await
    }

    /// Makes a block now.
    ///
    /// # Errors
    /// If the chain has stopped.
    pub async fn produce_block(&self) -> Result<Arc<Block>, Stopped> {
        self.node.produce_block().await
    }

    /// Makes a block now whose time is `at_ns`, nanoseconds since 1970 (a millisecond after the last block at the
    /// earliest); so a chain repeats another's blocks.
    ///
    /// # Errors
    /// If the chain has stopped.
    pub async fn produce_block_at(&self, at_ns: u64) -> Result<Arc<Block>, Stopped> {
        self.node.call(move |chain| chain.clock_mut().set_next(at_ns)).await?;
        self.node.produce_block().await
    }

    /// Makes `n` blocks now and returns the height.
    ///
    /// # Errors
    /// If the chain has stopped.
    pub async fn produce_blocks(&self, n: u64) -> Result<u64, Stopped> {
        for _ in 0..n {
            self.produce_block().await?;
        }
        self.height().await
    }

    /// Height of the last block.
    ///
    /// # Errors
    /// If the chain has stopped.
    pub async fn height(&self) -> Result<u64, Stopped> {
        self.node.call(|chain| chain.history().latest()).await
    }

    /// Time of the last block, nanoseconds since 1970.
    ///
    /// # Errors
    /// If the chain has stopped.
    pub async fn time_ns(&self) -> Result<u64, Stopped> {
        self.node.call(|chain| chain.history().last().map_or(0, |block| block.time_ns)).await
    }

    /// Every balance of the chain by address.
    ///
    /// # Errors
    /// If the chain has stopped.
    pub async fn balances(&self) -> Result<Vec<(String, Coin)>, Stopped> {
        self.node.call(|chain| chain.balances()).await
    }

    /// Stops or restarts the making of blocks by the timer.
    ///
    /// # Errors
    /// If the chain has stopped.
    pub async fn pause_blocks(&self, paused: bool) -> Result<(), Stopped> {
        self.node.call(move |chain| chain.paused = paused).await
    }

    /// While set, transactions are accepted and never included.
    ///
    /// # Errors
    /// If the chain has stopped.
    pub async fn swallow_transactions(&self, swallow: bool) -> Result<(), Stopped> {
        self.node.call(move |chain| chain.swallow_transactions = swallow).await
    }

    /// Forgets what waits for a block, as a restarted node does. Returns how many transactions were lost.
    ///
    /// # Errors
    /// If the chain has stopped.
    pub async fn drop_mempool(&self) -> Result<usize, Stopped> {
        self.node.call(|chain| chain.drop_mempool()).await
    }

    /// Forgets blocks and states below a height, as a pruned node.
    ///
    /// # Errors
    /// If the chain has stopped.
    pub async fn prune_below(&self, height: u64) -> Result<(), Stopped> {
        self.node.call(move |chain| chain.prune_below(height)).await
    }

    /// Ends chain and RPC; connections that are open break at their next request.
    fn end(&self) {
        for endpoint in &self.endpoints {
            endpoint.faults.set_mode(EndpointMode::Refuse);
        }
        self.cancel.cancel();
        self.node.stop();
    }

    /// Stops chain and RPC and waits for the chain's thread.
    pub async fn stop(mut self) {
        self.end();
        if let Some(thread) = self.thread.take() {
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.end();
    }
}
