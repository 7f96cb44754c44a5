//! The chain itself, on one thread: committed state, check state, mempool, blocks and time.

pub mod block;
pub mod clock;
pub mod genesis;
pub mod history;
pub mod mempool;

use std::rc::Rc;
use std::sync::Arc;

use cosmrs::tendermint::chain::Id as ChainId;
use cosmwasm_std::{Coin, Record};

use self::block::{Block, Draft, StoredTx, tx_hash};
use self::clock::Clock;
use self::genesis::Genesis;
use self::history::{History, Retention};
use self::mempool::{Mempool, MempoolError, Waiting};
use crate::address::AddressCodec;
use crate::error::AbciResult;
use crate::gas::GasMeter;
use crate::state::{BlockEnv, Ctx, Kv, Modules, Records, authz, bank};
use crate::tx::ante::{ExecMode, MinGasPrice};
use crate::tx::run::{Executor, TxResult};
use crate::wasm::records;

/// The version that the node reports: clients choose their dialect by it.
pub const COMETBFT_VERSION: &str = "0.38.17";

/// What does not change while the chain runs.
pub struct Settings {
    /// Chain id.
    pub chain_id: ChainId,
    /// Address prefix.
    pub codec: AddressCodec,
    /// Least gas price that the node takes.
    pub min_gas_price: MinGasPrice,
    /// How much of the past is kept.
    pub retention: Retention,
}

/// A transaction that the mempool took in or refused.
#[derive(Clone, Debug)]
pub struct Checked {
    /// Its hash.
    pub hash: [u8; 32],
    /// The result of the check.
    pub result: TxResult,
}

/// The result of a transaction's check, or why the mempool refused it unchecked.
pub type BroadcastResult = Result<Checked, MempoolError>;

/// The chain.
pub struct Chain {
    settings: Settings,
    genesis: Genesis,
    genesis_time_ns: u64,
    modules: Rc<Modules>,
    state: Kv,
    check: Kv,
    mempool: Mempool,
    history: History,
    clock: Clock,
    /// While set, transactions pass their check and are lost.
    pub swallow_transactions: bool,
    /// While set, the timer makes no blocks.
    pub paused: bool,
}

impl Chain {
    /// A chain at height 0.
    pub fn new(
        settings: Settings,
        genesis: Genesis,
        modules: Modules,
        clock: Clock,
        genesis_time_ns: u64,
    ) -> AbciResult<Self> {
        let modules = Rc::new(modules);
        let env = Rc::new(BlockEnv {
            chain_id: settings.chain_id.to_string(),
            height: 0,
            time_ns: genesis_time_ns,
            codec: settings.codec.clone(),
        });
        let state = genesis.build(env, modules.clone())?;
        Ok(Self {
            history: History::new(settings.retention, state.clone()),
            check: state.clone(),
            state,
            settings,
            genesis,
            genesis_time_ns,
            modules,
            mempool: Mempool::default(),
            clock,
            swallow_transactions: false,
            paused: false,
        })
    }

    /// What does not change.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// What the chain started with.
    pub fn genesis(&self) -> &Genesis {
        &self.genesis
    }

    /// When the chain started, nanoseconds since 1970.
    pub fn genesis_time_ns(&self) -> u64 {
        self.genesis_time_ns
    }

    /// Blocks and states of the past.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// The clock, to move it.
    pub fn clock_mut(&mut self) -> &mut Clock {
        &mut self.clock
    }

    /// The clock.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// What waits for a block.
    pub fn mempool(&self) -> &Mempool {
        &self.mempool
    }

    /// Forgets what waits, as a restarted node does.
    pub fn drop_mempool(&mut self) -> usize {
        self.check = self.state.clone();
        self.mempool.clear()
    }

    /// Forgets blocks and states below a height.
    pub fn prune_below(&mut self, height: u64) {
        self.history.prune_below(height);
    }

    fn env(&self, height: u64, time_ns: u64) -> Rc<BlockEnv> {
        Rc::new(BlockEnv {
            chain_id: self.settings.chain_id.to_string(),
            height,
            time_ns,
            codec: self.settings.codec.clone(),
        })
    }

