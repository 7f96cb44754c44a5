//! The reconcile loop: observe, [`plan`], act, lease by lease.

use std::{
    collections::{BTreeMap, HashMap},
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
    time::Duration,
};

use futures::{StreamExt, stream};
use kube::Client;
use souk_api::orderbook::LeaseState;
use souk_core::OrderId;
use souk_sdl::{Manifest, ManifestGroup};
use thiserror::Error;
use tokio_util::sync::CancellationToken;

use super::{observe::ObjectSnapshot, progress::ProgressMap};
use crate::{
    cluster::kube::{
        apply,
        cache::Caches,
        objects::{self, Subject},
    },
    config::Cluster,
    failpoint,
    model::{
        Lease,
        interfaces::LeaseLookup,
        placement::{Reservation, Unreserved},
        reconcile::{Action, Applied, Desired, Presence, plan},
        scope::MarketScope,
    },
    store::{
        ManifestRow, Store, StoreError, Topic, hostnames, leases, manifests, orders, reservations,
    },
};

/// Leases that are reconciled at once.
const AT_ONCE: usize = 8;
/// Everything is reconciled at this interval, even without a notification.
const RESYNC_INTERVAL: Duration = Duration::from_secs(5);

/// Reconciles the cluster with the leases.
#[derive(Clone)]
pub struct Reconciler {
    /// The API server.
    pub client: Client,
    /// The caches of the leases' objects.
    pub caches: Caches,
    /// The store, which has the leases and manifests.
    pub store: Store,
    /// The chain, asked about namespaces whose lease the store does not have.
    pub lookup: Arc<dyn LeaseLookup>,
    /// The cluster's configuration.
    pub cluster: Arc<Cluster>,
    /// The provider and market of the leases.
    pub scope: MarketScope,
    /// What was done so far.
    pub progress: ProgressMap,
}

/// Why a step failed.
#[derive(Debug, Error)]
pub enum StepError {
    /// The API server refused or did not answer.
    #[error("Kubernetes: {0}")]
    Kube(#[from] kube::Error),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A namespace of the lease's name exists and is not this provider's.
    #[error(
        "namespace {0} exists and is not this provider's; delete it, or label it app.kubernetes.io/managed-by, souk.market/provider and souk.market/market as the agent's namespaces are"
    )]
    Foreign(String),
    /// The GPUs that the manifest asks for are not reserved.
    #[error(transparent)]
    Unreserved(#[from] Unreserved),
    /// The stored manifest cannot be read or does not have the lease's group.
    #[error("the stored manifest of lease {0} cannot be used; the tenant must send it again")]
    Manifest(OrderId),
}

/// A lease with its manifest and reservation.
struct StoredLease {
    lease: Lease,
    manifest: Option<ManifestRow>,
    reservation: Option<Reservation>,
    group: Option<String>,
}

impl StoredLease {
    fn is_unpaid(&self, now: u64) -> bool {
        self.lease.state == LeaseState::Active && !self.lease.is_funded_at(now)
    }
}

