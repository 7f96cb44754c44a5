//! The one task that owns the key: observe, decide, act.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::config::PipelineConfig;
use super::decide::{Action, Dead, Flight, Included, Observation, Search, State, decide};
use super::error::PipelineError;
use super::handle::PipelineHandle;
use super::lock::DatabaseLock;
use super::observe::{observe, search_blocks};
use super::shared::{FoundReceiver, FoundSender, Hold, Shared};
use super::store::{self, Ending, Fail, OpenAttempt, SharedStore, run};
use super::verdict::Tries;
use crate::keys::SecretKey;
use crate::query::{QueryError, SimulationError};
use crate::rpc::{Client, RpcError, backoff};
use crate::tx::GasPrice;

/// Owns a key and an outbox. See the module.
#[derive(Debug)]
pub struct Pipeline {
    pub(super) config: PipelineConfig,
    pub(super) client: Client,
    pub(super) key: SecretKey,
    pub(super) address: String,
    pub(super) shared: Arc<Shared>,
    pub(super) found_sender: FoundSender,
    pub(super) found: FoundReceiver,
    pub(super) memory: Memory,
    /// Held as long as this may run.
    pub(super) lock: DatabaseLock,
}

/// What is learned on the way and may be forgotten at a restart.
#[derive(Debug)]
pub(super) struct Memory {
    /// What is paid for gas now.
    pub price: GasPrice,
    /// Transactions that blocks took at this price, in a row.
    pub taken: u32,
    /// Why the last transaction was not taken in time, until one is.
    pub late: Option<String>,
    pub tries: Tries,
    /// No batch is larger for the moment.
    pub narrow: Option<usize>,
    /// A node wanted another sequence than the state had.
    pub refused_sequence: Option<RefusedSequence>,
    /// The open attempt, as far as this process worked on it.
    pub flight: Option<FlightMemory>,
    pub pauses: u32,
}

impl Memory {
    /// Nothing is learned yet.
    pub(super) fn new(price: GasPrice) -> Self {
        Self {
            price,
            taken: 0,
            late: None,
            tries: Tries::default(),
            narrow: None,
            refused_sequence: None,
            flight: None,
            pauses: 0,
        }
    }
}

/// What this process knows of the open attempt beside what is stored.
#[derive(Debug, Clone)]
pub(super) struct FlightMemory {
    pub attempt: i64,
    /// Some node may hold the bytes.
    pub may_be_held: bool,
    pub broadcast_at: Option<u64>,
}

/// A sequence that was refused although the state at this height had it: transactions of
/// another process wait in the mempool. The next blocks decide.
#[derive(Debug, Clone, Copy)]
pub(super) struct RefusedSequence {
    pub sequence: u64,
    pub height: u64,
}

/// What the actor does after a step.
#[derive(Debug)]
pub(super) enum Pace {
    /// The next step at once.
    Go,
    /// Sleep until something is enqueued.
    Sleep,
    /// Look again after the next block.
    NextBlock,
    /// Nothing is sent for this reason, until it is over.
    Held(String),
    /// Something is wrong outside: wait longer each time.
    BackOff(String),
}

/// Trouble with the chain is waited out; problem with the store ends the pipeline.
#[derive(Debug, thiserror::Error)]
pub(super) enum StepError {
    #[error(transparent)]
    Fatal(#[from] PipelineError),
    #[error("{0}")]
    Chain(String),
}

impl From<QueryError> for StepError {
    fn from(error: QueryError) -> Self {
        Self::Chain(error.to_string())
    }
}

impl From<RpcError> for StepError {
    fn from(error: RpcError) -> Self {
        Self::Chain(error.to_string())
    }
}

impl From<SimulationError> for StepError {
    fn from(error: SimulationError) -> Self {
        Self::Chain(error.to_string())
    }
}

impl Pipeline {
    /// For the rest of the process.
    pub fn handle(&self) -> PipelineHandle {
        PipelineHandle { shared: self.shared.clone(), found: self.found_sender.clone() }
    }

