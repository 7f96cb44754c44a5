//! The actor's steps with effects on the chain: sign, broadcast, record.

use super::actor::{FlightMemory, Pace, Pipeline, RefusedSequence, StepError};
use super::batch::Batch;
use super::decide::Included;
use super::observe::account;
use super::outbox::FailureKind;
use super::store::{self, Ending, Fail, NewAttempt, OpenAttempt, StoredItem, run};
use super::verdict::{Bounds, Verdict, verdict};
use crate::query::{Account, SimulationError};
use crate::rpc::BroadcastReply;
use crate::tx::{GasPrice, Refusal, RefusalKind, SignedTx, SignerData, TxPhase, TxPlan};

/// After this many transactions in a row at a raised price a lower one is tried.
const TAKEN_BEFORE_LESS: u32 = 10;

impl Pipeline {
    /// Takes the oldest items, simulates, signs and stores them.
    pub(super) async fn sign_next(&mut self) -> Result<Pace, StepError> {
        let max = self.memory.narrow.unwrap_or(self.config.max_batch);
        let max_bytes = self.config.max_batch_bytes;
        let mut items = run(self.store(), move |c| store::queued(c, max, max_bytes)).await?;
        let account = account(&self.client.query(), &self.address).await?;
        // What presumes a later state waits for it, and all behind it, so that the order is kept.
        let early = |item: &StoredItem| item.presumes_height > account.height;
        let ready = items.iter().position(early).unwrap_or(items.len());
        items.truncate(ready);
        let batch = Batch::new(items)?;
        if batch.len() == 0 {
            return Ok(Pace::NextBlock);
        }
        let sequence = account.sequence;
        if self.memory.refused_sequence.is_some_and(|refused| {
            refused.sequence == sequence && account.height < refused.height.saturating_add(2)
        }) {
            return Ok(Pace::NextBlock);
        }
        let mut plan = TxPlan {
            messages: batch.messages.clone(),
            memo: self.config.memo.clone(),
            ..TxPlan::default()
        };
        let bytes = plan.for_simulation(&self.key.public_key(), sequence);
        let simulated = match self.simulated(&bytes, account.height, batch.is_urgent()).await {
            Ok(gas) => gas,
            Err(SimulationError::WouldFail(refusal)) => {
                return self.would_fail(&batch, &account, refusal).await;
            }
            Err(error) => return Err(error.into()),
        };
        fail::fail_point!("outbox::after_simulate");
        if !self.config.gas.fits(simulated) {
            return self.too_much_gas(&batch, &account, simulated).await;
        }
        let head = self.client.status().await?.height.max(account.height);
        plan.gas_limit = self.config.gas.limit(simulated, self.memory.tries.gas_raises);
        plan.fee = self.memory.price.fee(plan.gas_limit);
        plan.timeout_height = head.saturating_add(self.config.timeout_blocks);
        self.sign_and_store(batch, plan, &account).await
    }

    /// The gas that a transaction took. It is asked for at a height, so that no node with an older state judges the
    /// messages. Of what is urgent one endpoint's refusal is none: each is asked.
    async fn simulated(
        &self,
        bytes: &[u8],
        height: u64,
        urgent: bool,
    ) -> Result<u64, SimulationError> {
        let first = self.client.query().at(height).simulate(bytes).await;
        let first = first.map(|simulation| simulation.gas_used);
        let fits = |gas: u64| self.config.gas.fits(gas);
        if !urgent || first.as_ref().is_ok_and(|gas| fits(*gas)) {
            return first;
        }
        for one in self.client.each() {
            if let Ok(found) = one.query().at(height).simulate(bytes).await
                && fits(found.gas_used)
            {
                return Ok(found.gas_used);
            }
        }
        first
    }

    async fn sign_and_store(
        &mut self,
        batch: Batch,
        plan: TxPlan,
        account: &Account,
    ) -> Result<Pace, StepError> {
        let sequence = account.sequence;
        let signer = SignerData {
            chain_id: self.client.chain_id().to_owned(),
            account_number: account.number,
            sequence,
        };
        let SignedTx { bytes, hash } = plan.sign(&self.key, &signer);
        fail::fail_point!("outbox::after_sign");
        let fee: Vec<String> = plan.fee.iter().map(ToString::to_string).collect();
        let attempt = NewAttempt {
            hash,
            bytes,
            sequence,
            base_height: account.height,
            timeout_height: plan.timeout_height,
            gas_limit: plan.gas_limit,
            fee: fee.join(","),
            items: batch.items.iter().map(|item| item.id).collect(),
        };
        let stored = run(self.store(), move |c| {
            let stored = store::store_attempt(c, &attempt)?;
            match stored {
                true => store::open_attempt(c),
                false => Ok(None),
            }
        })
        .await?;
        fail::fail_point!("outbox::after_store");
        let Some(attempt) = stored else {
            return Ok(Pace::Go);
        };
        self.memory.flight =
            Some(FlightMemory { attempt: attempt.id, may_be_held: false, broadcast_at: None });
        // Before the broadcast, so that no followed block with it goes unnoticed.
        self.shared.in_flight.send_replace(Some(hash));
        self.changed();
        tracing::info!(tx = %hash, items = batch.len(), sequence, gas = plan.gas_limit, "transaction signed");
        self.broadcast(attempt, account.height).await
    }

