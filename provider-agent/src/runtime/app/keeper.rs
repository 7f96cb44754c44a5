//! The lock's task, which outlives the tasks that act under it.

use souk_chain::pipeline::DatabaseLock;
use tokio::sync::watch;
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

use crate::{
    runtime::lock::{Lock, LockLost},
    store::{Store, StoreError, copies},
};

/// Keeps the lock until it is let go. Dropped, it leaves the lock until that is over.
pub(super) struct Keeper {
    task: AbortOnDropHandle<()>,
    let_go: CancellationToken,
    lost: watch::Receiver<Option<LockLost>>,
    /// As long as this is held no other process of this machine has the store, and none takes the lock for
    /// a dead process's.
    file: DatabaseLock,
}

impl Keeper {
    /// Begins to keep the lock.
    pub fn start(lock: Lock, file: DatabaseLock) -> Self {
        let (let_go, lost) = (CancellationToken::new(), watch::Sender::new(None));
        let receiver = lost.subscribe();
        let kept = lock.keep(let_go.clone());
        let task = tokio::spawn(async move {
            if let Err(error) = kept.await {
                lost.send_replace(Some(error));
            }
        });
        Self { task: AbortOnDropHandle::new(task), let_go, lost: receiver, file }
    }

    /// Waits until the lock is lost, or `stop`.
    pub fn watch(
        &self,
        store: Store,
        stop: CancellationToken,
    ) -> impl Future<Output = Result<(), Lost>> + Send + use<> {
        let mut lost = self.lost.clone();
        async move {
            let error = tokio::select! {
                () = stop.cancelled() => return Ok(()),
                found = lost.wait_for(Option::is_some) => found.ok().and_then(|found| found.clone()),
            };
            if let Some(LockLost::Cloned(_)) = &error {
                // It does not take the lock for its own when it is started again.
                store.write(copies::renew_identity).await?;
            }
            Err(error.map_or(Lost::Ended, Lost::Lock))
        }
    }

    /// Lets the lock go if all that acted under it has ended; else it is left until it is over, since something
    /// may still be under way.
    pub async fn end(self, all_ended: bool) {
        if all_ended {
            self.let_go.cancel();
            // It has a timeout for each request.
            let _ = self.task.await;
        } else {
            tracing::warn!("the lock is left until it is over, since tasks did not end");
            // The process is about to end, and until then nobody is to take it for dead.
            std::mem::forget(self.file);
        }
    }
}

/// Why the agent ends for the sake of its lock.
#[derive(Debug, thiserror::Error)]
pub(super) enum Lost {
    /// It is another's.
    #[error(transparent)]
    Lock(LockLost),
    /// Its task panicked.
    #[error("the task that keeps the lock ended")]
    Ended,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
