//! What is seen of the agent's own objects: one watch a kind for the whole cluster, by label, and of
//! each object what [`seen`](super::seen) keeps, lease by lease. Secrets are not watched: a list of them is in their namespace.
//!
//! While a watch is broken, what was seen last stays, and [`Caches::state`] says why. Whoever acts by
//! it decides what that means for the kind.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use futures::future::join_all;
use k8s_openapi::api::{
    apps::v1::{Deployment, StatefulSet},
    core::v1::{
        LimitRange, Namespace, PersistentVolumeClaim, Pod, ResourceQuota, Service, ServiceAccount,
    },
    networking::v1::{Ingress, NetworkPolicy},
};
use kube::{Api, Client, Resource, runtime::watcher};
use parking_lot::Mutex;
use souk_core::OrderId;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::{
    container_log::Log,
    deletions::Deletion,
    objects::Kind,
    seen::{Detail, LeaseObjects, SeenPod},
    trim::{Kept, Trim},
    watch::{self, MetadataOnly, Report, Source, WatchError, Whole},
};
use crate::model::{
    interfaces::{NamespaceSource, PodSource},
    labels::ORDER,
    pods::FailedPod,
    scope::MarketScope,
};

/// What is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Watched {
    /// A kind of objects that the agent applies.
    Kind(Kind),
    /// Pods.
    Pods,
}

impl Watched {
    /// Everything that is watched by the leases' labels.
    pub fn all() -> impl Iterator<Item = Self> {
        Kind::WATCHED.into_iter().map(Self::Kind).chain([Self::Pods])
    }

    /// Its resource, such as `pods`.
    pub fn resource(self) -> String {
        match self {
            Self::Kind(kind) => kind.resource().plural,
            Self::Pods => "pods".to_owned(),
        }
    }
}

/// The state of a watch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum WatchState {
    /// It was not listed yet, and nothing failed.
    #[default]
    Starting,
    /// All is seen.
    Up,
    /// It failed.
    Down(WatchError),
}

/// What is seen of the leases of one provider in one market. Cheap to clone.
#[derive(Clone)]
pub struct Caches {
    seen: Arc<Mutex<Seen>>,
    changed: Arc<Notify>,
    scope: MarketScope,
}

#[derive(Default)]
struct Seen {
    leases: HashMap<OrderId, LeaseObjects>,
    states: HashMap<Watched, WatchState>,
    /// Leases that changed since they were last asked for.
    changed: BTreeSet<OrderId>,
    recovered: bool,
}

/// What changed.
#[derive(Debug, Default)]
pub struct Changes {
    /// The leases of which something changed.
    pub leases: BTreeSet<OrderId>,
    /// Whether a watch is up again.
    pub recovered: bool,
}

impl Caches {
    /// The objects of one lease.
    pub fn lease(&self, order: OrderId) -> LeaseObjects {
        self.seen.lock().leases.get(&order).cloned().unwrap_or_default()
    }

    /// The leases that have an Ingress with one of these hosts, with the host.
    pub fn holders(&self, hosts: &[String]) -> Vec<(String, OrderId)> {
        let seen = self.seen.lock();
        let of_lease = |(order, lease): (&OrderId, &LeaseObjects)| -> Vec<(String, OrderId)> {
            let held = lease.objects.iter().filter_map(|object| match &object.detail {
                Detail::Hosts(held) => Some(held),
                _ => None,
            });
            let held = held.flat_map(|held| held.iter());
            let wanted = held.filter(|host| hosts.iter().any(|one| **one == ***host));
            wanted.map(|host| (host.to_string(), *order)).collect()
        };
        seen.leases.iter().flat_map(of_lease).collect()
    }

    /// The pods in a namespace.
    pub fn pods(&self, namespace: &str) -> Vec<SeenPod> {
        let seen = self.seen.lock();
        let lease = self.scope.order_of(namespace).and_then(|order| seen.leases.get(&order));
        lease.map(|lease| lease.pods.clone()).unwrap_or_default()
    }

