//! The pipeline as the rest of the process sees it.

use std::sync::Arc;

use tokio::sync::watch;

use super::decide::Included;
use super::error::PipelineError;
use super::outbox::{Outbox, OutcomeRecord};
use super::shared::{FoundSender, Hold, Shared};
use super::status::PipelineStatus;
use super::store::run;
use crate::follower::Block;

/// Wakes the pipeline and waits for outcomes. Cheap to clone.
#[derive(Debug, Clone)]
pub struct PipelineHandle {
    pub(super) shared: Arc<Shared>,
    pub(super) found: FoundSender,
}

impl PipelineHandle {
    /// Notifies the pipeline that something was enqueued and committed. A lost call costs a poll
    /// interval and nothing else.
    pub fn wake(&self) {
        fail::fail_point!("outbox::after_commit");
        self.shared.wake.notify_one();
    }

    /// Shows the pipeline a followed block, so that it need not ask for its own transaction.
    /// Optional.
    pub fn saw_block(&self, block: &Block) {
        if let Some(hash) = *self.shared.in_flight.borrow()
            && let Some(tx) = block.txs.iter().find(|tx| tx.hash == hash)
        {
            let result = tx.clone().into();
            let height = block.height;
            // The pipeline may be gone; its next run finds the transaction by itself.
            let _ = self.found.send((hash, Included { height, result }));
        }
        self.shared.wake.notify_one();
    }

    /// Sends nothing while there is a reason not to; the status has it as its error.
    pub fn hold(&self, reason: Option<String>) {
        self.set_hold(reason.map(|reason| Hold { reason, but_urgent: false }));
    }

    /// As [`Self::hold`], but for what is urgent.
    pub fn hold_but_urgent(&self, reason: String) {
        self.set_hold(Some(Hold { reason, but_urgent: true }));
    }

    fn set_hold(&self, hold: Option<Hold>) {
        let changed = self.shared.held.send_if_modified(|held| {
            let changed = *held != hold;
            *held = hold;
            changed
        });
        if changed {
            self.shared.wake.notify_one();
        }
    }

    /// Changes whenever items changed durably.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.shared.changes.subscribe()
    }

    /// How the pipeline is doing.
    pub fn status(&self) -> watch::Receiver<PipelineStatus> {
        self.shared.status.subscribe()
    }

    /// Where the item with this key is; none if it was never enqueued.
    ///
    /// # Errors
    /// If the outbox cannot be read.
    pub async fn outcome(&self, dedup_key: &str) -> Result<Option<OutcomeRecord>, PipelineError> {
        let key = dedup_key.to_owned();
        run(&self.shared.store, move |connection| Outbox::outcome(connection, &key)).await
    }

    /// Waits until the item with this key is done or failed; none if it was never enqueued.
    ///
    /// # Errors
    /// If the outbox cannot be read, or the pipeline is gone.
    pub async fn wait(&self, dedup_key: &str) -> Result<Option<OutcomeRecord>, PipelineError> {
        let mut changes = self.changes();
        loop {
            changes.borrow_and_update();
            match self.outcome(dedup_key).await? {
                Some(record) if !record.state.is_final() => {}
                settled => return Ok(settled),
            }
            if changes.changed().await.is_err() {
                return Err(PipelineError::Stopped { reason: "the pipeline is gone".to_owned() });
            }
        }
    }
}
