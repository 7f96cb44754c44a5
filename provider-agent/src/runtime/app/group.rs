//! Tasks that run as a group.

use std::{fmt::Display, time::Duration};

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::AppError;

/// The time that tasks have to end after the stop signal.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(15);

type Ended = (&'static str, Result<(), String>);

/// Tasks that run as a group: one that ends, for whatever reason, ends all.
pub struct TaskGroup {
    tasks: JoinSet<Ended>,
    stop: CancellationToken,
    /// How long tasks may take to end.
    limit: Duration,
}

impl TaskGroup {
    /// An empty group that also ends when `outer` is cancelled.
    pub fn new(outer: CancellationToken) -> Self {
        Self { tasks: JoinSet::new(), stop: outer.child_token(), limit: SHUTDOWN_TIMEOUT }
    }

    /// The token that stops the group's tasks.
    pub fn stop(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Adds a task that may fail.
    pub fn spawn<E: Display + Send + 'static>(
        &mut self,
        name: &'static str,
        task: impl Future<Output = Result<(), E>> + Send + 'static,
    ) {
        self.tasks.spawn(async move { (name, task.await.map_err(|error| error.to_string())) });
    }

    /// Adds a task that does not fail.
    pub fn forever(&mut self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(async move {
            task.await;
            (name, Ok(()))
        });
    }

    /// Waits for `event`, unless a task ends before: then all end.
    ///
    /// # Errors
    ///
    /// If a task failed, panicked, or ended before the group was stopped.
    pub async fn wait_for(&mut self, event: impl Future<Output = ()>) -> Result<(), AppError> {
        tokio::select! {
            Some(ended) = self.tasks.join_next() => {
                let asked = self.stop.is_cancelled();
                self.stop.cancel();
                judge(ended, asked).map_or(Ok(()), Err)
            }
            () = event => Ok(()),
        }
    }

    /// Stops all tasks once one ended or the group was stopped, and waits until they have ended.
    pub async fn join(mut self) -> Joined {
        let mut first = None;
        if let Some(ended) = self.tasks.join_next().await {
            let asked = self.stop.is_cancelled();
            first = judge(ended, asked);
        }
        self.stop.cancel();
        let rest = async {
            while let Some(ended) = self.tasks.join_next().await {
                if let Some(error) = judge(ended, true) {
                    tracing::error!(%error, "task failed while stopping");
                    first.get_or_insert(error);
                }
            }
        };
        let all_ended = tokio::time::timeout(self.limit, rest).await.is_ok();
        if !all_ended {
            tracing::warn!("tasks aborted: they did not end within the shutdown timeout");
        }
        Joined { all_ended, result: first.map_or(Ok(()), Err) }
    }
}

/// How a group ended.
pub struct Joined {
    /// Whether all its tasks ended. Those that did not in time are aborted, and may still be at work.
    pub all_ended: bool,
    /// The error of a task that failed, panicked, or ended before the group was stopped.
    pub result: Result<(), AppError>,
}

fn judge(ended: Result<Ended, tokio::task::JoinError>, asked: bool) -> Option<AppError> {
    match ended {
        Ok((_, Ok(()))) if asked => None,
        Ok((task, Ok(()))) => {
            Some(AppError::Task { task, reason: "it ended without being stopped".into() })
        }
        Ok((task, Err(reason))) => Some(AppError::Task { task, reason }),
        Err(error) => Some(AppError::Task { task: "unknown", reason: error.to_string() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_task_that_ends_stops_all_and_is_named() {
        let mut group = TaskGroup::new(CancellationToken::new());
        let stop = group.stop();
        group.forever("patient", async move { stop.cancelled().await });
        group.spawn("hasty", async { Err::<(), _>("no disk") });
        let error = group.join().await.result.unwrap_err().to_string();
        assert_eq!(error, "task `hasty` ended: no disk");
    }

    #[tokio::test]
    async fn a_stop_from_outside_is_no_error() {
        let outer = CancellationToken::new();
        let mut group = TaskGroup::new(outer.clone());
        let stop = group.stop();
        group.forever("patient", async move { stop.cancelled().await });
        outer.cancel();
        let joined = group.join().await;
        assert!(joined.all_ended && joined.result.is_ok());
    }

    #[tokio::test]
    async fn a_panic_is_an_error() {
        let mut group = TaskGroup::new(CancellationToken::new());
        group.forever("clumsy", async { panic!("oh") });
        assert!(matches!(group.join().await.result, Err(AppError::Task { .. })));
    }

    #[tokio::test]
    async fn a_task_that_goes_on_after_the_stop_is_not_taken_for_ended() {
        let mut group = TaskGroup::new(CancellationToken::new());
        group.limit = Duration::from_millis(50);
        group.forever("hasty", async {});
        group.forever("deaf", std::future::pending());
        assert!(!group.join().await.all_ended);
    }
}
