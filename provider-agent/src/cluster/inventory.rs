//! Watches nodes and pods and keeps what the inventory needs of them.
//!
//! One watch a kind for the whole cluster. While a watch is broken the caches keep what they
//! last had and [`ClusterView::trouble`] tells, so that nobody judges by what may be out of date.

use std::{
    fmt::Debug,
    sync::Arc,
    time::{Duration, Instant},
};

use k8s_openapi::api::core::v1::{Node, Pod};
use kube::{
    Api, Client, Resource,
    runtime::{
        reflector::{self, Store as Cache},
        watcher,
    },
};
use parking_lot::Mutex;
use serde::de::DeserializeOwned;
use tokio_util::sync::CancellationToken;

use super::kube::watch::{self, News};
use crate::model::placement::{NodeState, PodUse};
use crate::{
    model::scope::Owner,
    store::{Store, Topic},
};

/// The watched cluster. Cheap to clone.
#[derive(Clone)]
pub struct ClusterView {
    nodes: Cache<Node>,
    pods: Cache<Pod>,
    health: Arc<[Mutex<Health>; 2]>,
    owner: Owner,
}

/// How a watch is doing.
#[derive(Debug, Clone)]
struct Health {
    /// Since when it is broken.
    broken_since: Option<Instant>,
    ready: bool,
    trouble: Option<String>,
}

/// What the cluster was like at some moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Observed {
    /// All nodes.
    pub nodes: Vec<NodeState>,
    /// All pods that take room.
    pub pods: Vec<PodUse>,
}

/// A watch that is broken for no longer than this is believed: the cluster changes slowly and
/// watches break in passing.
const PATIENCE: Duration = Duration::from_secs(20);

impl ClusterView {
    /// What there is; none before the first listing, and while a watch is broken.
    pub fn observe(&self) -> Option<Observed> {
        if self.trouble().is_some() {
            return None;
        }
        let pods = self.pods.state();
        Some(Observed {
            nodes: self.nodes.state().iter().map(|node| NodeState::of(node)).collect(),
            pods: pods.iter().filter_map(|pod| PodUse::of(pod, &self.owner)).collect(),
        })
    }

    /// Why there is nothing to observe at present.
    pub fn trouble(&self) -> Option<String> {
        let now = Instant::now();
        self.health.iter().find_map(|health| {
            let health = health.lock();
            let broken = health.broken_since.is_some_and(|t| now.duration_since(t) > PATIENCE);
            let why = || health.trouble.clone().unwrap_or_else(|| "not listed yet".into());
            (!health.ready || broken).then(why)
        })
    }
}

/// Starts the two watches. They end with `stop`; changes wake [`Topic::Capacity`]. Nodes count
/// only if they have all labels of `selector`,
/// as Kubernetes writes it.
pub fn start(
    client: Client,
    owner: &Owner,
    selector: &str,
    store: &Store,
    stop: &CancellationToken,
) -> (ClusterView, impl Future<Output = ()> + Send + use<>) {
    let (nodes, node_writer) = reflector::store();
    let (pods, pod_writer) = reflector::store();
    let health = || Mutex::new(Health { broken_since: None, ready: false, trouble: None });
    let health = Arc::new([health(), health()]);
    let view = ClusterView { nodes, pods, health: health.clone(), owner: owner.clone() };
    let only = watcher::Config::default().labels(selector);
    let all = watcher::Config::default();
    let nodes = follow::<Node>(client.clone(), only, node_writer, health.clone(), 0, store.clone());
    let pods = follow::<Pod>(client, all, pod_writer, health, 1, store.clone());
    let stop = stop.clone();
    let run = async move {
        tokio::select! {
            () = stop.cancelled() => {}
            _ = async { tokio::join!(nodes, pods) } => {}
        }
    };
    (view, run)
}

async fn follow<K>(
    client: Client,
    config: watcher::Config,
    writer: reflector::store::Writer<K>,
    health: Arc<[Mutex<Health>; 2]>,
    index: usize,
    store: Store,
) where
    K: Resource<DynamicType = ()> + DeserializeOwned + Clone + Debug + Send + Sync + 'static,
{
    let tell = |news: News| {
        let mut health = health[index].lock();
        match news {
            News::Healthy => {
                *health = Health { broken_since: None, ready: true, trouble: None };
                tracing::debug!(kind = %K::kind(&()), "watch is healthy");
            }
            News::Changed => {}
            News::Broken(error) => {
                health.broken_since.get_or_insert_with(Instant::now);
                health.trouble = Some(error.to_string());
                tracing::warn!(kind = %K::kind(&()), %error, "watch is broken");
            }
        }
        drop(health);
        store.wake(Topic::Capacity);
    };
    watch::follow(Api::<K>::all(client), config, writer, tell).await;
}
