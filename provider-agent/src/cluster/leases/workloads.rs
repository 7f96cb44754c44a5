//! Implements [`Workloads`] by the caches and the API server.

use std::sync::Arc;

use futures::{FutureExt, StreamExt, future::BoxFuture, stream};
use souk_api::orderbook::LeaseState;
use souk_core::OrderId;
use souk_gateway::body::{
    ClusterEvent, EventQuery, LeaseStatus, LogLine, LogQuery, ProviderStatus,
};
use souk_sdl::{Manifest, ManifestGroup};
use tokio::sync::watch;

use super::{
    discreet,
    dry_run::DryRuns,
    pod_events,
    progress::ProgressMap,
    status::{Sources, lease_status},
};
use crate::{
    cluster::{
        capacity::CapacityState,
        kube::{
            cache::{Caches, Watched},
            events::EventHub,
            logs::{LogHub, Source},
            objects::{Kind, Subject},
            seen::SeenPod,
        },
        workloads::{DryRunError, LineStream, WorkloadError, Workloads},
    },
    config::Cluster,
    model::{
        DigestKey, Lease, names::label_value, placement::GpuFault, reconcile::Applied,
        scope::MarketScope, volumes::Assignment,
    },
    store::{
        HostnameTaken, LeaseSummary, Store, StoreError, kept_volumes, lease_summaries, leases,
        manifests, reservations, taken_up,
    },
};

/// What the gateway shows of the cluster.
pub struct ClusterWorkloads {
    /// The events.
    pub events: EventHub,
    /// The logs.
    pub logs: LogHub,
    /// The caches of the leases' objects.
    pub caches: Caches,
    /// The store.
    pub store: Store,
    /// The cluster's configuration.
    pub cluster: Arc<Cluster>,
    /// The provider and market of the leases.
    pub scope: MarketScope,
    /// Identifies how objects are made, as the reconciler has it.
    pub recipe: u64,
    /// What was done so far.
    pub progress: ProgressMap,
    /// What is left, and which GPUs fail.
    pub capacity: watch::Receiver<CapacityState>,
    /// Where manifests are tried.
    pub dry_runs: DryRuns,
}

impl ClusterWorkloads {
    async fn lease(&self, order: OrderId) -> Result<(Lease, Option<ManifestGroup>), WorkloadError> {
        let missing = || WorkloadError::Cluster(format!("lease {order} is not known"));
        let lease = self.store.lease(order).await.map_err(store)?.ok_or_else(missing)?;
        let manifest = self.store.manifest(order).await.map_err(store)?;
        let detail = self.store.order(order).await.map_err(store)?.and_then(|order| order.detail);
        let group = match (manifest, detail) {
            (Some(manifest), Some(detail)) => {
                let manifest: Option<Manifest> = serde_json::from_str(&manifest.manifest).ok();
                let groups = manifest.into_iter().flat_map(|manifest| manifest.0);
                groups.into_iter().find(|group| group.name == detail.spec.name)
            }
            _ => None,
        };
        Ok((lease, group))
    }

    async fn status(&self, order: OrderId) -> Result<LeaseStatus, WorkloadError> {
        let (lease, group) = self.lease(order).await?;
        let now = self.store.block_time().await.map_err(store)?.unwrap_or(0);
        let services = group.iter().flat_map(|group| &group.services);
        let holds_gpus = services.map(|service| service.resources.gpu.units.get()).any(|n| n > 0);
        let gpu_fault = match lease.state {
            LeaseState::Active if holds_gpus => self.gpu_fault(order),
            _ => None,
        };
        let read = self.store.read(move |sql| {
            Ok::<_, StoreError>((lease_summaries::get(sql, order)?, taken_up::get(sql)?))
        });
        let (summary, taken_up) = read.await.map_err(store)?;
        let wanted = summary.and_then(|summary| self.wanted(&summary, now));
        let kept = match lease.state {
            LeaseState::Active => None,
            _ => self.store.read(move |sql| kept_volumes::get(sql, order)).await.map_err(store)?,
        };
        let progress = self.progress.get(order);
        let seen = self.caches.lease(order);
        let applied =
            wanted.is_some_and(|wanted| progress.is_current(wanted)) && progress.is_seen(&seen);
        let known = discreet::known(&self.scope.namespace(order), group.as_ref(), &seen);
        let status = lease_status(&Sources {
            seen: &seen,
            cluster: &self.cluster,
            scope: &self.scope,
            lease: &lease,
            group: group.as_ref(),
            now,
            failure: progress.failure.or(progress.waits_for),
            applied,
            blocked_by: progress.blocked_by,
            gpu_fault,
            taken_up,
            kept: kept.as_ref(),
        });
        Ok(discreet::status(status, &known))
    }

