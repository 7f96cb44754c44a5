//! Waiting until a transaction is in a block, or never can be.

use std::time::Instant;

use super::error::SendError;
use super::outcome::TxOutcome;
use super::progress::Progress;
use super::{Round, Sent, Signer, Tries};
use crate::pipeline::decide::{Action, Dead, Flight, Included, Observation, State, decide};
use crate::pipeline::observe::{observe, search_blocks};
use crate::query::QueryError;
use crate::tx::{Refusal, RefusalKind, TxPhase};

const REBROADCAST_BLOCKS: u64 = 3;

impl Signer {
    /// Waits until it is included or never can be.
    pub(super) async fn confirm(&self, tries: &mut Tries, sent: &Sent) -> Result<Round, SendError> {
        let mut flight = Flight {
            sequence: sent.sequence,
            base_height: sent.base_height,
            timeout_height: sent.plan.timeout_height,
            broadcast_at: Some(sent.base_height),
        };
        let mut last_answer = Instant::now();
        let mut progress = Progress::new(self.stall_timeout);
        loop {
            let seen = match self.look(&flight, sent).await {
                Ok(seen) => {
                    last_answer = Instant::now();
                    seen
                }
                Err(error) if last_answer.elapsed() > self.stall_timeout => {
                    return Err(SendError::Unconfirmed {
                        hash: sent.tx.hash,
                        reason: error.to_string(),
                    });
                }
                Err(_) => {
                    tokio::time::sleep(self.poll).await;
                    continue;
                }
            };
            let state = State::InFlight(flight.clone());
            match decide(&state, Some(&seen), REBROADCAST_BLOCKS) {
                Action::Record(included) => return self.included(tries, sent, included),
                Action::Release(Dead::SequenceTaken) => return Ok(Round::Again),
                Action::Release(Dead::Expired) => {
                    return Err(SendError::NotIncluded {
                        hash: sent.tx.hash,
                        timeout_height: flight.timeout_height,
                    });
                }
                Action::Abandon => {
                    return Err(SendError::Unconfirmed {
                        hash: sent.tx.hash,
                        reason: "the blocks in which it could be were pruned".to_owned(),
                    });
                }
                Action::Broadcast => {
                    // Its answer does not matter: the sequence decides.
                    self.client.broadcast_everywhere(&sent.tx.bytes).await;
                    flight.broadcast_at = Some(seen.height);
                }
                _ => {}
            }
            if progress.is_over(seen.height) {
                return Err(SendError::Unconfirmed {
                    hash: sent.tx.hash,
                    reason: format!("the chain stands at height {}", seen.height),
                });
            }
            tokio::time::sleep(self.poll).await;
        }
    }

    async fn look(&self, flight: &Flight, sent: &Sent) -> Result<Observation, QueryError> {
        let mut seen = observe(&self.client, &self.address, &sent.tx.hash).await?;
        let state = State::InFlight(flight.clone());
        if let Action::SearchBlocks { from, to } = decide(&state, Some(&seen), REBROADCAST_BLOCKS) {
            seen.search = search_blocks(&self.client, &sent.tx.hash, from, to).await?;
        }
        Ok(seen)
    }

    fn included(
        &self,
        tries: &mut Tries,
        sent: &Sent,
        included: Included,
    ) -> Result<Round, SendError> {
        let Included { height, result } = included;
        if result.code == 0 {
            let (hash, plan) = (sent.tx.hash, &sent.plan);
            return Ok(Round::Done(TxOutcome::new(hash, height, plan, result)));
        }
        let refusal = Refusal::read(TxPhase::Deliver, &result.codespace, result.code, &result.log);
        match refusal.kind {
            RefusalKind::Sequence => Ok(Round::Again),
            RefusalKind::OutOfGas
                if tries.gas_raises < 2 && sent.plan.gas_limit < self.gas.max_gas =>
            {
                tries.gas_raises = tries.gas_raises.saturating_add(1);
                Ok(Round::Again)
            }
            _ => Err(SendError::Failed {
                hash: sent.tx.hash,
                height,
                gas_used: result.gas_used,
                refusal: Box::new(refusal),
            }),
        }
    }
}
