//! Reads one container's log for all who follow it, over restarts and broken connections, as long as
//! somebody does.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use futures::AsyncBufRead;
use k8s_openapi::api::core::v1::Pod;
use kube::{Api, api::LogParams};
use tokio::sync::{Semaphore, watch};

use super::{
    budget::Budget,
    lines::{Lines, Piece},
    pods::{Log, Pods, Source},
    position::Position,
    ring::{Entry, Ring},
};

/// Between two looks at the cache while there is nothing to read.
const LOOK: Duration = Duration::from_millis(500);
/// Lines before its opening that a reader begins with, so that nothing is lost between what a follower
/// got of the past and this. Followers drop what they have.
const OVERLAP: i64 = 100;
const MIN_BACKOFF: Duration = Duration::from_secs(1);
const MAX_BACKOFF: Duration = Duration::from_secs(30);

/// How far a reader is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It asks for the log.
    Opening,
    /// There is no log yet; it will be read from its first line.
    NoLog,
    /// It reads.
    Open,
    /// The pod is gone.
    Over,
}

/// The reader of one container.
pub struct Reader {
    /// The pods of its namespace.
    pub api: Api<Pod>,
    /// The pod.
    pub source: Source,
    /// What the cluster is known to have.
    pub pods: Arc<Pods>,
    /// Where the lines go.
    pub ring: Arc<Ring>,
    /// Where it says how far it is.
    pub phase: watch::Sender<Phase>,
    /// The logs that may be read at once.
    pub open: Arc<Semaphore>,
    /// Memory.
    pub budget: Budget,
}

/// What became of one opening.
struct Outcome {
    /// Whether there were new lines.
    lines: bool,
    /// Whether the log was read to its end.
    ended: bool,
}

impl Reader {
    /// Reads until the pod is gone or nobody follows.
    pub async fn run(self) {
        let mut followers = self.ring.followers();
        tokio::select! {
            () = self.read() => {}
            _ = followers.wait_for(|count| *count == 0) => {}
        }
        self.phase.send_replace(Phase::Over);
        self.ring.end();
    }

    async fn read(&self) {
        let mut position = Position::default();
        let mut from_start = false;
        let mut finished = None;
        let mut backoff = backoffs();
        loop {
            let log = self.pods.log(&self.source);
            let run = match &log {
                Log::Gone => return,
                Log::None => {
                    from_start = true;
                    self.phase.send_replace(Phase::NoLog);
                    tokio::time::sleep(LOOK).await;
                    continue;
                }
                Log::Written(run) | Log::Complete(run) => *run,
            };
            if finished.as_ref() == Some(&run) {
                tokio::time::sleep(LOOK).await;
                continue;
            }
            let since = Instant::now();
            let outcome = self.read_once(&mut position, from_start, &log).await;
            if outcome.lines || since.elapsed() > MAX_BACKOFF {
                backoff = backoffs();
            }
            // The end of a log that was still written when it was opened may not be its last.
            if outcome.ended && matches!(log, Log::Complete(_)) {
                finished = Some(run);
                continue;
            }
            tokio::time::sleep(backoff.next().unwrap_or(MAX_BACKOFF)).await;
        }
    }

    async fn read_once(&self, position: &mut Position, from_start: bool, log: &Log) -> Outcome {
        let mut outcome = Outcome { lines: false, ended: false };
        let Ok(_permit) = self.open.acquire().await else { return outcome };
        let last = position.last();
        let params = LogParams {
            follow: true,
            since_time: last.map(|last| last.time),
            tail_lines: (last.is_none() && !from_start).then_some(OVERLAP),
            timestamps: true,
            ..LogParams::default()
        };
        let reader = match self.api.log_stream(&self.source.pod, &params).await {
            Ok(reader) => reader,
            Err(error) => {
                tracing::debug!(pod = %self.source.pod, %error, "log not opened");
                return outcome;
            }
        };
        self.phase.send_replace(Phase::Open);
        position.opened();
        let reader = std::pin::pin!(reader);
        let lines = Lines::new(reader, self.budget.clone());
        self.pass_on(lines, position, log, &mut outcome).await;
        outcome
    }

    async fn pass_on(
        &self,
        mut lines: Lines<impl AsyncBufRead + Unpin>,
        position: &mut Position,
        log: &Log,
        outcome: &mut Outcome,
    ) {
        let mut place = None;
        while let Ok(piece) = lines.next().await {
            let Some(Piece { time, text, first, continues, ended }) = piece else {
                outcome.ended = true;
                return;
            };
            let Some(time) = time else {
                tracing::debug!(pod = %self.source.pod, %text, "no log");
                return;
            };
            // The end of a log that is still written may be the middle of a line, which comes again.
            let whole = continues || ended || matches!(log, Log::Complete(_));
            if first && whole {
                place = position.next(time);
            }
            if let Some(place) = place.filter(|_| whole) {
                self.ring.push(Entry { place, text, continues });
                outcome.lines = true;
            }
        }
    }
}

fn backoffs() -> ExponentialBackoff {
    ExponentialBuilder::default()
        .with_min_delay(MIN_BACKOFF)
        .with_max_delay(MAX_BACKOFF)
        .with_jitter()
        .without_max_times()
        .build()
}