    /// What is wrong with the GPUs that a lease holds; none if nothing is, or the cluster is not seen.
    fn gpu_fault(&self, order: OrderId) -> Option<String> {
        let state = self.capacity.borrow();
        let own = state.faults.iter().filter(|fault| fault.orders.contains(&order));
        let texts: Vec<String> = own.map(GpuFault::for_tenant).collect();
        (!texts.is_empty()).then(|| texts.join("; "))
    }

    /// What is to run by the store, if there is a manifest.
    fn wanted(&self, lease: &LeaseSummary, now: u64) -> Option<Applied> {
        let version = lease.version(self.recipe)?;
        Some(Applied { version, running: lease.funds.last_at(now) })
    }

    /// Refuses hosts that another lease's Ingresses have, if its manifest is not known: the store, which
    /// has the claims, was lost, and it still runs. Otherwise whose a host is says the store.
    async fn are_given_up(&self, order: OrderId, hosts: &[String]) -> Result<(), DryRunError> {
        if !hosts.is_empty() && !self.caches.is_up(Watched::Kind(Kind::Ingress)) {
            let read = self.store.read(leases::without_manifest).await;
            let without = read.map_err(|error| DryRunError::Unavailable(error.to_string()))?;
            if without.into_iter().any(|other| other != order) {
                let why = "which host names leases have is not seen at present";
                return Err(DryRunError::Unavailable(why.to_owned()));
            }
        }
        let held = self.caches.holders(hosts).into_iter().filter(|(_, holder)| *holder != order);
        for (host, holder) in held {
            let read = self.store.read(move |sql| {
                let active = leases::get(sql, holder)?;
                let active = active.is_some_and(|lease| lease.state == LeaseState::Active);
                Ok::<_, StoreError>(active && !manifests::exists(sql, holder)?)
            });
            match read.await {
                Ok(false) => {}
                Ok(true) => return Err(HostnameTaken { host, holder }.into()),
                Err(error) => return Err(DryRunError::Unavailable(error.to_string())),
            }
        }
        Ok(())
    }

    async fn tried(
        &self,
        order: OrderId,
        group: ManifestGroup,
        hosts: Vec<String>,
    ) -> Result<(), DryRunError> {
        let read = self.store.read(move |sql| {
            Ok::<_, StoreError>((leases::get(sql, order)?, reservations::get(sql, order)?))
        });
        let (lease, reservation) =
            read.await.map_err(|error| DryRunError::Unavailable(error.to_string()))?;
        let missing = || DryRunError::Unavailable(format!("lease {order} is not known"));
        let lease = lease.ok_or_else(missing)?;
        self.are_given_up(order, &hosts).await?;
        let placements = reservation.map(|row| row.placements).unwrap_or_default();
        let subject = Subject {
            order,
            scope: &self.scope,
            // What is tried is not kept, so that no digest is compared.
            digests: &DigestKey::from_bytes([0; 32]),
            owner: lease.owner(),
            group: &group,
            placements: &placements,
            cluster: &self.cluster,
            running: true,
            // In the namespace of dry runs there are none.
            claims: &[],
            assigned: Assignment::none(),
        };
        self.dry_runs.run(&subject, &hosts).await
    }