    /// The block environment after a height, in which checks and queries work.
    fn env_at(&self, height: u64) -> Rc<BlockEnv> {
        let time = self.history.block(height).map_or(self.genesis_time_ns, |block| block.time_ns);
        self.env(height, time)
    }

    fn run(
        &self,
        state: &mut Kv,
        env: &Rc<BlockEnv>,
        bytes: &[u8],
        mode: ExecMode,
        index: u32,
    ) -> TxResult {
        let executor = Executor {
            block: env,
            modules: &self.modules,
            min_price: Some(&self.settings.min_gas_price),
        };
        executor.run(state, bytes, mode, index)
    }

    /// Checks a transaction and lets it wait for a block.
    pub fn broadcast(&mut self, bytes: Vec<u8>) -> BroadcastResult {
        let hash = tx_hash(&bytes);
        self.mempool.admit(hash, bytes.len())?;
        let env = self.env_at(self.history.latest());
        let mut check = self.check.clone();
        let result = self.run(&mut check, &env, &bytes, ExecMode::Check, 0);
        if result.error.is_some() {
            self.mempool.forget(&hash);
        } else {
            self.check = check;
            if !self.swallow_transactions {
                self.mempool.push(Waiting { hash, bytes });
            }
        }
        Ok(Checked { hash, result })
    }

    /// Runs a transaction and changes nothing. As on a real node it runs on what the mempool's checks left, whatever
    /// height was asked for; for a stale endpoint it runs on the state of the head that it shows.
    pub fn simulate(&self, head: u64, bytes: &[u8]) -> TxResult {
        let shown = (head != self.history.latest()).then(|| self.history.state(head)).flatten();
        let state = shown.unwrap_or(&self.check);
        let env = self.env_at(head);
        self.run(&mut state.clone(), &env, bytes, ExecMode::Simulate, 0)
    }

    /// Makes a block of everything that waits.
    pub fn produce_block(&mut self) -> Arc<Block> {
        let height = self.history.latest() + 1;
        let last_ns = self.history.last().map_or(self.genesis_time_ns, |block| block.time_ns);
        let time_ns = self.clock.next_block_time(last_ns);
        let env = self.env(height, time_ns);
        let mut state = self.state.clone();
        authz::prune(&mut state, time_ns);
        let mut txs = Vec::new();
        for (index, tx) in self.mempool.take().into_iter().enumerate() {
            let index = u32::try_from(index).unwrap_or(u32::MAX);
            let result = self.run(&mut state, &env, &tx.bytes, ExecMode::Deliver, index);
            if result.error.is_some() {
                self.mempool.forget(&tx.hash);
            }
            txs.push(StoredTx { bytes: tx.bytes, hash: tx.hash, result });
        }
        let draft = Draft {
            chain_id: &self.settings.chain_id,
            height,
            time_ns,
            last: self.history.last().map(Arc::as_ref),
            txs,
        };
        let block = Arc::new(draft.seal());
        self.check = state.clone();
        self.state = state.clone();
        self.history.push(block.clone(), state);
        block
    }

    /// A context for reading the state after `height`, with a gas limit.
    pub fn query_context(&self, height: u64, state: &Kv, gas: GasMeter) -> Ctx {
        Ctx::new(state.clone(), gas, self.env_at(height), self.modules.clone())
    }

    /// All records of a contract's storage in the committed state, by key.
    pub fn contract_storage(&self, contract: &str) -> Vec<Record> {
        let Some(address) = self.settings.codec.decode(contract) else { return Vec::new() };
        let prefix = records::store_prefix(&address);
        Records::under(self.state.clone(), &prefix, false)
            .map(|(key, value)| (key[prefix.len()..].to_vec(), value))
            .collect()
    }

    /// Every balance of the committed state by address, sorted.
    pub fn balances(&self) -> Vec<(String, Coin)> {
        bank::every_balance(&self.state)
            .into_iter()
            .map(|(owner, coin)| (self.settings.codec.encode(&owner), coin))
            .collect()
    }
}
