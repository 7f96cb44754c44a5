//! Caches of the agent's own objects: one watch per kind for the whole cluster, by label. Of most
//! kinds only the metadata are kept: no Secret's content is held in memory.
//!
//! While a watch is broken its cache keeps its last state, and [`Caches::is_healthy`] is false, so
//! that no decision is made by outdated state.

use std::{
    collections::BTreeSet,
    fmt::Debug,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use futures::future::join_all;
use k8s_openapi::api::{
    apps::v1::{Deployment, StatefulSet},
    core::v1::{LimitRange, Namespace, Pod, ResourceQuota, Secret, Service, ServiceAccount},
    networking::v1::{Ingress, NetworkPolicy},
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::{
    Api, Client, Resource, ResourceExt,
    core::PartialObjectMeta,
    runtime::{
        reflector::{self, Store, store::Writer},
        watcher,
    },
};
use serde::de::DeserializeOwned;
use souk_core::OrderId;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::{
    objects::Kind,
    watch::{self, WatchEvent},
};
use crate::model::{interfaces::NamespaceSource, labels::ORDER, scope::MarketScope};

/// The cached objects of one provider in one market. Cheap to clone.
#[derive(Clone)]
pub struct Caches {
    /// The leases' namespaces.
    pub namespaces: Store<Namespace>,
    /// Workloads without persistent volumes.
    pub deployments: Store<Deployment>,
    /// Workloads with persistent volumes.
    pub stateful_sets: Store<StatefulSet>,
    /// Pods.
    pub pods: Store<Pod>,
    /// Services.
    pub services: Store<Service>,
    /// Resource quotas.
    pub quotas: Metadata<ResourceQuota>,
    /// Defaults for containers without limits.
    pub limit_ranges: Metadata<LimitRange>,
    /// Network policies.
    pub policies: Metadata<NetworkPolicy>,
    /// Service accounts.
    pub accounts: Metadata<ServiceAccount>,
    /// Secrets.
    pub secrets: Metadata<Secret>,
    /// Ingresses.
    pub ingresses: Metadata<Ingress>,
    health: Arc<[AtomicBool; KINDS]>,
    changed: Arc<Notify>,
}

/// A cache without the objects' content.
type Metadata<K> = Store<PartialObjectMeta<K>>;

const KINDS: usize = 11;

impl Caches {
    /// Whether all watches are listed and none is broken.
    pub fn is_healthy(&self) -> bool {
        self.health.iter().all(|healthy| healthy.load(Ordering::Acquire))
    }

    /// The workloads in a namespace that are not scaled to zero.
    pub fn running(&self, namespace: &str) -> Vec<(Kind, String)> {
        let is_here = |meta: &ObjectMeta| meta.namespace.as_deref() == Some(namespace);
        let runs = |replicas: Option<i32>| replicas != Some(0);
        let mut running = Vec::new();
        for one in self.deployments.state() {
            if is_here(&one.metadata) && runs(one.spec.as_ref().and_then(|spec| spec.replicas)) {
                running.push((Kind::Deployment, one.name_any()));
            }
        }
        for one in self.stateful_sets.state() {
            if is_here(&one.metadata) && runs(one.spec.as_ref().and_then(|spec| spec.replicas)) {
                running.push((Kind::StatefulSet, one.name_any()));
            }
        }
        running
    }

    /// Waits for the next change of any object; a hint that may come late or twice.
    pub async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Starts the watches. The future runs them until `stop`.
    pub fn start(
        client: Client,
        scope: &MarketScope,
        stop: CancellationToken,
    ) -> (Self, impl Future<Output = ()> + Send + use<>) {
        let (namespaces, of_namespaces) = reflector::store();
        let (deployments, of_deployments) = reflector::store();
        let (stateful_sets, of_stateful_sets) = reflector::store();
        let (pods, of_pods) = reflector::store();
        let (services, of_services) = reflector::store();
        let (quotas, of_quotas) = reflector::store();
        let (limit_ranges, of_limit_ranges) = reflector::store();
        let (policies, of_policies) = reflector::store();
        let (accounts, of_accounts) = reflector::store();
        let (secrets, of_secrets) = reflector::store();
        let (ingresses, of_ingresses) = reflector::store();
        let health: Arc<[AtomicBool; KINDS]> = Arc::default();
        let changed = Arc::new(Notify::new());
        let caches = Self {
            namespaces,
            deployments,
            stateful_sets,
            pods,
            services,
            quotas,
            limit_ranges,
            policies,
            accounts,
            secrets,
            ingresses,
            health: Arc::clone(&health),
            changed: Arc::clone(&changed),
        };
        let watch = Watch { client, health, changed, selector: scope.selector() };
        let run = async move {
            let watches = [
                Box::pin(watch.follow::<Namespace>(0, of_namespaces)) as BoxedWatch<'_>,
                Box::pin(watch.follow::<Deployment>(1, of_deployments)),
                Box::pin(watch.follow::<StatefulSet>(2, of_stateful_sets)),
                Box::pin(watch.follow::<Pod>(3, of_pods)),
                Box::pin(watch.follow::<Service>(4, of_services)),
                Box::pin(watch.follow::<PartialObjectMeta<ResourceQuota>>(5, of_quotas)),
                Box::pin(watch.follow::<PartialObjectMeta<LimitRange>>(6, of_limit_ranges)),
                Box::pin(watch.follow::<PartialObjectMeta<NetworkPolicy>>(7, of_policies)),
                Box::pin(watch.follow::<PartialObjectMeta<ServiceAccount>>(8, of_accounts)),
                Box::pin(watch.follow::<PartialObjectMeta<Secret>>(9, of_secrets)),
                Box::pin(watch.follow::<PartialObjectMeta<Ingress>>(10, of_ingresses)),
            ];
            tokio::select! {
                () = stop.cancelled() => {}
                _ = join_all(watches) => {}
            }
        };
        (caches, run)
    }
}

impl NamespaceSource for Caches {
    fn leases(&self) -> Option<BTreeSet<OrderId>> {
        let order = |namespace: Arc<Namespace>| namespace.labels().get(ORDER)?.parse().ok();
        self.is_healthy().then(|| self.namespaces.state().into_iter().filter_map(order).collect())
    }
}

type BoxedWatch<'a> = std::pin::Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

struct Watch {
    client: Client,
    health: Arc<[AtomicBool; KINDS]>,
    changed: Arc<Notify>,
    selector: String,
}

impl Watch {
    async fn follow<K>(&self, at: usize, cache: Writer<K>)
    where
        K: Resource<DynamicType = ()> + DeserializeOwned + Clone + Debug + Send + Sync + 'static,
    {
        let config = watcher::Config::default().labels(&self.selector);
        watch::follow(Api::<K>::all(self.client.clone()), config, cache, |event| {
            match event {
                WatchEvent::Healthy => self.set_health(at, true),
                WatchEvent::Changed => {}
                WatchEvent::Broken(error) => {
                    self.set_health(at, false);
                    tracing::warn!(kind = %K::kind(&()), %error, "watch failed");
                }
            }
            self.changed.notify_one();
        })
        .await;
    }

    fn set_health(&self, at: usize, healthy: bool) {
        if let Some(flag) = self.health.get(at) {
            flag.store(healthy, Ordering::Release);
        }
    }
}