    /// Whether a pod's container has a log.
    pub fn log(&self, namespace: &str, pod: &str, uid: &str) -> Log {
        let seen = self.seen.lock();
        let lease = self.scope.order_of(namespace).and_then(|order| seen.leases.get(&order));
        let mut pods = lease.into_iter().flat_map(|lease| &lease.pods);
        let found = pods.find(|seen| seen.status.name == pod && *seen.uid == *uid);
        found.map_or(Log::Gone, |pod| pod.log.clone())
    }

    /// The namespaces that are being deleted, in the order of their leases.
    pub fn deletions(&self) -> Vec<Deletion> {
        let seen = self.seen.lock();
        let mut all: Vec<Deletion> =
            seen.leases.iter().filter_map(|(order, lease)| Deletion::of(*order, lease)).collect();
        all.sort_by_key(|deletion| deletion.order);
        all
    }

    /// The pods that failed and are not being deleted, of each lease that has some.
    pub fn failed_pods(&self) -> Vec<(OrderId, Vec<FailedPod>)> {
        let seen = self.seen.lock();
        let of_lease = |(order, lease): (&OrderId, &LeaseObjects)| {
            let failed: Vec<FailedPod> = lease.pods.iter().filter_map(failed_pod).collect();
            (!failed.is_empty()).then_some((*order, failed))
        };
        seen.leases.iter().filter_map(of_lease).collect()
    }

    /// Whether anything is seen of a lease.
    pub fn has(&self, order: OrderId) -> bool {
        self.seen.lock().leases.contains_key(&order)
    }

    /// The leases of which something is seen.
    pub fn orders(&self) -> Vec<OrderId> {
        self.seen.lock().leases.keys().copied().collect()
    }

    /// The state of a watch.
    pub fn state(&self, watched: Watched) -> WatchState {
        self.seen.lock().states.get(&watched).cloned().unwrap_or_default()
    }

    /// What the watches show of a lease, and the state of each.
    pub(super) fn shown(&self, order: OrderId) -> (LeaseObjects, Vec<(Watched, WatchState)>) {
        let seen = self.seen.lock();
        let state = |one| (one, seen.states.get(&one).cloned().unwrap_or_default());
        let objects = seen.leases.get(&order).cloned().unwrap_or_default();
        (objects, Watched::all().map(state).collect())
    }

    /// The provider and market of the leases.
    pub(super) fn scope(&self) -> &MarketScope {
        &self.scope
    }

    /// Whether all objects of a kind are seen.
    pub fn is_up(&self, watched: Watched) -> bool {
        self.seen.lock().is_up(watched)
    }

    /// Whether each watch is either up or has failed: what is not seen now may not be seen soon.
    pub fn is_settled(&self) -> bool {
        let seen = self.seen.lock();
        Watched::all().all(|one| seen.states.get(&one).is_some_and(|s| *s != WatchState::Starting))
    }

    /// Why watches are down, each with its resource.
    pub fn problems(&self) -> Vec<String> {
        let text = |watched: Watched| match self.state(watched) {
            WatchState::Down(error) => {
                let need = if error.forbidden { "; run `souk-provider access`" } else { "" };
                Some(format!("{} cannot be watched: {error}{need}", watched.resource()))
            }
            WatchState::Starting | WatchState::Up => None,
        };
        Watched::all().filter_map(text).collect()
    }

    /// Returns what changed since the last call, once there is something. One task can wait. Cancel
    /// safe.
    pub async fn changed(&self) -> Changes {
        loop {
            let changes = {
                let mut seen = self.seen.lock();
                let leases = std::mem::take(&mut seen.changed);
                Changes { leases, recovered: std::mem::take(&mut seen.recovered) }
            };
            if changes.recovered || !changes.leases.is_empty() {
                return changes;
            }
            self.changed.notified().await;
        }
    }

