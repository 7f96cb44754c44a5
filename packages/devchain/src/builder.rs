//! Setting up a chain.

use std::net::SocketAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cosmwasm_std::{Coin, Empty};
use cw_multi_test::Contract;

use crate::address::{AddressCodec, BadPrefix};
use crate::chain::clock::{Clock, SECOND, Timing};
use crate::chain::genesis::Genesis;
use crate::chain::history::Retention;
use crate::chain::{Chain, Settings};
use crate::codes::NativeCodes;
use crate::error::AbciError;
use crate::handle::{Handle, ListenError};
use crate::node::Node;
use crate::state::Modules;
use crate::tx::ante::MinGasPrice;
use crate::tx::messages;

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
    #[error("genesis account {address:?} is not an address with prefix {prefix:?}")]
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
    #[error(transparent)]
    Listen(#[from] ListenError),
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
    ///
    /// # Errors
    /// If prefix, chain id or a genesis account are invalid, the sum of a denom passes 2^128, or the RPC cannot
    /// listen.
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
            let modules = Modules { codes: native, handler: messages::run };
            Chain::new(settings, genesis, modules, clock, genesis_ns)
        })?;
        Ok(Handle::open(node, thread, self.bind).await?)
    }
}

fn now_ns() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}
