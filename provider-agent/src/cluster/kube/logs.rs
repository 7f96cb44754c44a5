//! The logs of a lease's pods, as one stream of lines.
//!
//! A log that ends while it is followed is reopened from the time of its last line, also after a
//! container restarted. Pods that are created later are followed as well.

use std::{collections::HashSet, time::Duration};

use futures::{
    AsyncBufRead, AsyncBufReadExt, StreamExt,
    stream::{self, SelectAll},
};
use k8s_openapi::{api::core::v1::Pod, jiff::Timestamp};
use kube::{Api, Client, api::LogParams};
use souk_gateway::body::{LogLine, LogQuery};
use tokio::time::{Interval, MissedTickBehavior};

use crate::cluster::workloads::{LineStream, WorkloadError};

/// The number of past lines of each pod, unless the tenant asks for another number.
const TAIL: u32 = 1_000;
/// The most bytes of one line; a longer line is split.
const LONGEST_LINE: usize = 256 << 10;
/// The interval between attempts to follow a pod, and between looking for new pods.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);

/// A pod whose log is wanted.
#[derive(Clone, Debug)]
pub struct Source {
    /// The service that it is of.
    pub service: String,
    /// The pod's name.
    pub pod: String,
    /// The pod's uid.
    pub uid: String,
}

/// Lists the pods that exist now.
pub type Discover = Box<dyn Fn() -> Vec<Source> + Send>;

/// The logs of pods of one namespace, as the lines come.
pub fn stream_all(
    client: &Client,
    namespace: &str,
    discover: Discover,
    query: &LogQuery,
) -> LineStream<LogLine> {
    let api: Api<Pod> = Api::namespaced(client.clone(), namespace);
    if !query.follow || query.previous {
        let sources = discover().into_iter();
        let streams = sources.map(|source| of_pod(api.clone(), source, query.clone()));
        return stream::select_all(streams).boxed();
    }
    let mut looks = tokio::time::interval(RETRY_INTERVAL);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (known, streams) = (HashSet::new(), SelectAll::new());
    let all = FollowedPods { api, query: query.clone(), discover, known, streams, looks };
    stream::unfold(all, |mut all| async move { Some((all.next().await, all)) }).boxed()
}

/// All pods that are followed.
struct FollowedPods {
    api: Api<Pod>,
    query: LogQuery,
    discover: Discover,
    /// The uids of pods that were seen.
    known: HashSet<String>,
    streams: SelectAll<LineStream<LogLine>>,
    /// When to look for pods; the first time immediately.
    looks: Interval,
}

impl FollowedPods {
    async fn next(&mut self) -> Result<LogLine, WorkloadError> {
        loop {
            tokio::select! {
                Some(line) = self.streams.next() => return line,
                _ = self.looks.tick() => self.look(),
            }
        }
    }

    fn look(&mut self) {
        let sources = (self.discover)();
        let there: HashSet<String> = sources.iter().map(|source| source.uid.clone()).collect();
        for source in sources.into_iter().filter(|source| !self.known.contains(&source.uid)) {
            self.streams.push(of_pod(self.api.clone(), source, self.query.clone()));
        }
        self.known = there;
        // Of a pod that is created from now on every line is sent.
        self.query.tail = None;
    }
}

type Reader = std::pin::Pin<Box<dyn AsyncBufRead + Send>>;

/// The position in a pod's log.
struct Position {
    api: Api<Pod>,
    source: Source,
    query: LogQuery,
    reader: Option<Reader>,
    sent: SentLines,
    opened: bool,
}

fn of_pod(api: Api<Pod>, source: Source, query: LogQuery) -> LineStream<LogLine> {
    let start =
        Position { api, source, query, reader: None, sent: SentLines::default(), opened: false };
    stream::try_unfold(start, |mut position| async move {
        loop {
            let Some(reader) = position.reader.as_mut() else {
                if !position.open().await? {
                    return Ok(None);
                }
                continue;
            };
            match next_line(reader).await {
                Ok(Some(line)) => {
                    if let Some(line) = position.take(line) {
                        return Ok(Some((line, position)));
                    }
                }
                Ok(None) | Err(_) => position.reader = None,
            }
        }
    })
    .boxed()
}