    /// Starts the watches. The future runs them until `stop`.
    pub fn start(
        client: Client,
        scope: &MarketScope,
        stop: CancellationToken,
    ) -> (Self, impl Future<Output = ()> + Send + use<>) {
        let caches = Self { seen: Arc::default(), changed: Arc::default(), scope: scope.clone() };
        let seen = caches.clone();
        let run = async move {
            use Watched::{Kind as Of, Pods};
            let watches = [
                Box::pin(seen.follow(Of(Kind::Namespace), whole::<Namespace>(&client)))
                    as BoxedWatch<'_>,
                Box::pin(seen.follow(Of(Kind::ResourceQuota), metadata::<ResourceQuota>(&client))),
                Box::pin(seen.follow(Of(Kind::LimitRange), metadata::<LimitRange>(&client))),
                Box::pin(seen.follow(Of(Kind::NetworkPolicy), metadata::<NetworkPolicy>(&client))),
                Box::pin(
                    seen.follow(Of(Kind::ServiceAccount), metadata::<ServiceAccount>(&client)),
                ),
                Box::pin(seen.follow(Of(Kind::Service), whole::<Service>(&client))),
                Box::pin(seen.follow(
                    Of(Kind::PersistentVolumeClaim),
                    whole::<PersistentVolumeClaim>(&client),
                )),
                Box::pin(seen.follow(Of(Kind::Deployment), whole::<Deployment>(&client))),
                Box::pin(seen.follow(Of(Kind::StatefulSet), whole::<StatefulSet>(&client))),
                Box::pin(seen.follow(Of(Kind::Ingress), whole::<Ingress>(&client))),
                Box::pin(seen.follow(Pods, whole::<Pod>(&client))),
            ];
            tokio::select! {
                () = stop.cancelled() => {}
                _ = join_all(watches) => {}
            }
        };
        (caches, run)
    }

    /// Where nothing is seen but some pods.
    #[cfg(test)]
    pub(in crate::cluster) fn of_pods(
        scope: &MarketScope,
        pods: impl IntoIterator<Item = Pod>,
    ) -> Self {
        let caches = Self { seen: Arc::default(), changed: Arc::default(), scope: scope.clone() };
        for pod in pods {
            caches.take(Watched::Pods, Report::Changed(pod), &mut None);
        }
        caches
    }

    async fn follow<S>(&self, watched: Watched, source: S)
    where
        S: Source<Object: Trim>,
    {
        let config = watcher::Config::default().labels(&self.scope.selector());
        let mut listed = None;
        watch::run(source, config, |report| {
            self.take(watched, report, &mut listed);
            self.changed.notify_one();
        })
        .await;
    }

    /// Takes in what a watch reports; `listed` has the objects of the list that goes on, if one does.
    fn take<T: Trim>(
        &self,
        watched: Watched,
        report: Report<T>,
        listed: &mut Option<HashSet<(OrderId, String)>>,
    ) {
        // Trimmed before the lock is taken.
        match report {
            Report::Listing => *listed = Some(HashSet::new()),
            Report::Changed(object) => match self.place(&object) {
                Ok((order, name)) => {
                    let kept = object.trim();
                    self.seen.lock().put(order, kept);
                    if let Some(listed) = listed {
                        listed.insert((order, name));
                    }
                }
                // It is another lease's by its label: this one does not have it.
                Err(Some((order, name))) => self.seen.lock().remove(watched, order, &name),
                Err(None) => {}
            },
            Report::Gone(object) => {
                if let Ok((order, name)) | Err(Some((order, name))) = self.place(&object) {
                    self.seen.lock().remove(watched, order, &name);
                }
            }
            Report::Listed => {
                self.seen.lock().listed(watched, &listed.take().unwrap_or_default());
                tracing::debug!(resource = watched.resource(), "watch listed");
            }
            Report::Broken(error) => {
                tracing::warn!(resource = watched.resource(), %error, "watch failed");
                self.seen.lock().states.insert(watched, WatchState::Down(error));
            }
        }
    }

