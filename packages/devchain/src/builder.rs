//! Setting up a chain, and the handle of a running one.

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cosmwasm_std::{Coin, Empty};
use cw_multi_test::Contract;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::address::{AddressCodec, BadPrefix};
use crate::chain::block::Block;
use crate::chain::clock::{Clock, SECOND, Timing};
use crate::chain::genesis::Genesis;
use crate::chain::history::Retention;
use crate::chain::{Chain, Settings};
use crate::error::AbciError;
use crate::node::{Node, Stopped};
use crate::rpc::listener::{Faults, FaultyListener, Manner};
use crate::rpc::server::{self, Endpoint};
use crate::tx::ante::MinGasPrice;
use crate::wasm::codes::NativeCodes;

/// Makes a contract's code on the chain's thread.
pub type CodeMaker = Box<dyn FnOnce() -> Box<dyn Contract<Empty>> + Send>;

/// Why a chain could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address prefix.
    #[error(transparent)]
    Prefix(#[from] BadPrefix),
    /// The chain id.
    #[error("{0:?} cannot be a chain id: 1 to 50 characters")]
    ChainId(String),
    /// An address of the genesis.
    #[error("genesis account {address:?} is no address with prefix {prefix:?}")]
    Account {
        /// As given.
        address: String,
        /// The chain's prefix.
        prefix: String,
    },
    /// The first state.
    #[error("genesis state: {0}")]
    Genesis(#[from] AbciError),
    /// The socket.
    #[error("cannot listen on {addr}: {source}")]
    Listen {
        /// Where.
        addr: SocketAddr,
        /// Why not.
        source: std::io::Error,
    },
}

/// A chain to be started.
pub struct Devchain {
    chain_id: String,
    prefix: String,
    min_gas_price: MinGasPrice,
    accounts: Vec<(String, Vec<Coin>)>,
    codes: Vec<(String, CodeMaker)>,
    extra: Vec<(String, CodeMaker)>,
    checksums: Vec<([u8; 32], String)>,
    timing: Timing,
    genesis_time: Option<u64>,
    retention: Retention,
    bind: SocketAddr,
}

impl Devchain {
    /// A chain `souk-dev` with prefix `souk`, a block each second, gas for at least 0.025 usouk, on a free local port.
    pub fn builder() -> Self {
        Self {
            chain_id: "souk-dev".into(),
            prefix: "souk".into(),
            min_gas_price: MinGasPrice { micro: 25_000, denom: "usouk".into() },
            accounts: Vec::new(),
            codes: Vec::new(),
            extra: Vec::new(),
            checksums: Vec::new(),
            timing: Timing::Timer { every: Duration::from_secs(1) },
            genesis_time: None,
            retention: Retention::default(),
            bind: SocketAddr::from(([127, 0, 0, 1], 0)),
        }
    }

    /// Sets the chain id.
    pub fn chain_id(mut self, id: impl Into<String>) -> Self {
        self.chain_id = id.into();
        self
    }

    /// Sets the address prefix.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// Sets the least gas price: millionths of a base unit of `denom` for one gas. 0 takes any.
    pub fn min_gas_price(mut self, micro: u64, denom: impl Into<String>) -> Self {
        self.min_gas_price = MinGasPrice { micro, denom: denom.into() };
        self
    }

    /// Adds an account with coins; accounts are numbered in this order.
    pub fn account(mut self, address: impl Into<String>, coins: Vec<Coin>) -> Self {
        self.accounts.push((address.into(), coins));
        self
    }

    /// Adds native code that has an id from the start (1, 2, ... in this order) and can be uploaded again by its marker.
    pub fn code<F>(mut self, name: impl Into<String>, make: F) -> Self
    where
        F: FnOnce() -> Box<dyn Contract<Empty>> + Send + 'static,
    {
        self.codes.push((name.into(), Box::new(make)));
        self
    }

    /// Adds native code that has no id until its marker is uploaded.
    pub fn uploadable<F>(mut self, name: impl Into<String>, make: F) -> Self
    where
        F: FnOnce() -> Box<dyn Contract<Empty>> + Send + 'static,
    {
        self.extra.push((name.into(), Box::new(make)));
        self
    }

    /// Says that uploaded wasm with this SHA-256 stands for the native code `name`, so that real artifacts can be
    /// uploaded.
    pub fn known_checksum(mut self, checksum: [u8; 32], name: impl Into<String>) -> Self {
        self.checksums.push((checksum, name.into()));
        self
    }

    /// Makes a block each `every` of real time.
    pub fn block_time(mut self, every: Duration) -> Self {
        self.timing = Timing::Timer { every };
        self
    }

    /// Makes blocks only when asked, each `step` of chain time after the one before.
    pub fn on_demand(mut self, step: Duration) -> Self {
        self.timing = Timing::OnDemand { step };
        self
    }

    /// Sets the time of the genesis, seconds since 1970; now by default.
    pub fn genesis_time(mut self, seconds: u64) -> Self {
        self.genesis_time = Some(seconds);
        self
    }

    /// Sets how many blocks and how many states are kept.
    pub fn retention(mut self, blocks: usize, states: usize) -> Self {
        self.retention = Retention { blocks, states };
        self
    }

    /// Sets where the RPC listens.
    pub fn bind(mut self, addr: SocketAddr) -> Self {
        self.bind = addr;
        self
    }

    /// Starts the chain and its RPC; both end when the handle is dropped.
    pub async fn start(self) -> Result<Handle, StartError> {
        let codec = AddressCodec::new(&self.prefix)?;
        let chain_id =
            self.chain_id.parse().map_err(|_| StartError::ChainId(self.chain_id.clone()))?;
        let mut genesis = Genesis::default();
        for (address, coins) in self.accounts {
            let bytes = codec
                .decode(&address)
                .ok_or_else(|| StartError::Account { address, prefix: self.prefix.clone() })?;
            genesis.accounts.push((bytes, coins));
        }
        genesis.codes = self.codes.iter().map(|(name, _)| name.clone()).collect();
        let settings = Settings {
            chain_id,
            codec,
            min_gas_price: self.min_gas_price,
            retention: self.retention,
        };
        let genesis_ns = match self.genesis_time {
            Some(seconds) => seconds.saturating_mul(SECOND),
            None => now_ns(),
        };
        let (timing, codes) = (self.timing, self.codes.into_iter().chain(self.extra));
        let codes: Vec<_> = codes.collect();
        let checksums = self.checksums;
        let (node, thread) = Node::spawn(move || {
            let mut native = NativeCodes::default();
            for (name, make) in codes {
                native.insert(name, make().into());
            }
            for (checksum, name) in checksums {
                native.insert_checksum(checksum, name);
            }
            let clock = Clock::new(timing, genesis_ns);
            Chain::new(settings, genesis, native, clock, genesis_ns)
        })?;
        let cancel = CancellationToken::new();
        let mut handle = Handle { node, thread: Some(thread), cancel, endpoints: Vec::new() };
        let endpoint = handle.listen(self.bind).await?;
        handle.endpoints.push(endpoint);
        Ok(handle)
    }
}

fn now_ns() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
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
    async fn listen(&self, addr: SocketAddr) -> Result<RpcEndpoint, StartError> {
        let failed = |source| StartError::Listen { addr, source };
        let listener = TcpListener::bind(addr).await.map_err(failed)?;
        let addr = listener.local_addr().map_err(failed)?;
        let faults = Faults::default();
        let router = server::router(Endpoint { node: self.node.clone(), faults: faults.clone() });
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
    pub async fn another_endpoint(&mut self) -> Result<RpcEndpoint, StartError> {
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

    /// The chain's thread, for everything that has no method here.
    pub fn node(&self) -> &Node {
        &self.node
    }

    /// Makes the next block's time jump forward by `seconds`.
    pub async fn advance(&self, seconds: u64) -> Result<(), Stopped> {
        let by_ns = seconds.saturating_mul(SECOND);
        self.node.call(move |chain| chain.clock_mut().advance(by_ns)).await
    }

    /// Sets chain seconds for each real second, in thousandths.
    pub async fn set_time_scale_milli(&self, milli: u64) -> Result<(), Stopped> {
        self.node.call(move |chain| chain.clock_mut().set_scale(milli)).await
    }

    /// Makes a block now.
    pub async fn produce_block(&self) -> Result<Arc<Block>, Stopped> {
        self.node.produce_block().await
    }

    /// Makes a block now whose time is `at_ns`, nanoseconds since 1970 (a millisecond after the last block at the
    /// earliest); so a chain repeats another's blocks.
    pub async fn produce_block_at(&self, at_ns: u64) -> Result<Arc<Block>, Stopped> {
        self.node.call(move |chain| chain.clock_mut().tell(at_ns)).await?;
        self.node.produce_block().await
    }

    /// Makes `n` blocks now and returns the height.
    pub async fn produce_blocks(&self, n: u64) -> Result<u64, Stopped> {
        for _ in 0..n {
            self.produce_block().await?;
        }
        self.height().await
    }

    /// Height of the last block.
    pub async fn height(&self) -> Result<u64, Stopped> {
        self.node.call(|chain| chain.history().latest()).await
    }

    /// Time of the last block, nanoseconds since 1970.
    pub async fn time_ns(&self) -> Result<u64, Stopped> {
        self.node.call(|chain| chain.history().last().map_or(0, |block| block.time_ns)).await
    }

    /// Every balance of the chain by address.
    pub async fn balances(&self) -> Result<Vec<(String, Coin)>, Stopped> {
        self.node.call(|chain| chain.balances()).await
    }

    /// Stops or restarts the making of blocks by the timer.
    pub async fn pause_blocks(&self, paused: bool) -> Result<(), Stopped> {
        self.node.call(move |chain| chain.paused = paused).await
    }

    /// While set, transactions are accepted and never included.
    pub async fn swallow_transactions(&self, swallow: bool) -> Result<(), Stopped> {
        self.node.call(move |chain| chain.swallow_transactions = swallow).await
    }

    /// Forgets what waits for a block, as a restarted node does. Returns how many transactions were lost.
    pub async fn drop_mempool(&self) -> Result<usize, Stopped> {
        self.node.call(|chain| chain.drop_mempool()).await
    }

    /// Forgets blocks and states below a height, as a pruned node.
    pub async fn prune_below(&self, height: u64) -> Result<(), Stopped> {
        self.node.call(move |chain| chain.prune_below(height)).await
    }

    /// Ends chain and RPC; connections that are open break at their next request.
    fn end(&self) {
        for endpoint in &self.endpoints {
            endpoint.faults.set_manner(Manner::Refuse);
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
