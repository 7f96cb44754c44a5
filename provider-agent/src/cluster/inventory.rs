//! Watches nodes and pods, from which the inventory is computed.
//!
//! Nodes whose GPUs a driver for dynamic resource allocation hands out are listed from time to time.
//!
//! One watch per kind for the whole cluster. Of each object only what is counted is kept. While a watch is
//! broken the caches keep their last state and [`ClusterView::last_error`] says why, so that no decision is
//! made by outdated state.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fmt::Debug,
    sync::Arc,
    time::{Duration, Instant},
};

use k8s_openapi::api::core::v1::{Node, Pod};
use kube::{Api, Client, Resource, ResourceExt, runtime::watcher};
use parking_lot::Mutex;
use serde::de::DeserializeOwned;
use tokio_util::sync::CancellationToken;

use super::kube::{
    claims,
    message::message,
    watch::{self, Report, WatchError, Whole},
};
use crate::{
    model::{
        health::Reporter,
        interfaces::CapacitySource,
        placement::{ClusterSnapshot, NodeState, PodUse},
        scope::MarketScope,
    },
    store::{Store, Topic},
};

/// The watched cluster. Cheap to clone.
#[derive(Clone)]
pub struct ClusterView {
    nodes: Kept<NodeState>,
    pods: Kept<PodUse>,
    /// The driver that hands out a node's GPUs by claims, by node.
    claimed: Arc<Mutex<BTreeMap<String, String>>>,
    health: Arc<[Mutex<Health>; 2]>,
}

/// What is kept of each object, by namespace and name.
type Kept<T> = Arc<Mutex<HashMap<Key, T>>>;
type Key = (Option<String>, String);

/// The state of a watch.
#[derive(Debug, Clone)]
struct Health {
    /// Since when it is broken, if it is.
    broken_since: Option<Instant>,
    ready: bool,
    last_error: Option<String>,
}

/// The cache of a watch that is broken for no longer than this is still used: watches break in
/// passing and the cluster changes slowly.
const GRACE_PERIOD: Duration = Duration::from_secs(20);

/// Drivers are installed by hand, so that their nodes are listed seldom.
const CLAIMS_INTERVAL: Duration = Duration::from_secs(60);
/// After a failure.
const CLAIMS_RETRY: Duration = Duration::from_secs(2);

impl ClusterView {
    /// Why a watch does not show the cluster at this moment, also while its last state still counts.
    pub fn problem(&self) -> Option<String> {
        self.health.iter().find_map(|health| {
            let health = health.lock();
            let why = || health.last_error.clone().unwrap_or_else(|| "not listed yet".into());
            (!health.ready || health.broken_since.is_some()).then(why)
        })
    }

    /// Why the cluster's state is not known at present: it is not listed yet, or a watch is broken.
    pub fn last_error(&self) -> Option<String> {
        let now = Instant::now();
        self.health.iter().find_map(|health| {
            let health = health.lock();
            let broken = health.broken_since.is_some_and(|t| now.duration_since(t) > GRACE_PERIOD);
            let why = || health.last_error.clone().unwrap_or_else(|| "not listed yet".into());
            (!health.ready || broken).then(why)
        })
    }
}

impl CapacitySource for ClusterView {
    fn snapshot(&self) -> Result<ClusterSnapshot, String> {
        if let Some(error) = self.last_error() {
            return Err(error);
        }
        let mut snapshot = ClusterSnapshot {
            nodes: self.nodes.lock().values().cloned().collect(),
            pods: self.pods.lock().values().cloned().collect(),
        };
        // The order of a map is another each time.
        snapshot.nodes.sort_unstable_by(|one, other| one.name.cmp(&other.name));
        let claimed = self.claimed.lock();
        snapshot.refuse_claimed(claimed.iter().map(|(node, by)| (node.as_str(), by.as_str())));
        Ok(snapshot)
    }
}