    /// Hands the stored bytes to a node, for the first time or again.
    pub(super) async fn broadcast(
        &mut self,
        attempt: OpenAttempt,
        height: u64,
    ) -> Result<Pace, StepError> {
        let mut flight = self.flight_of(&attempt);
        let again = flight.may_be_held;
        let sent = match (attempt.urgent, again) {
            // Nor does it wait for what the pool thinks of an endpoint.
            (true, _) => self.client.broadcast_to_all(&attempt.bytes).await,
            // The first node may be cut off from the others, or hold it only in its cache.
            (false, true) => self.client.broadcast_everywhere(&attempt.bytes).await,
            (false, false) => self.client.broadcast_tx_sync(&attempt.bytes).await,
        };
        fail::fail_point!("outbox::after_broadcast");
        flight.may_be_held = again || sent.may_be_held();
        let pace = match sent.reply {
            Ok(BroadcastReply::Accepted | BroadcastReply::AlreadyKnown) => {
                flight.broadcast_at = Some(height);
                Pace::NextBlock
            }
            Ok(BroadcastReply::MempoolFull) => Pace::BackOff("the mempool is full".to_owned()),
            Ok(BroadcastReply::Failed(error)) => Pace::BackOff(error.to_string()),
            Err(error) => Pace::BackOff(error.to_string()),
            Ok(BroadcastReply::Refused { codespace, code, log }) => {
                let refusal = Refusal::read(TxPhase::Check, &codespace, code, &log);
                if !flight.may_be_held {
                    return self.refused_fresh(attempt, refusal).await;
                }
                // Another node may still include it; the sequence will show.
                tracing::info!(tx = %attempt.hash, %refusal, "a node refuses what another may hold");
                flight.broadcast_at = Some(height);
                Pace::NextBlock
            }
        };
        self.memory.flight = Some(flight);
        Ok(pace)
    }

    /// The first node refused it and no other has it: it will never be executed.
    async fn refused_fresh(
        &mut self,
        attempt: OpenAttempt,
        refusal: Refusal,
    ) -> Result<Pace, StepError> {
        let batch = self.batch_of(&attempt).await?;
        let verdict = self.judge(TxPhase::Check, &batch, &refusal);
        let fail = (verdict == Verdict::DropFirst)
            .then(|| first_failed(&batch, FailureKind::Refused, &refusal))
            .flatten();
        let note = refusal.to_string();
        self.end(&attempt, Ending::Dead { note, fail }).await?;
        self.apply(verdict, &Tried::from(&attempt), &refusal)
    }

    /// Stores that the attempt is in a block.
    pub(super) async fn record(
        &mut self,
        attempt: OpenAttempt,
        included: Included,
    ) -> Result<Pace, StepError> {
        fail::fail_point!("outbox::after_inclusion");
        let Included { height, result } = included;
        if result.code == 0 {
            tracing::info!(tx = %attempt.hash, height, gas = result.gas_used, "transaction included");
            self.end(&attempt, Ending::Executed { height }).await?;
            fail::fail_point!("outbox::after_record");
            self.memory.tries = Default::default();
            self.memory.narrow = None;
            self.was_taken();
            return Ok(Pace::Go);
        }
        let refusal = Refusal::read(TxPhase::Deliver, &result.codespace, result.code, &result.log);
        tracing::warn!(tx = %attempt.hash, height, %refusal, "transaction failed");
        let batch = self.batch_of(&attempt).await?;
        let verdict = self.judge(TxPhase::Deliver, &batch, &refusal);
        let fail = (verdict == Verdict::DropFirst)
            .then(|| first_failed(&batch, FailureKind::Executed, &refusal))
            .flatten();
        let ending = Ending::Failed { height, code: result.code, log: result.log, fail };
        self.end(&attempt, ending).await?;
        fail::fail_point!("outbox::after_record");
        self.was_taken();
        self.apply(verdict, &Tried::from(&attempt), &refusal)
    }

    /// A simulation found that the batch would fail; nothing was stored or sent.
    async fn would_fail(
        &mut self,
        batch: &Batch,
        account: &Account,
        refusal: Refusal,
    ) -> Result<Pace, StepError> {
        let verdict = self.judge(TxPhase::Simulate, batch, &refusal);
        if verdict == Verdict::DropFirst
            && let Some(fail) = first_failed(batch, FailureKind::Refused, &refusal)
        {
            self.fail(fail).await?;
        }
        let tried = Tried { sequence: account.sequence, height: account.height, gas: 0 };
        self.apply(verdict, &tried, &refusal)
    }