impl Reconciler {
    /// Runs until `stop`.
    pub async fn run(self, stop: CancellationToken) {
        let topics = [Topic::Leases, Topic::Manifests, Topic::Cursor];
        let mut changes = self.store.listen(&topics);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                round = self.round() => if let Err(error) = round {
                    tracing::error!(%error, "reading leases from the store failed");
                },
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = changes.changed() => {}
                () = self.caches.changed() => {}
                () = tokio::time::sleep(RESYNC_INTERVAL) => {}
            }
        }
    }

    /// Does the next step of each lease that needs one.
    ///
    /// # Errors
    ///
    /// If the store fails; a failed step is logged and retried.
    pub async fn round(&self) -> Result<(), StoreError> {
        // Nothing is done while the cluster's state is not known, or before the first block.
        if !self.caches.is_healthy() {
            return Ok(());
        }
        let Some(block_time) = self.store.block_time().await? else { return Ok(()) };
        let known = self.known().await?;
        let seen = &ObjectSnapshot::take(&self.caches);
        let mut orders = seen.orders();
        orders.extend(known.keys());
        stream::iter(orders)
            .for_each_concurrent(AT_ONCE, |order| {
                let known = known.get(&order);
                async move {
                    if let Err(error) = self.lease(order, known, block_time, seen).await {
                        tracing::warn!(lease = %order, %error, "reconciling a lease failed, retrying");
                        self.progress.failed(order, error.to_string());
                    }
                }
            })
            .await;
        Ok(())
    }

    async fn known(&self) -> Result<BTreeMap<OrderId, StoredLease>, StoreError> {
        self.store
            .read(|sql| {
                let mut known = BTreeMap::new();
                for lease in leases::all(sql)? {
                    let order = lease.order;
                    let manifest = manifests::get(sql, order)?;
                    let held = manifest.is_some() || !hostnames::of(sql, order)?.is_empty();
                    // An ended lease without manifest and host names is done.
                    if lease.state != LeaseState::Active && !held {
                        continue;
                    }
                    let reservation = reservations::get(sql, order)?;
                    let detail = orders::get(sql, order)?.and_then(|o| o.detail);
                    let group = detail.map(|detail| detail.spec.name);
                    known.insert(order, StoredLease { lease, manifest, reservation, group });
                }
                Ok(known)
            })
            .await
    }

    async fn lease(
        &self,
        order: OrderId,
        known: Option<&StoredLease>,
        now: u64,
        seen: &ObjectSnapshot,
    ) -> Result<(), StepError> {
        let namespace = self.scope.namespace(order);
        let observed = seen.lease(&self.progress, order, &namespace);
        self.report_deletion(order, &namespace, observed.namespace, seen);
        if known.is_some_and(|known| known.is_unpaid(now)) && observed.namespace == Presence::Active
        {
            self.stop_workloads(order, &namespace).await?;
        }
        if self.progress.with(order, |progress| progress.is_backing_off(std::time::Instant::now()))
        {
            return Ok(());
        }
        let desired = match known {
            Some(known) => self.desired(known, now),
            None => self.desired_of_unknown(order).await,
        };
        match plan(order, desired, observed) {
            None => Ok(()),
            Some(Action::Apply { running, version, .. }) => match known {
                Some(known) => {
                    if observed.namespace == Presence::Absent {
                        self.refuse_foreign(&namespace).await?;
                    }
                    self.apply(known, Applied { version, running }, seen).await
                }
                None => Ok(()),
            },
            Some(Action::TearDown { .. }) => {
                failpoint!("leases::before_teardown");
                apply::delete_namespace(&self.client, &namespace, seen.uid(&namespace)).await?;
                failpoint!("leases::after_teardown");
                tracing::info!(lease = %order, namespace, "lease ended, deleting its namespace");
                Ok(())
            }
            Some(Action::Forget { .. }) => self.forget(order).await,
        }
    }

    /// Stops the workloads of an unpaid lease, even if its manifest is missing or cannot be applied:
    /// an apply stops at the first object that Kubernetes refuses.
    async fn stop_workloads(&self, order: OrderId, namespace: &str) -> Result<(), StepError> {
        for (kind, name) in self.caches.running(namespace) {
            apply::scale_to_zero(&self.client, namespace, kind, &name).await?;
            tracing::info!(lease = %order, ?kind, name, "account depleted, workload scaled to zero");
        }
        Ok(())
    }

    /// Refuses a namespace that is not this provider's.
    async fn refuse_foreign(&self, namespace: &str) -> Result<(), StepError> {
        match apply::is_foreign(&self.client, namespace, &self.scope).await? {
            true => Err(StepError::Foreign(namespace.to_owned())),
            false => Ok(()),
        }
    }

    /// Logs what blocks the deletion of a namespace: a finalizer may do so until the cluster's
    /// administrator removes it.
    fn report_deletion(
        &self,
        order: OrderId,
        namespace: &str,
        presence: Presence,
        seen: &ObjectSnapshot,
    ) {
        let blocked_by = seen.blocked_by(namespace).filter(|_| presence == Presence::Terminating);
        if self.progress.set_blocked_by(order, blocked_by)
            && let Some(blocked_by) = blocked_by
        {
            tracing::warn!(lease = %order, namespace, blocked_by, "deletion of a namespace is blocked");
        }
    }

    fn desired(&self, known: &StoredLease, now: u64) -> Desired {
        if known.lease.state != LeaseState::Active {
            return Desired::Gone;
        }
        let (Some(manifest), Some(_)) = (&known.manifest, &known.group) else {
            return Desired::Waiting;
        };
        let version = self.version(manifest, known.reservation.as_ref());
        match known.is_unpaid(now) {
            false => Desired::Running { version },
            true => Desired::Suspended { version },
        }
    }

    /// The desired state of a namespace whose lease the store does not have. The store may have been
    /// lost or be behind, so the chain is asked.
    async fn desired_of_unknown(&self, order: OrderId) -> Desired {
        match self.lookup.is_active(order).await {
            Some(false) => Desired::Gone,
            Some(true) | None => Desired::Waiting,
        }
    }

    fn version(&self, manifest: &ManifestRow, reservation: Option<&Reservation>) -> u64 {
        let mut hasher = DefaultHasher::new();
        manifest.manifest.hash(&mut hasher);
        let placements = reservation.map(|reservation| format!("{:?}", reservation.placements));
        placements.hash(&mut hasher);
        hasher.finish()
    }

    async fn apply(
        &self,
        known: &StoredLease,
        applied: Applied,
        seen: &ObjectSnapshot,
    ) -> Result<(), StepError> {
        let order = known.lease.order;
        let group = group_of(known).ok_or(StepError::Manifest(order))?;
        let placements = known.reservation.as_ref().map(|row| row.placements.as_slice());
        let subject = Subject {
            order,
            scope: &self.scope,
            group: &group,
            placements: placements.unwrap_or_default(),
            cluster: &self.cluster,
            running: applied.running,
        };
        let wanted = objects::all(&subject)?;
        let mut fingerprints = HashMap::new();
        failpoint!("leases::before_apply");
        for object in &wanted {
            let fingerprint = apply::apply(&self.client, &subject, object).await?;
            fingerprints.insert((object.kind, object.name.clone()), fingerprint);
            failpoint!("leases::after_object");
        }
        failpoint!("leases::after_apply");
        for object in seen.objects(&subject.namespace()) {
            let key = (object.kind, object.name.clone());
            if !object.terminating && !fingerprints.contains_key(&key) {
                apply::delete(&self.client, &subject, object.kind, &object.name).await?;
            }
        }
        failpoint!("leases::after_prune");
        self.progress.applied(order, applied, fingerprints);
        tracing::info!(lease = %order, running = applied.running, objects = wanted.len(), "lease applied");
        Ok(())
    }

    async fn forget(&self, order: OrderId) -> Result<(), StepError> {
        self.store
            .write(move |tx| {
                manifests::forget(tx, order)?;
                hostnames::release(tx, order)?;
                reservations::release(tx, order)
            })
            .await?;
        failpoint!("leases::after_forget");
        self.progress.forget(order);
        tracing::info!(lease = %order, "lease removed from the cluster");
        Ok(())
    }
}

/// The group of the stored manifest that the lease is for.
fn group_of(known: &StoredLease) -> Option<ManifestGroup> {
    let name = known.group.as_ref()?;
    let manifest: Manifest = serde_json::from_str(&known.manifest.as_ref()?.manifest).ok()?;
    manifest.0.into_iter().find(|group| group.name == *name)
}
