//! The log of a container up to now.
//!
//! `tail` counts lines. The node counts the parts of 16 KiB in which it stores them, so it is asked for
//! one part more, which shows a line that is cut, and for many more where there are long lines.

use std::{collections::VecDeque, io, sync::Arc, time::Duration};

use futures::AsyncBufRead;
use k8s_openapi::api::core::v1::Pod;
use kube::{Api, api::LogParams};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{
    budget::Budget,
    lines::{Lines, Piece},
    pods::Source,
};
use crate::cluster::workloads::WorkloadError;

/// The node stores a line of as many bytes in more than one part.
const PART: usize = 16 << 10;
/// The most parts that are asked for to get the wanted lines.
const MOST_PARTS: i64 = 100_000;
/// The most bytes that are kept while lines are counted; more are asked for again.
const KEPT: usize = 256 << 10;
/// What a piece takes beside its text.
const PIECE_OVERHEAD: usize = 64;
/// How long a request counts at least, so that requests have a rate.
const PACE: Duration = Duration::from_millis(50);

/// The requests for logs up to now that are made at once, and so their rate.
#[derive(Clone, Debug)]
pub struct Pace(Arc<Semaphore>);

impl Pace {
    /// This many at once, and twenty times as many a second.
    pub fn new(at_once: usize) -> Self {
        Self(Arc::new(Semaphore::new(at_once)))
    }

    async fn turn(&self) -> Option<Turn> {
        let permit = Arc::clone(&self.0).acquire_owned().await.ok()?;
        Some(Turn { permit: Some(permit), since: tokio::time::Instant::now() })
    }
}

struct Turn {
    permit: Option<OwnedSemaphorePermit>,
    since: tokio::time::Instant,
}

impl Drop for Turn {
    fn drop(&mut self) {
        let (permit, until) = (self.permit.take(), self.since + PACE);
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                tokio::time::sleep_until(until).await;
                drop(permit);
            });
        }
    }
}

type Reader = std::pin::Pin<Box<dyn AsyncBufRead + Send>>;

/// A log up to now, piece by piece.
pub struct History {
    ready: VecDeque<Piece>,
    /// What comes after that.
    lines: Option<Lines<Reader>>,
    /// Lines that come and are not wanted.
    skip: usize,
}

/// What is wanted of a log.
pub struct Wanted<'a> {
    /// The pods of its namespace.
    pub api: &'a Api<Pod>,
    /// The pod.
    pub source: &'a Source,
    /// The last lines; all if none.
    pub tail: Option<u32>,
    /// The container's run before the present one.
    pub previous: bool,
}

impl Wanted<'_> {
    /// Opens the log; none if there is none.
    ///
    /// # Errors
    ///
    /// If the API server fails.
    pub async fn open(
        &self,
        pace: &Pace,
        budget: &Budget,
    ) -> Result<Option<History>, WorkloadError> {
        // Until the log is open: how long its reader takes is its own affair, and holds up no other.
        let _turn = pace.turn().await;
        let (mut parts, mut skip, mut before) = (None, 0, None);
        if let Some(wanted) = self.tail.map(i64::from) {
            parts = Some(wanted.saturating_add(1));
            loop {
                let Some(lines) = self.request(parts, budget).await? else { return Ok(None) };
                let found = count(lines).await.map_err(broken)?;
                let lines = i64::try_from(found.lines).unwrap_or(i64::MAX);
                let all = before == Some(found.lines) || parts >= Some(MOST_PARTS);
                if !found.long || lines > wanted || all {
                    skip = usize::try_from(lines.saturating_sub(wanted)).unwrap_or(0);
                    if let Some(ready) = found.pieces {
                        return Ok(Some(History { ready, lines: None, skip }));
                    }
                    break;
                }
                before = Some(found.lines);
                parts = parts.map(|parts| parts.saturating_mul(8).min(MOST_PARTS));
            }
        }
        let lines = self.request(parts, budget).await?;
        let ready = VecDeque::new();
        Ok(lines.map(|lines| History { ready, lines: Some(lines), skip }))
    }

    async fn request(
        &self,
        tail_lines: Option<i64>,
        budget: &Budget,
    ) -> Result<Option<Lines<Reader>>, WorkloadError> {
        let params = LogParams {
            previous: self.previous,
            tail_lines,
            timestamps: true,
            ..LogParams::default()
        };
        match self.api.log_stream(&self.source.pod, &params).await {
            Ok(reader) => Ok(Some(Lines::new(Box::pin(reader) as Reader, budget.clone()))),
            // A container that has not started has no log yet.
            Err(kube::Error::Api(status)) if status.code == 400 || status.code == 404 => Ok(None),
            Err(error) => Err(WorkloadError::Cluster(error.to_string())),
        }
    }
}

impl History {
    /// The next piece of a wanted line.
    ///
    /// # Errors
    ///
    /// If the connection breaks, or the node has no log.
    pub async fn next(&mut self) -> Result<Option<Piece>, WorkloadError> {
        loop {
            let piece = match (self.ready.pop_front(), &mut self.lines) {
                (Some(piece), _) => piece,
                (None, Some(lines)) => match lines.next().await.map_err(broken)? {
                    Some(piece) => piece,
                    None => return Ok(None),
                },
                (None, None) => return Ok(None),
            };
            if piece.time.is_none() {
                return Err(WorkloadError::Cluster(piece.text));
            }
            if self.skip == 0 {
                return Ok(Some(piece));
            }
            self.skip -= usize::from(!piece.continues);
        }
    }
}

fn broken(error: io::Error) -> WorkloadError {
    WorkloadError::Cluster(error.to_string())
}

struct Found {
    lines: usize,
    /// Whether one of them may be stored in parts.
    long: bool,
    /// All of them, unless they are too large to be kept for this moment.
    pieces: Option<VecDeque<Piece>>,
}

async fn count(mut lines: Lines<Reader>) -> io::Result<Found> {
    let mut found = Found { lines: 0, long: false, pieces: Some(VecDeque::new()) };
    let (mut length, mut bytes) = (0, 0);
    while let Some(piece) = lines.next().await? {
        length = if piece.first { piece.text.len() } else { length + piece.text.len() };
        found.long |= length >= PART;
        found.lines += usize::from(!piece.continues);
        bytes += piece.text.len() + PIECE_OVERHEAD;
        match &mut found.pieces {
            Some(pieces) if bytes <= KEPT => pieces.push_back(piece),
            pieces => *pieces = None,
        }
    }
    Ok(found)
}
