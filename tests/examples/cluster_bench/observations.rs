//! When something was first seen of a lease: in the agent's log, and in the cluster.

use std::{
    collections::HashMap,
    fs::File,
    io::{Read as _, Seek as _, SeekFrom},
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::{Result, bail};
use futures::StreamExt as _;
use k8s_openapi::api::apps::v1::Deployment;
use kube::{
    Api, Client, ResourceExt as _,
    runtime::{WatchStreamExt as _, watcher},
};
use souk_core::OrderId;
use souk_provider::model::labels;
use tokio::time::{Instant, sleep};

/// How often the log is read: the error of times that are taken from it.
const POLL: Duration = Duration::from_millis(10);
/// Hundreds of leases at once take minutes on a small machine.
const TIMEOUT: Duration = Duration::from_secs(1_200);

/// Something that happens to a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// The agent has applied all its objects.
    Applied,
    /// All its replicas are ready, by the cluster's own word.
    Ready,
    /// The agent has ordered its namespace to be deleted.
    TornDown,
    /// Nothing of it is left, by the agent's word.
    Gone,
}

/// What the agent's log says of each.
const WORDS: [(&str, Step); 3] = [
    ("lease applied", Step::Applied),
    ("lease ended, deleting its namespace", Step::TornDown),
    ("lease removed from the cluster", Step::Gone),
];

/// All that was seen. Cheap to clone.
#[derive(Clone, Default)]
pub struct Observations(Arc<Mutex<HashMap<(OrderId, Step), Instant>>>);

impl Observations {
    /// Watches a log, also of an agent that is started again, and the cluster, for as long as
    /// this program runs.
    pub fn start(log: PathBuf, client: Client) -> Self {
        let observations = Self::default();
        tokio::spawn(observations.clone().read_log(log));
        tokio::spawn(observations.clone().watch(client));
        observations
    }

    /// Waits for a step of all these leases and gives its time for each.
    pub async fn all(&self, step: Step, orders: &[OrderId]) -> Result<Vec<Instant>> {
        let deadline = Instant::now() + TIMEOUT;
        loop {
            let seen: Vec<Instant> = {
                let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
                orders.iter().filter_map(|order| all.get(&(*order, step)).copied()).collect()
            };
            if seen.len() == orders.len() {
                return Ok(seen);
            }
            if Instant::now() > deadline {
                bail!("{step:?} was seen of {} of {} leases", seen.len(), orders.len());
            }
            sleep(POLL).await;
        }
    }

    /// Forgets a step of a lease, to see it again.
    pub fn forget(&self, order: OrderId, step: Step) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.remove(&(order, step));
    }

    fn saw(&self, order: OrderId, step: Step) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry((order, step)).or_insert_with(Instant::now);
    }

    async fn read_log(self, path: PathBuf) {
        let (mut at, mut rest) = (0, String::new());
        loop {
            sleep(POLL).await;
            let Ok(mut file) = File::open(&path) else { continue };
            // An agent that is started again has a new log.
            if file.metadata().is_ok_and(|meta| meta.len() < at) {
                (at, rest) = (0, String::new());
            }
            let mut bytes = Vec::new();
            if file.seek(SeekFrom::Start(at)).and_then(|_| file.read_to_end(&mut bytes)).is_err() {
                continue;
            }
            at += bytes.len() as u64;
            rest.push_str(&String::from_utf8_lossy(&bytes));
            while let Some(end) = rest.find('\n') {
                let line: String = rest.drain(..=end).collect();
                self.read_line(&plain(&line));
            }
        }
    }

    fn read_line(&self, line: &str) {
        let Some((_, step)) = WORDS.iter().find(|(words, _)| line.contains(words)) else { return };
        // A field of the line, or of the span that it is in.
        let Some((_, rest)) = line.split_once("lease=") else { return };
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        if let Ok(order) = digits.parse() {
            self.saw(order, *step);
        }
    }

    async fn watch(self, client: Client) {
        let config = watcher::Config::default().labels(labels::ORDER);
        let events = watcher(Api::<Deployment>::all(client), config).default_backoff();
        let mut events = events.applied_objects().boxed();
        while let Some(event) = events.next().await {
            let Ok(deployment) = event else { continue };
            let status = deployment.status.as_ref();
            let ready = status.and_then(|status| status.ready_replicas).unwrap_or(0);
            let wanted = deployment.spec.as_ref().and_then(|spec| spec.replicas).unwrap_or(1);
            let order = deployment.labels().get(labels::ORDER).and_then(|text| text.parse().ok());
            if let Some(order) = order.filter(|_| ready >= wanted) {
                self.saw(order, Step::Ready);
            }
        }
    }
}

/// A line without the terminal's colours.
fn plain(line: &str) -> String {
    let mut parts = line.split('\u{1b}');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + part.split_once('m').map_or("", |(_, rest)| rest))
}