impl Position {
    /// Opens the log; false if there is no more of it.
    async fn open(&mut self) -> Result<bool, WorkloadError> {
        if self.opened {
            if !self.query.follow
                || self.query.previous
                || !pod_is_there(&self.api, &self.source).await
            {
                return Ok(false);
            }
            tokio::time::sleep(RETRY_INTERVAL).await;
        }
        let params = LogParams {
            follow: self.query.follow && !self.query.previous,
            previous: self.query.previous,
            tail_lines: match self.sent.last {
                None => Some(i64::from(self.query.tail.unwrap_or(TAIL))),
                Some(_) => None,
            },
            since_time: self.sent.last,
            timestamps: true,
            ..LogParams::default()
        };
        match self.api.log_stream(&self.source.pod, &params).await {
            Ok(reader) => {
                self.reader = Some(Box::pin(reader));
                self.sent.opened();
            }
            // A container that has not started has no log yet.
            Err(_) if self.query.follow => tokio::time::sleep(RETRY_INTERVAL).await,
            Err(kube::Error::Api(status)) if status.code == 400 || status.code == 404 => {
                return Ok(false);
            }
            Err(error) => return Err(WorkloadError::Cluster(error.to_string())),
        }
        self.opened = true;
        Ok(true)
    }

    /// Splits the time off; none if the line was sent before.
    fn take(&mut self, line: String) -> Option<LogLine> {
        let (time, text) = match line.split_once(' ') {
            Some((time, text)) => (time.parse::<Timestamp>().ok(), text),
            None => (line.parse().ok(), ""),
        };
        let text = if time.is_some() { text.to_owned() } else { line.clone() };
        self.sent.is_new(time).then(|| LogLine {
            service: self.source.service.clone(),
            pod: self.source.pod.clone(),
            line: text,
        })
    }
}

/// What was sent, so that a reopened log continues after it.
#[derive(Debug, Default)]
struct SentLines {
    /// When the last line was written.
    last: Option<Timestamp>,
    /// How many lines of that time were sent.
    at_last: usize,
    /// How many lines of that time come again.
    to_come: usize,
}

impl SentLines {
    /// The log is opened from the last line's time on. The API counts in whole seconds: older lines
    /// come again, and of the lines of that time those that were sent come first.
    fn opened(&mut self) {
        self.to_come = self.at_last;
    }

    /// Whether the next line, written at `time`, was not sent yet.
    fn is_new(&mut self, time: Option<Timestamp>) -> bool {
        if let (Some(time), Some(last)) = (time, self.last)
            && self.to_come > 0
            && time <= last
        {
            if time == last {
                self.to_come -= 1;
            }
            return false;
        }
        // In a stream that did not break every line is new, whatever its clock does.
        if let Some(time) = time {
            self.to_come = 0;
            self.at_last = if self.last == Some(time) { self.at_last + 1 } else { 1 };
            self.last = Some(time);
        }
        true
    }
}

/// Whether that very pod exists; one of the same name may have been created later.
async fn pod_is_there(api: &Api<Pod>, source: &Source) -> bool {
    match api.get_metadata_opt(&source.pod).await {
        Ok(Some(pod)) => pod.metadata.uid.as_ref() == Some(&source.uid),
        Ok(None) => false,
        // An unreachable API says nothing about the pod.
        Err(_) => true,
    }
}

/// A line without its end; a longer one than the limit comes in parts.
async fn next_line(reader: &mut Reader) -> std::io::Result<Option<String>> {
    let mut line = Vec::new();
    loop {
        let available = reader.fill_buf().await?;
        if available.is_empty() {
            break;
        }
        let room = LONGEST_LINE.saturating_sub(line.len());
        let end = available.iter().position(|byte| *byte == b'\n');
        let (taken, ended) = match end {
            Some(end) if end <= room => (end, true),
            _ => (available.len().min(room), false),
        };
        line.extend_from_slice(&available[..taken]);
        reader.consume_unpin(taken + usize::from(ended));
        if ended || line.len() >= LONGEST_LINE {
            return Ok(Some(String::from_utf8_lossy(&line).trim_end_matches('\r').to_owned()));
        }
    }
    let rest = String::from_utf8_lossy(&line).into_owned();
    Ok((!rest.is_empty()).then_some(rest))
}

#[cfg(test)]
mod tests;