    /// The address whose key it owns.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Runs until cancelled or until the outbox cannot be used. It may be stopped anywhere, as it
    /// may be killed anywhere: the next run goes on from what is stored.
    ///
    /// # Errors
    /// If the outbox cannot be read or written, or an item in it is damaged. Errors of the chain are
    /// waited out.
    pub async fn run(mut self, stop: CancellationToken) -> Result<(), PipelineError> {
        loop {
            let stepped = tokio::select! {
                biased;
                () = stop.cancelled() => return Ok(()),
                stepped = self.step() => stepped,
            };
            let pace = match stepped {
                Ok(pace) => pace,
                Err(StepError::Fatal(error)) => return Err(error),
                Err(StepError::Chain(error)) => Pace::BackOff(error),
            };
            self.report(&pace);
            let wait = match pace {
                Pace::Go => {
                    self.memory.pauses = 0;
                    continue;
                }
                // Also without a wake-up, in case one was lost.
                Pace::Sleep => self.config.poll.saturating_mul(5),
                Pace::NextBlock | Pace::Held(_) => self.config.poll,
                Pace::BackOff(_) => {
                    let (first, max) = (self.config.first_backoff, self.config.max_backoff);
                    let wait = backoff(first, max, self.memory.pauses);
                    self.memory.pauses = self.memory.pauses.saturating_add(1);
                    // New items do not shorten the wait: they do not mend the chain.
                    tokio::select! {
                        () = stop.cancelled() => {}
                        () = tokio::time::sleep(wait) => {}
                    }
                    continue;
                }
            };
            self.memory.pauses = 0;
            self.wait(wait, &stop).await;
        }
    }

    async fn wait(&self, max: Duration, stop: &CancellationToken) {
        tokio::select! {
            () = stop.cancelled() => {}
            () = self.shared.wake.notified() => {}
            () = tokio::time::sleep(max) => {}
        }
    }

    async fn step(&mut self) -> Result<Pace, StepError> {
        let hold = self.shared.held.borrow().clone();
        if let Some(Hold { reason, but_urgent: false }) = hold {
            return Ok(Pace::Held(reason));
        }
        let (mut attempt, queued, urgent) = run(self.store(), |connection| {
            let attempt = store::open_attempt(connection)?;
            let queued = store::queued_count(connection)?;
            Ok((attempt, queued, store::urgent_waits(connection)?))
        })
        .await?;
        if let Some(Hold { reason, .. }) = hold {
            match &mut attempt {
                Some(attempt) if attempt.urgent => {}
                // Its place in the account's sequence has to be free: it is looked for, and not sent.
                Some(attempt) if urgent => attempt.disowned = true,
                None if urgent => {}
                _ => return Ok(Pace::Held(reason)),
            }
        }
        let in_flight = attempt.as_ref().map(|a| a.hash);
        self.shared.in_flight.send_replace(in_flight);
        self.shared.status.send_modify(|status| {
            status.queued = queued;
            status.in_flight = in_flight;
        });
        let Some(attempt) = attempt else {
            let state = State::Idle { queued: queued > 0 };
            return match decide(&state, None, self.config.rebroadcast_blocks) {
                Action::SignNext => self.sign_next().await,
                _ => Ok(Pace::Sleep),
            };
        };
        self.advance(attempt).await
    }

    /// Brings the open attempt forward.
    async fn advance(&mut self, attempt: OpenAttempt) -> Result<Pace, StepError> {
        let flight = self.flight_of(&attempt);
        let state = State::InFlight(Flight {
            sequence: attempt.sequence,
            base_height: attempt.base_height,
            timeout_height: attempt.timeout_height,
            broadcast_at: flight.broadcast_at,
        });
        let mut seen = match self.found_in_followed_block(&attempt) {
            // Of a failed one the sequence must be known too.
            Some(included) if included.result.code == 0 => Observation {
                height: included.height,
                sequence: attempt.sequence,
                search: Search::Indexed(included),
            },
            _ => observe(&self.client, &self.address, &attempt.hash).await?,
        };
        loop {
            match decide(&state, Some(&seen), self.config.rebroadcast_blocks) {
                Action::SearchBlocks { from, to } => {
                    seen.search = search_blocks(&self.client, &attempt.hash, from, to).await?;
                }
                Action::Broadcast if attempt.disowned => return Ok(Pace::NextBlock),
                Action::Broadcast => return self.broadcast(attempt, seen.height).await,
                Action::Record(included) => return self.record(attempt, included).await,
                Action::Release(dead) => return self.release(attempt, dead).await,
                Action::Abandon => return self.abandon(attempt).await,
                Action::Wait | Action::Rest | Action::SignNext => return Ok(Pace::NextBlock),
            }
        }
    }

