//! The chain itself, on one thread: committed state, check state, mempool, blocks and time.

pub mod block;
pub mod clock;
pub mod genesis;
pub mod history;
pub mod mempool;

use std::rc::Rc;
use std::sync::Arc;

use cosmrs::tendermint::chain::Id as ChainId;
use cosmwasm_std::Coin;

use self::block::{Block, Draft, StoredTx, tx_hash};
use self::clock::Clock;
use self::genesis::Genesis;
use self::history::{History, Retention};
use self::mempool::{Mempool, MempoolError, Waiting};
use crate::address::AddressCodec;
use crate::error::AbciResult;
use crate::gas::GasMeter;
use crate::state::{BlockEnv, Ctx, Kv, bank};
use crate::tx::ante::{MinGasPrice, Mode};
use crate::tx::run::{Machine, TxResult};
use crate::wasm::codes::NativeCodes;

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

/// The chain.
pub struct Chain {
    settings: Settings,
    genesis: Genesis,
    genesis_time_ns: u64,
    codes: Rc<NativeCodes>,
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
        codes: NativeCodes,
        clock: Clock,
        genesis_time_ns: u64,
    ) -> AbciResult<Self> {
        let codes = Rc::new(codes);
        let env = Rc::new(BlockEnv {
            chain_id: settings.chain_id.to_string(),
            height: 0,
            time_ns: genesis_time_ns,
            codec: settings.codec.clone(),
        });
        let state = genesis.build(env, codes.clone())?;
        Ok(Self {
            history: History::new(settings.retention, state.clone()),
            check: state.clone(),
            state,
            settings,
            genesis,
            genesis_time_ns,
            codes,
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
        mode: Mode,
        index: u32,
    ) -> TxResult {
        let machine = Machine {
            block: env,
            codes: &self.codes,
            min_price: Some(&self.settings.min_gas_price),
        };
        machine.run(state, bytes, mode, index)
    }

    /// Checks a transaction and lets it wait for a block.
    pub fn broadcast(&mut self, bytes: Vec<u8>) -> Result<Checked, MempoolError> {
        let hash = tx_hash(&bytes);
        self.mempool.admit(hash, bytes.len())?;
        let env = self.env_at(self.history.latest());
        let mut check = self.check.clone();
        let result = self.run(&mut check, &env, &bytes, Mode::Check, 0);
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
    /// height was asked for; only for a head that an endpoint pretends it is that height's state.
    pub fn simulate(&self, head: u64, bytes: &[u8]) -> TxResult {
        let shown = (head != self.history.latest()).then(|| self.history.state(head)).flatten();
        let state = shown.unwrap_or(&self.check);
        let env = self.env_at(head);
        self.run(&mut state.clone(), &env, bytes, Mode::Simulate, 0)
    }

    /// Makes a block of everything that waits.
    pub fn produce_block(&mut self) -> Arc<Block> {
        let height = self.history.latest() + 1;
        let last_ns = self.history.last().map_or(self.genesis_time_ns, |block| block.time_ns);
        let time_ns = self.clock.next_block_time(last_ns);
        let env = self.env(height, time_ns);
        let mut state = self.state.clone();
        let mut txs = Vec::new();
        for (index, tx) in self.mempool.take().into_iter().enumerate() {
            let index = u32::try_from(index).unwrap_or(u32::MAX);
            let result = self.run(&mut state, &env, &tx.bytes, Mode::Deliver, index);
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
        Ctx::new(state.clone(), gas, self.env_at(height), self.codes.clone())
    }

    /// Every balance of the committed state by address, sorted.
    pub fn balances(&self) -> Vec<(String, Coin)> {
        bank::every_balance(&self.state)
            .into_iter()
            .map(|(owner, coin)| (self.settings.codec.encode(&owner), coin))
            .collect()
    }
}