    /// The lease that an object is of, and its name; as an error if its label names another.
    pub(super) fn place<T: Resource>(
        &self,
        object: &T,
    ) -> Result<(OrderId, String), Option<(OrderId, String)>> {
        let meta = object.meta();
        let name = meta.name.clone().unwrap_or_default();
        let namespace = meta.namespace.as_deref().unwrap_or(&name);
        let order = self.scope.order_of(namespace).ok_or(None)?;
        let label = meta.labels.as_ref().and_then(|labels| labels.get(ORDER));
        match label.is_some_and(|label| *label == order.to_string()) {
            true => Ok((order, name)),
            false => Err(Some((order, name))),
        }
    }
}

impl Seen {
    fn is_up(&self, watched: Watched) -> bool {
        self.states.get(&watched) == Some(&WatchState::Up)
    }

    fn put(&mut self, order: OrderId, kept: Kept) {
        let lease = self.leases.entry(order).or_default();
        let changed = match kept {
            Kept::Object(object) => lease.put(object),
            Kept::Pod(pod) => lease.put_pod(pod),
        };
        if changed {
            self.changed.insert(order);
        }
    }

    fn remove(&mut self, watched: Watched, order: OrderId, name: &str) {
        self.retain(watched, order, |other| other != name);
    }

    /// A list is complete: what is not in it is gone.
    fn listed(&mut self, watched: Watched, listed: &HashSet<(OrderId, String)>) {
        let orders: Vec<OrderId> = self.leases.keys().copied().collect();
        for order in orders {
            self.retain(watched, order, |name| listed.contains(&(order, name.to_owned())));
        }
        if self.states.insert(watched, WatchState::Up) != Some(WatchState::Up) {
            self.recovered = true;
        }
    }

    fn retain(&mut self, watched: Watched, order: OrderId, stays: impl Fn(&str) -> bool) {
        let Some(lease) = self.leases.get_mut(&order) else { return };
        let before = lease.objects.len() + lease.pods.len();
        match watched {
            Watched::Kind(kind) => lease.objects.retain(|one| one.kind != kind || stays(&one.name)),
            Watched::Pods => lease.pods.retain(|pod| stays(&pod.status.name)),
        }
        if lease.objects.len() + lease.pods.len() != before {
            self.changed.insert(order);
        }
        if lease.is_empty() {
            self.leases.remove(&order);
        }
    }
}

impl NamespaceSource for Caches {
    fn with_namespace(&self, leases: &BTreeSet<OrderId>) -> Option<BTreeSet<OrderId>> {
        let seen = self.seen.lock();
        let has = |order: &&OrderId| {
            let lease = seen.leases.get(order);
            lease.is_some_and(|lease| lease.namespace().is_some())
        };
        let found = leases.iter().filter(has).copied();
        seen.is_up(Watched::Kind(Kind::Namespace)).then(|| found.collect())
    }
}

impl PodSource for Caches {
    fn any_runs(&self) -> Option<bool> {
        let seen = self.seen.lock();
        let mut pods = seen.leases.values().flat_map(|lease| &lease.pods);
        seen.is_up(Watched::Pods).then(|| pods.any(SeenPod::is_served))
    }
}

fn failed_pod(pod: &SeenPod) -> Option<FailedPod> {
    let at = pod.failed_at.filter(|_| !pod.terminating)?;
    Some(FailedPod {
        name: pod.status.name.clone(),
        uid: pod.uid.to_string(),
        service: pod.service.as_deref().unwrap_or_default().to_owned(),
        at,
    })
}

type BoxedWatch<'a> = std::pin::Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

fn whole<K: Resource<DynamicType = ()>>(client: &Client) -> Whole<K> {
    Whole(Api::all(client.clone()))
}

fn metadata<K: Resource<DynamicType = ()>>(client: &Client) -> MetadataOnly<K> {
    MetadataOnly(Api::all(client.clone()))
}

#[cfg(test)]
mod tests;
