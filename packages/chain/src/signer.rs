//! Sends messages once and waits for the block: for tools, where the person at the keyboard is
//! the one who tries again. Nothing is stored.

mod confirm;
mod error;
mod outcome;
mod progress;

use std::time::Duration;

use cosmrs::Any;

use crate::Coin;
use crate::keys::{KeyError, SecretKey};
use crate::pipeline::observe::account;
use crate::query::{Account, QueryError, SimulationError};
use crate::rpc::{BroadcastReply, Client};
use crate::tx::{GasConfig, GasPrice, Refusal, RefusalKind, SignedTx, SignerData, TxPhase, TxPlan};

pub use error::SendError;
pub use outcome::TxOutcome;

use progress::Progress;

/// How long, and how often, a node that has just started is given time to serve simulations.
const START_UP: Duration = Duration::from_secs(2);
const MAX_WAITS: u32 = 5;

/// Signings of one call, after which its error is reported.
const MAX_SIGNINGS: u32 = 8;

/// Signs and sends for one key.
#[derive(Debug, Clone)]
pub struct Signer {
    client: Client,
    key: SecretKey,
    address: String,
    gas: GasConfig,
    memo: String,
    timeout_blocks: u64,
    poll: Duration,
    stall_timeout: Duration,
}

/// What sending would take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Estimate {
    /// The gas limit that would be asked for.
    pub gas_limit: u64,
    /// The fee that would be paid.
    pub fee: Vec<Coin>,
}

/// A transaction that was handed to a node.
struct Sent {
    tx: SignedTx,
    plan: TxPlan,
    sequence: u64,
    base_height: u64,
}

/// What one signing came to.
enum Round {
    Done(TxOutcome),
    Again,
}

/// What is changed from one signing to the next.
struct Tries {
    price: GasPrice,
    gas_raises: u32,
    /// A sequence that a node refused, and the height of the state that had it.
    refused_sequence: Option<(u64, u64)>,
    /// How often a node that was starting was given time.
    waits_for_node: u32,
}

impl Signer {
    /// For this key, whose address has `prefix`.
    ///
    /// # Errors
    /// If the key has no address with the prefix.
    pub fn new(
        client: Client,
        key: SecretKey,
        prefix: &str,
        gas: GasConfig,
    ) -> Result<Self, KeyError> {
        Ok(Self {
            address: key.address(prefix)?,
            client,
            key,
            gas,
            memo: String::new(),
            timeout_blocks: 20,
            poll: Duration::from_millis(500),
            stall_timeout: Duration::from_secs(60),
        })
    }

    /// Blocks in which a transaction may be included after it was signed; 20 unless set.
    #[must_use]
    pub fn timeout_blocks(mut self, blocks: u64) -> Self {
        self.timeout_blocks = blocks;
        self
    }

    /// How often the chain is asked whether the transaction is in; 500 ms unless set.
    #[must_use]
    pub fn poll(mut self, poll: Duration) -> Self {
        self.poll = poll;
        self
    }

    /// How long nodes may be out of reach, or the chain stand still, before a wait is given up;
    /// 60 s unless set.
    #[must_use]
    pub fn stall_timeout(mut self, stall_timeout: Duration) -> Self {
        self.stall_timeout = stall_timeout;
        self
    }

    /// The memo of every transaction.
    #[must_use]
    pub fn memo(mut self, memo: impl Into<String>) -> Self {
        self.memo = memo.into();
        self
    }

    /// The key's address.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The client that it sends with.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The key that it signs with.
    pub fn key(&self) -> &SecretKey {
        &self.key
    }

    /// What sending these messages would take; fails as sending them would.
    ///
    /// # Errors
    /// If the chain refuses the messages, or no node answers.
    pub async fn estimate(&self, msgs: Vec<Any>) -> Result<Estimate, SendError> {
        let account = self.account().await?;
        let plan = self.plan(msgs);
        let bytes = plan.for_simulation(&self.key.public_key(), account.sequence);
        let simulated = match self.client.query().at(account.height).simulate(&bytes).await {
            Ok(simulation) => simulation.gas_used,
            Err(error) => return Err(self.explain(error)),
        };
        self.affordable(simulated)?;
        let gas_limit = self.gas.limit(simulated, 0);
        let fee = self.gas.price.fee(gas_limit);
        Ok(Estimate { gas_limit, fee })
    }

    /// Sends the messages in one transaction and waits until it is in a block. Whatever the
    /// answer, the messages are not executed later: either they were executed, or they never
    /// will be, save for the errors that say otherwise ([`SendError::may_have_happened`]).
    ///
    /// # Errors
    /// If the chain refuses the messages, the fee is above the bound, or nodes do not answer for the stall
    /// timeout.
    pub async fn send_and_confirm(&self, msgs: Vec<Any>) -> Result<TxOutcome, SendError> {
        let mut tries = Tries {
            price: self.gas.price.clone(),
            gas_raises: 0,
            refused_sequence: None,
            waits_for_node: 0,
        };
        for _ in 0..MAX_SIGNINGS {
            match self.round(&msgs, &mut tries).await? {
                Round::Done(outcome) => return Ok(outcome),
                Round::Again => {}
            }
        }
        Err(SendError::Contended { address: self.address.clone() })
    }