    async fn release(&mut self, attempt: OpenAttempt, dead: Dead) -> Result<Pace, StepError> {
        let note = match dead {
            Dead::Expired => format!("not included by height {}", attempt.timeout_height),
            Dead::SequenceTaken => {
                format!("sequence {} was used by another transaction", attempt.sequence)
            }
        };
        tracing::warn!(tx = %attempt.hash, %note, "transaction given up, its items are sent again");
        // Of one that was in no mempool that we know of the price was not the reason.
        if dead == Dead::Expired && self.flight_of(&attempt).broadcast_at.is_some() {
            self.was_late(&attempt);
        }
        self.end(&attempt, Ending::Dead { note, fail: None }).await?;
        Ok(Pace::Go)
    }

    async fn abandon(&mut self, attempt: OpenAttempt) -> Result<Pace, StepError> {
        let note = format!(
            "sequence {} was used, and the blocks {} to {} in which the transaction could be are pruned",
            attempt.sequence,
            attempt.base_height.saturating_add(1),
            attempt.timeout_height
        );
        tracing::error!(tx = %attempt.hash, %note, "outcome unknown");
        self.end(&attempt, Ending::Unknown { note }).await?;
        Ok(Pace::Go)
    }

    /// Ends the open attempt durably, then notifies.
    pub(super) async fn end(
        &mut self,
        attempt: &OpenAttempt,
        ending: Ending,
    ) -> Result<(), StepError> {
        let id = attempt.id;
        run(self.store(), move |connection| store::end_attempt(connection, id, &ending)).await?;
        self.memory.flight = None;
        self.shared.in_flight.send_replace(None);
        self.changed();
        Ok(())
    }

    /// Fails an item that is in no attempt.
    pub(super) async fn fail(&mut self, fail: Fail) -> Result<(), StepError> {
        run(self.store(), move |connection| store::fail_item(connection, &fail)).await?;
        self.shared.status.send_modify(|s| s.failed += 1);
        self.changed();
        Ok(())
    }

    pub(super) fn changed(&self) {
        self.shared.changes.send_modify(|n| *n = n.wrapping_add(1));
    }

    pub(super) fn store(&self) -> &SharedStore {
        &self.shared.store
    }

    /// An attempt that this process did not sign was stored by one that was killed, perhaps
    /// after its broadcast: a node may hold it.
    pub(super) fn flight_of(&mut self, attempt: &OpenAttempt) -> FlightMemory {
        match &self.memory.flight {
            Some(flight) if flight.attempt == attempt.id => flight.clone(),
            _ => {
                let flight =
                    FlightMemory { attempt: attempt.id, may_be_held: true, broadcast_at: None };
                self.memory.flight = Some(flight.clone());
                flight
            }
        }
    }

    fn found_in_followed_block(&mut self, attempt: &OpenAttempt) -> Option<Included> {
        let mut found = None;
        while let Ok((hash, included)) = self.found.try_recv() {
            if hash == attempt.hash {
                found = Some(included);
            }
        }
        found
    }

    fn report(&self, pace: &Pace) {
        let last_error = match pace {
            Pace::BackOff(error) => {
                tracing::warn!(%error, "transactions wait");
                Some(error.clone())
            }
            Pace::Held(reason) => Some(reason.clone()),
            // Steps on the way to the same error do not clear it.
            Pace::Go => return,
            Pace::Sleep | Pace::NextBlock => self.memory.late.clone(),
        };
        self.shared.status.send_if_modified(|status| {
            let changed = status.last_error != last_error;
            status.last_error = last_error;
            changed
        });
    }
}