    async fn too_much_gas(
        &mut self,
        batch: &Batch,
        account: &Account,
        simulated: u64,
    ) -> Result<Pace, StepError> {
        let refusal = Refusal {
            kind: RefusalKind::OutOfGas,
            codespace: "souk".to_owned(),
            code: 1,
            log: format!(
                "needs {simulated} gas and some for its fee, above the configured maximum of {}",
                self.config.gas.max_gas
            ),
        };
        self.would_fail(batch, account, refusal).await
    }

    fn judge(&self, phase: TxPhase, batch: &Batch, refusal: &Refusal) -> Verdict {
        let bounds = Bounds { gas_raises: self.config.max_gas_raises, ..Bounds::default() };
        let failed_item = batch.failed_item(refusal);
        let tries = self.memory.tries;
        verdict(phase, &refusal.kind, failed_item, batch.len(), tries, bounds)
    }

    /// Remembers what the next attempt must do otherwise.
    fn apply(
        &mut self,
        verdict: Verdict,
        tried: &Tried,
        refusal: &Refusal,
    ) -> Result<Pace, StepError> {
        tracing::info!(?verdict, %refusal, "transaction refused");
        let memory = &mut self.memory;
        Ok(match verdict {
            Verdict::Resync => {
                memory.refused_sequence =
                    Some(RefusedSequence { sequence: tried.sequence, height: tried.height });
                Pace::Go
            }
            Verdict::RaiseGas => {
                memory.tries.gas_raises = memory.tries.gas_raises.saturating_add(1);
                Pace::Go
            }
            Verdict::RaiseFee => self.raise_fee(tried.gas, refusal),
            Verdict::Narrow(items) => {
                memory.narrow = Some(items);
                memory.tries = Default::default();
                Pace::Go
            }
            Verdict::DropFirst => {
                memory.narrow = None;
                memory.tries = Default::default();
                Pace::Go
            }
            Verdict::Pause => {
                if refusal.kind == RefusalKind::Transient {
                    memory.tries.transients = memory.tries.transients.saturating_add(1);
                }
                Pace::BackOff(refusal.to_string())
            }
        })
    }

    fn raise_fee(&mut self, gas: u64, refusal: &Refusal) -> Pace {
        let required = match &refusal.kind {
            RefusalKind::InsufficientFee { required } => required.as_slice(),
            _ => &[],
        };
        let (price, max) = (&self.memory.price, &self.config.gas.max_price);
        match price.raised(gas, required, max) {
            Some(raised) => {
                tracing::warn!(from = %price, to = %raised, "gas price raised");
                self.set_price(raised);
                Pace::Go
            }
            None => Pace::BackOff(format!(
                "the fee at {price} is refused and the configured maximum is {max}: {refusal}"
            )),
        }
    }

    /// A transaction waited in mempools until its time was over: others pay more.
    pub(super) fn was_late(&mut self, attempt: &OpenAttempt) {
        let (price, max) = (&self.memory.price, &self.config.gas.max_price);
        let what = match price.raised(attempt.gas_limit, &[], max) {
            Some(raised) => {
                let what = format!("the gas price was raised from {price} to {raised}");
                self.set_price(raised);
                what
            }
            None => format!("the gas price of {price} is not raised above the maximum of {max}"),
        };
        let (hash, height) = (attempt.hash, attempt.timeout_height);
        let late = format!("transaction {hash} was in no block up to {height}; {what}");
        tracing::warn!(%late, "transactions wait");
        self.shared.status.send_modify(|s| s.last_error = Some(late.clone()));
        self.memory.late = Some(late);
    }

    /// A block took a transaction. After some in a row a raised price is tried lower, since what
    /// raised it may be over.
    fn was_taken(&mut self) {
        self.shared.status.send_modify(|s| s.included += 1);
        self.memory.late = None;
        self.memory.taken = self.memory.taken.saturating_add(1);
        let lowered = self.memory.price.lowered(&self.config.gas.price);
        if self.memory.taken >= TAKEN_BEFORE_LESS && lowered != self.memory.price {
            tracing::info!(from = %self.memory.price, to = %lowered, "gas price lowered");
            self.set_price(lowered);
        }
    }

    fn set_price(&mut self, price: GasPrice) {
        self.shared.status.send_modify(|s| s.gas_price = price.clone());
        self.memory.price = price;
        self.memory.taken = 0;
    }

    async fn batch_of(&self, attempt: &OpenAttempt) -> Result<Batch, StepError> {
        let id = attempt.id;
        let items = run(self.store(), move |c| store::items_of(c, id)).await?;
        Ok(Batch::new(items)?)
    }
}

/// What an attempt that was refused was made with.
struct Tried {
    sequence: u64,
    /// Height of the state that had this sequence.
    height: u64,
    gas: u64,
}

impl From<&OpenAttempt> for Tried {
    fn from(attempt: &OpenAttempt) -> Self {
        Self { sequence: attempt.sequence, height: attempt.base_height, gas: attempt.gas_limit }
    }
}

fn first_failed(batch: &Batch, kind: FailureKind, refusal: &Refusal) -> Option<Fail> {
    let item = batch.items.first()?.id;
    Some(Fail { item, kind, reason: refusal.to_string() })
}
