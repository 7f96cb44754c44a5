//! The logs of leases' pods.
//!
//! However many follow, each container's log is read once (`reader`) and kept for the slowest
//! follower (`ring`) as far as memory allows. What was written before somebody came is asked for
//! separately (`history`), at a limited rate. Pods that are created later are followed as well.

mod budget;
mod follow;
mod history;
mod lines;
mod pods;
mod position;
mod reader;
mod ring;

use std::{
    collections::HashMap,
    sync::{Arc, Weak},
};

use futures::{StreamExt, TryStreamExt, stream};
use k8s_openapi::api::core::v1::Pod;
use kube::{Api, Client};
use parking_lot::Mutex;
use souk_gateway::body::{LogLine, LogQuery};
use tokio::sync::{Semaphore, watch};

pub use self::pods::{Pods, Source};
use self::{
    budget::Budget,
    follow::FollowedPods,
    history::{Pace, Wanted},
    lines::Piece,
    reader::{Phase, Reader},
    ring::{Follower, Ring},
};
use crate::cluster::{
    kube::{cache::Caches, seen::SeenPod},
    workloads::{LineStream, WorkloadError},
};

/// The number of past lines of each pod, unless the tenant asks for another number.
const TAIL: u32 = 1_000;
/// The most bytes of lines that are kept for followers, of all logs together.
const MEMORY: usize = 32 << 20;
/// The most containers that are read at once.
const READERS: usize = 3_000;
/// The most requests for logs up to now at once.
const HISTORIES: usize = 16;

/// Finds the pods whose logs are wanted, among those of a namespace.
pub type Choose = Box<dyn Fn(&SeenPod) -> Option<Source> + Send>;

/// Reads logs for whoever follows them. Cheap to clone.
#[derive(Clone)]
pub struct LogHub(Arc<Hub>);

struct Hub {
    client: Client,
    pods: Arc<Pods>,
    /// The readers by the uids of their pods.
    readers: Mutex<HashMap<String, Weak<Reading>>>,
    open: Arc<Semaphore>,
    pace: Pace,
    budget: Budget,
}

/// A container that is read.
struct Reading {
    ring: Arc<Ring>,
    phase: watch::Receiver<Phase>,
}

impl LogHub {
    /// Reads by this client, as what is seen of the pods says.
    pub fn new(client: Client, pods: Caches) -> Self {
        Self(Arc::new(Hub {
            client,
            pods: Arc::new(Pods::new(pods)),
            readers: Mutex::default(),
            open: Arc::new(Semaphore::new(READERS)),
            pace: Pace::new(HISTORIES),
            budget: Budget::new(MEMORY),
        }))
    }

    /// The logs of pods of one namespace, as the lines come.
    pub fn stream(&self, namespace: &str, choose: Choose, query: &LogQuery) -> LineStream<LogLine> {
        let tail = query.tail.unwrap_or(TAIL);
        if query.follow && !query.previous {
            return FollowedPods::new(self.clone(), namespace, choose, tail).stream();
        }
        let pods = self.0.pods.of(namespace);
        let sources: Vec<Source> = pods.iter().filter_map(choose).collect();
        let (hub, previous) = (self.clone(), query.previous);
        // One after the other: a tenant with many pods takes no more than one with one.
        let logs = stream::iter(sources).map(move |source| {
            let hub = hub.clone();
            stream::once(async move { hub.past(source, tail, previous).await }).try_flatten()
        });
        logs.flatten().boxed()
    }

    /// The last lines of one log.
    async fn past(
        &self,
        source: Source,
        tail: u32,
        previous: bool,
    ) -> Result<LineStream<LogLine>, WorkloadError> {
        let api = self.api(&source);
        let wanted = Wanted { api: &api, source: &source, tail: Some(tail), previous };
        let Some(history) = wanted.open(&self.0.pace, &self.0.budget).await? else {
            return Ok(stream::empty().boxed());
        };
        let pieces = stream::try_unfold((history, source), |(mut history, source)| async move {
            match history.next().await {
                Ok(Some(Piece { text, continues, .. })) => {
                    Ok(Some((line(&source, text, continues), (history, source))))
                }
                Ok(None) => Ok(None),
                Err(error) => Err(error),
            }
        });
        Ok(pieces.boxed())
    }

    fn api(&self, source: &Source) -> Api<Pod> {
        Api::namespaced(self.0.client.clone(), &source.namespace)
    }

    /// Follows a container's log from now on; the first who does begins to read it.
    fn follow(&self, source: &Source) -> (Follower, watch::Receiver<Phase>, Arc<Reading>) {
        let mut readers = self.0.readers.lock();
        if let Some(reading) = readers.get(&source.uid).and_then(Weak::upgrade)
            && *reading.phase.borrow() != Phase::Over
        {
            return (reading.ring.follow(), reading.phase.clone(), reading);
        }
        readers.retain(|_, reading| reading.strong_count() > 0);
        let ring = Arc::new(Ring::new(self.0.budget.clone()));
        let (phase, phases) = watch::channel(Phase::Opening);
        let reading = Arc::new(Reading { ring: Arc::clone(&ring), phase: phases.clone() });
        readers.insert(source.uid.clone(), Arc::downgrade(&reading));
        let follower = ring.follow();
        let reader = Reader {
            api: self.api(source),
            source: source.clone(),
            pods: Arc::clone(&self.0.pods),
            ring,
            phase,
            open: Arc::clone(&self.0.open),
            budget: self.0.budget.clone(),
        };
        tokio::spawn(reader.run());
        (follower, phases, reading)
    }
}

fn line(source: &Source, line: String, continues: bool) -> LogLine {
    LogLine {
        service: source.service.clone(),
        pod: source.pod.clone(),
        line,
        continues,
        skipped: 0,
    }
}

#[cfg(test)]
mod tests;