/// Starts the two watches. They end with `stop`; changes wake [`Topic::Capacity`]; `claims` reports
/// whether it is known which GPUs are handed out by claims. Nodes count only if they have all labels of `selector`, as Kubernetes writes it.
pub fn start(
    client: Client,
    scope: &MarketScope,
    selector: &str,
    store: &Store,
    claims: Reporter,
    stop: &CancellationToken,
) -> (ClusterView, impl Future<Output = ()> + Send + use<>) {
    let (nodes, pods) = (Kept::default(), Kept::default());
    let health = || Mutex::new(Health { broken_since: None, ready: false, last_error: None });
    let health = Arc::new([health(), health()]);
    let claimed = Arc::new(Mutex::new(BTreeMap::new()));
    let view = ClusterView {
        nodes: Arc::clone(&nodes),
        pods: Arc::clone(&pods),
        claimed: claimed.clone(),
        health: health.clone(),
    };
    let claims = follow_claims(client.clone(), claimed, store.clone(), claims);
    let only = watcher::Config::default().labels(selector);
    let all = watcher::Config::default();
    let scope = scope.clone();
    let nodes = Watched { health: health.clone(), index: 0, store: store.clone(), kept: nodes };
    let nodes =
        nodes.follow(Api::<Node>::all(client.clone()), only, |node| Some(NodeState::of(node)));
    let pods = Watched { health, index: 1, store: store.clone(), kept: pods };
    let pods = pods.follow(Api::<Pod>::all(client), all, move |pod| PodUse::of(pod, &scope));
    let stop = stop.clone();
    let run = async move {
        tokio::select! {
            () = stop.cancelled() => {}
            _ = async { tokio::join!(nodes, pods, claims) } => {}
        }
    };
    (view, run)
}

/// Lists the nodes whose GPUs are handed out by claims. What cannot be listed keeps its last state;
/// `check` says whether the agent may list it.
async fn follow_claims(
    client: Client,
    claimed: Arc<Mutex<BTreeMap<String, String>>>,
    store: Store,
    health: Reporter,
) {
    loop {
        let found = claims::gpu_drivers(&client).await;
        health.follow(&found.as_ref().map_err(message));
        match found {
            Ok(found) => {
                let changed = *claimed.lock() != found;
                if changed {
                    *claimed.lock() = found;
                    store.wake(Topic::Capacity);
                }
            }
            Err(error) => {
                tracing::debug!(%error, "listing resource slices failed, retrying");
                tokio::time::sleep(CLAIMS_RETRY).await;
                continue;
            }
        }
        tokio::time::sleep(CLAIMS_INTERVAL).await;
    }
}

/// One watch and what is kept of its objects.
struct Watched<T> {
    health: Arc<[Mutex<Health>; 2]>,
    index: usize,
    store: Store,
    kept: Kept<T>,
}

impl<T: PartialEq + Send> Watched<T> {
    /// Keeps what `trim` makes of each object, for as long as it is polled. Only what changes anything that
    /// is kept wakes those who count it.
    async fn follow<K>(
        self,
        api: Api<K>,
        config: watcher::Config,
        trim: impl Fn(&K) -> Option<T> + Send + Sync,
    ) where
        K: Resource<DynamicType = ()> + DeserializeOwned + Clone + Debug + Send + Sync + 'static,
    {
        let mut listed = None;
        let key = |object: &K| (object.namespace(), object.name_any());
        watch::run(Whole(api), config, |report| match report {
            Report::Listing => listed = Some(HashSet::new()),
            Report::Changed(object) => {
                let key = key(&object);
                if let Some(listed) = &mut listed {
                    listed.insert(key.clone());
                }
                self.put(key, trim(&object));
            }
            Report::Gone(object) => self.put(key(&object), None),
            Report::Listed => {
                let listed = listed.take().unwrap_or_default();
                self.kept.lock().retain(|key, _| listed.contains(key));
                self.set(Health { broken_since: None, ready: true, last_error: None });
                tracing::debug!(kind = %K::kind(&()), "watch listed");
            }
            Report::Broken(error) => self.broken(&K::kind(&()), &error),
        })
        .await;
    }

    fn put(&self, key: Key, kept: Option<T>) {
        let mut all = self.kept.lock();
        let changed = all.get(&key) != kept.as_ref();
        match kept {
            Some(kept) => drop(all.insert(key, kept)),
            None => drop(all.remove(&key)),
        }
        drop(all);
        if changed {
            self.store.wake(Topic::Capacity);
        }
    }

    fn set(&self, health: Health) {
        *self.health[self.index].lock() = health;
        self.store.wake(Topic::Capacity);
    }

    fn broken(&self, kind: &str, error: &WatchError) {
        tracing::warn!(kind, %error, "watch failed");
        let mut health = self.health[self.index].lock();
        health.broken_since.get_or_insert_with(Instant::now);
        health.last_error = Some(error.to_string());
        drop(health);
        self.store.wake(Topic::Capacity);
    }
}
