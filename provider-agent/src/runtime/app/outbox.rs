//! When the outbox is sent, and who hears of it.

use souk_chain::PipelineHandle;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::{
    runtime::lock::LockState,
    store::{Store, Topic},
};

/// While another agent may have the lock, nothing is sent but heartbeats, and no bid is made.
pub(super) async fn obey(
    mut lock: watch::Receiver<LockState>,
    idle: watch::Sender<Option<String>>,
    store: Store,
    pipeline: PipelineHandle,
    stop: CancellationToken,
) {
    loop {
        let reason = match &*lock.borrow_and_update() {
            LockState::Doubtful(reason) | LockState::Waiting(reason) => Some(reason.clone()),
            LockState::Held | LockState::Unlocked(_) => None,
        };
        let is_doubtful = matches!(*lock.borrow(), LockState::Doubtful(_));
        match reason.clone().filter(|_| is_doubtful) {
            // That the provider is there stays true, whoever says it.
            Some(reason) => pipeline.hold_but_urgent(reason),
            None => pipeline.hold(reason.clone()),
        }
        idle.send_replace(reason);
        store.wake(Topic::Capacity);
        tokio::select! {
            () = stop.cancelled() => return,
            changed = lock.changed() => if changed.is_err() {
                // The agent is about to end.
                stop.cancelled().await;
            }
        }
    }
}

/// Connects the store and the pipeline: a message committed to the outbox wakes the pipeline, and an
/// outcome notifies the listeners of orders.
pub(super) async fn connect_outbox(
    store: Store,
    pipeline: PipelineHandle,
    stop: CancellationToken,
) {
    let mut committed = store.listen(&[Topic::Outbox]);
    let mut ended = pipeline.changes();
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = committed.changed() => pipeline.wake(),
            changed = ended.changed() => match changed {
                Ok(()) => store.wake(Topic::Orders),
                // The pipeline is gone and the group is about to stop.
                Err(_) => stop.cancelled().await,
            },
        }
    }
}
