//! One follower's stream of a lease's logs: of each pod what was written before, then what comes.

use std::{
    collections::HashSet,
    sync::Arc,
    time::{Duration, Instant},
};

use futures::{StreamExt, stream, stream::SelectAll};
use souk_gateway::body::LogLine;
use tokio::{
    sync::watch,
    time::{Interval, MissedTickBehavior},
};

use super::{
    Choose, LogHub, Reading, Source,
    history::{History, Wanted},
    line,
    lines::Piece,
    pods::Log,
    position::{Place, Position},
    reader::Phase,
    ring::{Follower, Next},
};
use crate::cluster::workloads::LineStream;

/// Between two looks for new pods.
const LOOK: Duration = Duration::from_secs(1);
/// How long a reader is waited for before what was written is asked for.
const OPENING: Duration = Duration::from_secs(2);
/// For this time after the past was read lines of it may come again.
const OVERLAP: Duration = Duration::from_secs(5);
/// Before a pod is followed again.
const AGAIN: Duration = Duration::from_millis(200);
/// How often the past is asked for if the API server fails.
const ATTEMPTS: u32 = 4;

/// All pods that one follower follows.
pub struct FollowedPods {
    hub: LogHub,
    namespace: String,
    choose: Choose,
    /// Lines of the past of each pod; all of a pod that is created later.
    tail: Option<u32>,
    /// The uids of pods that were seen.
    known: HashSet<String>,
    streams: SelectAll<LineStream<LogLine>>,
    /// When to look for pods; the first time immediately.
    looks: Interval,
}

impl FollowedPods {
    /// The pods of a namespace that `choose` wants.
    pub fn new(hub: LogHub, namespace: &str, choose: Choose, tail: u32) -> Self {
        let mut looks = tokio::time::interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            hub,
            namespace: namespace.to_owned(),
            choose,
            tail: Some(tail),
            known: HashSet::new(),
            streams: SelectAll::new(),
            looks,
        }
    }

    /// Their lines, without end.
    pub fn stream(self) -> LineStream<LogLine> {
        stream::unfold(self, |mut all| async move {
            let line = all.next().await;
            Some((Ok(line), all))
        })
        .boxed()
    }

    async fn next(&mut self) -> LogLine {
        loop {
            tokio::select! {
                Some(Ok(line)) = self.streams.next() => return line,
                _ = self.looks.tick() => self.look(),
            }
        }
    }

    fn look(&mut self) {
        let pods = self.hub.0.pods.of(&self.namespace);
        let sources: Vec<Source> = pods.iter().filter_map(|pod| (self.choose)(pod)).collect();
        let there: HashSet<String> = sources.iter().map(|source| source.uid.clone()).collect();
        for source in sources.into_iter().filter(|source| !self.known.contains(&source.uid)) {
            self.streams.push(of_pod(self.hub.clone(), source, self.tail));
        }
        self.known = there;
        self.tail = None;
    }
}

/// A follower of one pod.
struct FollowedPod {
    hub: LogHub,
    source: Source,
    tail: Option<u32>,
    follower: Follower,
    phase: watch::Receiver<Phase>,
    /// Keeps the reader known to others.
    reading: Arc<Reading>,
    step: Step,
    position: Position,
}

enum Step {
    /// Nothing was read yet.
    Begin,
    /// What was written before is read.
    Past(Box<History>),
    /// What comes is read. Until the time lines of the past may come again.
    Live(Option<(Place, Instant)>),
}

fn of_pod(hub: LogHub, source: Source, tail: Option<u32>) -> LineStream<LogLine> {
    let (follower, phase, reading) = hub.follow(&source);
    let pod = FollowedPod {
        hub,
        source,
        tail,
        follower,
        phase,
        reading,
        step: Step::Begin,
        position: Position::default(),
    };
    stream::unfold(pod, |mut pod| async move {
        let line = pod.next().await?;
        Some((Ok(line), pod))
    })
    .boxed()
}

impl FollowedPod {
    /// The next line; none when the pod is gone.
    async fn next(&mut self) -> Option<LogLine> {
        loop {
            match &mut self.step {
                Step::Begin => self.step = self.begin().await,
                Step::Past(history) => match history.next().await {
                    Ok(Some(Piece { time, text, first, continues, .. })) => {
                        if let Some(time) = time.filter(|_| first) {
                            self.position.next(time);
                        }
                        if self.tail != Some(0) {
                            return Some(line(&self.source, text, continues));
                        }
                    }
                    // What is missing comes by the reader, as far as it has it.
                    Ok(None) | Err(_) => self.step = self.live(),
                },
                Step::Live(again) => match self.follower.next().await {
                    Next::Line(entry) => {
                        if again.is_some_and(|(last, _)| entry.place <= last) {
                            let is_last = again.is_some_and(|(last, _)| entry.place == last);
                            let late = again.is_some_and(|(_, until)| Instant::now() > until);
                            if (is_last && !entry.continues) || late {
                                *again = None;
                            }
                            if !late {
                                continue;
                            }
                        }
                        *again = None;
                        return Some(line(&self.source, entry.text.clone(), entry.continues));
                    }
                    Next::Skipped(count) => return Some(skipped(&self.source, count)),
                    Next::End if self.hub.0.pods.log(&self.source) == Log::Gone => return None,
                    Next::End => self.follow_again().await,
                },
            }
        }
    }

    /// Asks for what was written before, if there is something.
    async fn begin(&mut self) -> Step {
        let opened = self.phase.wait_for(|phase| *phase != Phase::Opening);
        let opened = tokio::time::timeout(OPENING, opened).await;
        let phase = opened.ok().and_then(|phase| phase.ok().map(|phase| *phase));
        if phase == Some(Phase::NoLog) {
            return Step::Live(None);
        }
        let api = self.hub.api(&self.source);
        // The last line is needed even if it is not wanted, to know which lines come again.
        let tail = self.tail.map(|tail| tail.max(1));
        let wanted = Wanted { api: &api, source: &self.source, tail, previous: false };
        for attempt in 0..ATTEMPTS {
            match wanted.open(&self.hub.0.pace, &self.hub.0.budget).await {
                Ok(Some(history)) => return Step::Past(Box::new(history)),
                Ok(None) => break,
                Err(_) => tokio::time::sleep(Duration::from_secs(1 << attempt)).await,
            }
        }
        Step::Live(None)
    }

    /// Follows again from now on: the reader ended with the last of its other followers.
    async fn follow_again(&mut self) {
        tokio::time::sleep(AGAIN).await;
        let (follower, phase, reading) = self.hub.follow(&self.source);
        (self.follower, self.phase, self.reading) = (follower, phase, reading);
        (self.tail, self.step) = (Some(0), Step::Begin);
    }

    fn live(&self) -> Step {
        Step::Live(self.position.last().map(|last| (last, Instant::now() + OVERLAP)))
    }
}

/// Says that lines were left out.
fn skipped(source: &Source, count: u64) -> LogLine {
    let text = format!("[{count} lines were left out: they came faster than they were read]");
    LogLine { skipped: count, ..line(source, text, false) }
}