    async fn round(&self, msgs: &[Any], tries: &mut Tries) -> Result<Round, SendError> {
        let account = self.account_with_new_sequence(tries).await?;
        let sequence = account.sequence;
        let mut plan = self.plan(msgs.to_vec());
        let bytes = plan.for_simulation(&self.key.public_key(), sequence);
        let simulated = match self.client.query().at(account.height).simulate(&bytes).await {
            Ok(simulation) => simulation.gas_used,
            Err(SimulationError::WouldFail(refusal)) => {
                return match refusal.kind {
                    RefusalKind::Sequence => {
                        tries.refused_sequence = Some((sequence, account.height));
                        Ok(Round::Again)
                    }
                    _ => Err(self.explain(SimulationError::WouldFail(refusal))),
                };
            }
            // A node that has just started serves simulations later than the rest.
            Err(SimulationError::Query(QueryError::NotServed { .. }))
                if tries.waits_for_node < MAX_WAITS =>
            {
                tries.waits_for_node = tries.waits_for_node.saturating_add(1);
                tokio::time::sleep(START_UP).await;
                return Ok(Round::Again);
            }
            Err(error) => return Err(self.explain(error)),
        };
        self.affordable(simulated)?;
        let head = self.client.status().await?.height.max(account.height);
        plan.gas_limit = self.gas.limit(simulated, tries.gas_raises);
        plan.fee = tries.price.fee(plan.gas_limit);
        plan.timeout_height = head.saturating_add(self.timeout_blocks);
        let signer = SignerData {
            chain_id: self.client.chain_id().to_owned(),
            account_number: account.number,
            sequence,
        };
        let sent =
            Sent { tx: plan.sign(&self.key, &signer), plan, sequence, base_height: account.height };
        let broadcast = self.client.broadcast_tx_sync(&sent.tx.bytes).await;
        let held = broadcast.may_be_held();
        match broadcast.reply {
            Ok(BroadcastReply::Refused { codespace, code, log }) if !held => {
                let refusal = Refusal::read(TxPhase::Check, &codespace, code, &log);
                self.refused(tries, &sent, refusal)
            }
            Err(error) if !held => Err(error.into()),
            Ok(BroadcastReply::MempoolFull) if !held => Err(SendError::MempoolFull),
            _ => self.confirm(tries, &sent).await,
        }
    }

    /// A node refused it, and no node holds it: change what was wrong, if that can be changed.
    fn refused(
        &self,
        tries: &mut Tries,
        sent: &Sent,
        refusal: Refusal,
    ) -> Result<Round, SendError> {
        match &refusal.kind {
            RefusalKind::Sequence | RefusalKind::TimedOut => {
                tries.refused_sequence = Some((sent.sequence, sent.base_height));
                Ok(Round::Again)
            }
            RefusalKind::OutOfGas if tries.gas_raises < 3 => {
                tries.gas_raises = tries.gas_raises.saturating_add(1);
                Ok(Round::Again)
            }
            RefusalKind::InsufficientFee { required } => {
                let gas = sent.plan.gas_limit;
                match tries.price.raised(gas, required, &self.gas.max_price) {
                    Some(price) => {
                        tries.price = price;
                        Ok(Round::Again)
                    }
                    None => Err(SendError::FeeAboveBound {
                        price: tries.price.clone(),
                        max: self.gas.max_price.clone(),
                        refusal: Box::new(refusal),
                    }),
                }
            }
            RefusalKind::CannotPay => Err(SendError::CannotPay {
                address: self.address.clone(),
                fee: sent.plan.fee.clone(),
                refusal: Box::new(refusal),
            }),
            _ => Err(SendError::Refused(Box::new(refusal))),
        }
    }

    /// The account; after a refused sequence not before its state has moved on, since others'
    /// transactions wait in the mempool.
    async fn account_with_new_sequence(&self, tries: &mut Tries) -> Result<Account, SendError> {
        let mut progress = Progress::new(self.stall_timeout);
        loop {
            let account = self.account().await?;
            match tries.refused_sequence {
                Some((sequence, height))
                    if account.sequence == sequence
                        && account.height < height.saturating_add(2) =>
                {
                    if progress.is_over(account.height) {
                        return Err(SendError::Standstill { height: account.height });
                    }
                    tokio::time::sleep(self.poll).await;
                }
                _ => return Ok(account),
            }
        }
    }

    async fn account(&self) -> Result<Account, SendError> {
        match account(&self.client.query(), &self.address).await {
            Ok(account) => Ok(account),
            Err(QueryError::NotFound { .. }) => Err(SendError::NoAccount {
                address: self.address.clone(),
                chain_id: self.client.chain_id().to_owned(),
            }),
            Err(error) => Err(error.into()),
        }
    }

    fn plan(&self, messages: Vec<Any>) -> TxPlan {
        TxPlan { messages, memo: self.memo.clone(), ..TxPlan::default() }
    }

    fn affordable(&self, simulated: u64) -> Result<(), SendError> {
        let max = self.gas.max_gas;
        if self.gas.fits(simulated) {
            return Ok(());
        }
        Err(SendError::TooMuchGas { simulated, max })
    }

    fn explain(&self, error: SimulationError) -> SendError {
        match error {
            SimulationError::WouldFail(refusal) if refusal.kind == RefusalKind::CannotPay => {
                SendError::NoAccount {
                    address: self.address.clone(),
                    chain_id: self.client.chain_id().to_owned(),
                }
            }
            SimulationError::WouldFail(refusal) => SendError::WouldFail(Box::new(refusal)),
            SimulationError::Query(error) => error.into(),
        }
    }
}