    async fn log_lines(
        &self,
        order: OrderId,
        query: LogQuery,
    ) -> Result<LineStream<LogLine>, WorkloadError> {
        let (_, group) = self.lease(order).await?;
        let services = group.map(|group| group.services).unwrap_or_default();
        let known: Vec<String> = services.into_iter().map(|service| service.name).collect();
        if let Some(service) = query.service.as_ref().filter(|service| !known.contains(service)) {
            return Err(WorkloadError::NoService { order, service: service.clone(), known });
        }
        let namespace = self.scope.namespace(order);
        let (wanted, place) = (query.service.clone(), namespace.clone());
        let choose = Box::new(move |pod: &SeenPod| source(pod, &place, &known, wanted.as_deref()));
        Ok(self.logs.stream(&namespace, choose, &query))
    }

    async fn summary(&self) -> Result<ProviderStatus, WorkloadError> {
        let leases = self.store.read(leases::count_active).await.map_err(store)?;
        let (offered, free_storage) = {
            let counted = self.capacity.borrow();
            (counted.offered, counted.storage.clone())
        };
        Ok(ProviderStatus {
            height: self.store.height().await.map_err(store)?.unwrap_or(0),
            leases: u32::try_from(leases).unwrap_or(u32::MAX),
            free_cpu_milli: offered.cpu_milli,
            free_memory: offered.memory,
            free_gpus: u64::from(offered.gpu),
            free_storage,
        })
    }
}

/// A pod of a lease, if its logs are wanted. The name of a service that is not in `known` is its label.
fn source(
    pod: &SeenPod,
    namespace: &str,
    known: &[String],
    wanted: Option<&str>,
) -> Option<Source> {
    let label = pod.service.as_deref()?;
    let service = known.iter().find(|service| label_value(service) == label);
    let service = service.map_or(label, String::as_str);
    wanted.is_none_or(|wanted| wanted == service).then(|| Source {
        service: service.to_owned(),
        namespace: namespace.to_owned(),
        pod: pod.status.name.clone(),
        uid: pod.uid.to_string(),
    })
}

fn store(error: StoreError) -> WorkloadError {
    WorkloadError::Cluster(error.to_string())
}

impl Workloads for ClusterWorkloads {
    fn try_manifest(
        &self,
        order: OrderId,
        group: ManifestGroup,
        hosts: Vec<String>,
    ) -> BoxFuture<'_, Result<(), DryRunError>> {
        self.tried(order, group, hosts).boxed()
    }

    fn lease_status(&self, order: OrderId) -> BoxFuture<'_, Result<LeaseStatus, WorkloadError>> {
        self.status(order).boxed()
    }

    fn logs(
        &self,
        order: OrderId,
        query: LogQuery,
    ) -> BoxFuture<'_, Result<LineStream<LogLine>, WorkloadError>> {
        self.log_lines(order, query).boxed()
    }

    fn events(
        &self,
        order: OrderId,
        query: EventQuery,
    ) -> BoxFuture<'_, Result<LineStream<ClusterEvent>, WorkloadError>> {
        async move {
            let namespace = self.scope.namespace(order);
            let events = self.events.stream(&namespace, &query).await?;
            let (_, group) = self.lease(order).await?;
            let known = discreet::known(&namespace, group.as_ref(), &self.caches.lease(order));
            let all: LineStream<ClusterEvent> = if query.follow {
                let ends = pod_events::follow(self.caches.clone(), namespace);
                stream::select(events, ends).boxed()
            } else {
                let ends = pod_events::seen(&self.caches.pods(&namespace));
                events.chain(stream::iter(ends.into_iter().map(Ok))).boxed()
            };
            let discreet = move |found: Result<_, _>| found.map(|one| discreet::event(one, &known));
            Ok(all.map(discreet).boxed())
        }
        .boxed()
    }

    fn provider_status(&self) -> BoxFuture<'_, Result<ProviderStatus, WorkloadError>> {
        self.summary().boxed()
    }
}
