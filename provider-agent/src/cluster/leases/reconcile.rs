//! The loop that puts the cluster right: fetch, [`plan`], act, lease by lease.

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

use super::{observe::Snapshot, progress::AllProgress};
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
        placement::Reservation,
        reconcile::{Action, Applied, Desired, Presence, plan},
        scope::MarketScope,
    },
    store::{
        ManifestRow, Store, StoreError, Topic, hostnames, leases, manifests, orders, reservations,
    },
};

/// Leases that are worked on at once.
const AT_ONCE: usize = 8;
/// Without being woken, everything is looked at this often.
const PULSE: Duration = Duration::from_secs(5);

/// Keeps the cluster as the leases want it.
#[derive(Clone)]
pub struct Reconciler {
    /// The cluster.
    pub client: Client,
    /// What of ours is in it.
    pub caches: Caches,
    /// What is wanted.
    pub store: Store,
    /// The chain, asked about namespaces that the store knows no lease for.
    pub lookup: Arc<dyn LeaseLookup>,
    /// The cluster's configuration.
    pub cluster: Arc<Cluster>,
    /// Whose leases they are.
    pub scope: MarketScope,
    /// What was done so far.
    pub progress: AllProgress,
}

/// Why a step could not be done.
#[derive(Debug, Error)]
pub enum StepError {
    /// The cluster refused or did not answer.
    #[error("Kubernetes: {0}")]
    Kube(#[from] kube::Error),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Somebody else has a namespace of the lease's name.
    #[error(
        "namespace {0} exists and is not this provider's; delete it, or label it app.kubernetes.io/managed-by, souk.market/provider and souk.market/market as the agent's namespaces are"
    )]
    Foreign(String),
    /// A stored manifest that cannot be read, or has no group for the lease.
    #[error("the stored manifest of lease {0} does not fit; the tenant must send it again")]
    Manifest(OrderId),
}

/// A lease with all that the store has of it.
struct Known {
    lease: Lease,
    manifest: Option<ManifestRow>,
    reservation: Option<Reservation>,
    group: Option<String>,
}

impl Known {
    fn is_unpaid(&self, now: u64) -> bool {
        self.lease.state == LeaseState::Active && !self.lease.is_funded_at(now)
    }
}

impl Reconciler {
    /// Runs until `stop`.
    pub async fn run(self, stop: CancellationToken) {
        let topics = [Topic::Leases, Topic::Manifests, Topic::Cursor];
        let mut news = self.store.listen(&topics);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                // A step that has begun is finished or cut off by the process's end alone.
                round = self.round() => if let Err(error) = round {
                    tracing::error!(%error, "leases cannot be read from the store");
                },
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = news.changed() => {}
                () = self.caches.changed() => {}
                () = tokio::time::sleep(PULSE) => {}
            }
        }
    }

    /// Looks at every lease once and does the next step of each that needs one.
    pub async fn round(&self) -> Result<(), StoreError> {
        // Without a cluster to look at, or before the first block, there is nothing to judge by.
        if !self.caches.is_healthy() {
            return Ok(());
        }
        let Some(block_time) = self.store.block_time().await? else { return Ok(()) };
        let known = self.known().await?;
        let seen = &Snapshot::take(&self.caches);
        let mut orders = seen.orders();
        orders.extend(known.keys());
        stream::iter(orders)
            .for_each_concurrent(AT_ONCE, |order| {
                let known = known.get(&order);
                async move {
                    if let Err(error) = self.lease(order, known, block_time, seen).await {
                        tracing::warn!(%order, %error, "a lease's step failed; it is tried again");
                        self.progress.failed(order, error.to_string());
                    }
                }
            })
            .await;
        Ok(())
    }

    async fn known(&self) -> Result<BTreeMap<OrderId, Known>, StoreError> {
        self.store
            .read(|sql| {
                let mut known = BTreeMap::new();
                for lease in leases::all(sql)? {
                    let order = lease.order;
                    let manifest = manifests::get(sql, order)?;
                    let held = manifest.is_some() || !hostnames::of(sql, order)?.is_empty();
                    // Of an ended lease that left nothing there is nothing to look at.
                    if lease.state != LeaseState::Active && !held {
                        continue;
                    }
                    let reservation = reservations::get(sql, order)?;
                    let detail = orders::get(sql, order)?.and_then(|o| o.detail);
                    let group = detail.map(|detail| detail.spec.name);
                    known.insert(order, Known { lease, manifest, reservation, group });
                }
                Ok(known)
            })
            .await
    }

    async fn lease(
        &self,
        order: OrderId,
        known: Option<&Known>,
        now: u64,
        seen: &Snapshot,
    ) -> Result<(), StepError> {
        let namespace = self.scope.namespace(order);
        let observed = seen.lease(&self.progress, order, &namespace);
        self.watch_over_deletion(order, &namespace, observed.namespace, seen);
        if known.is_some_and(|known| known.is_unpaid(now)) && observed.namespace == Presence::Active
        {
            self.stop_workloads(order, &namespace).await?;
        }
        if self.progress.with(order, |progress| progress.is_paused(std::time::Instant::now())) {
            return Ok(());
        }
        let desired = match known {
            Some(known) => self.desired(known, now),
            None => self.desired_of_stranger(order).await,
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
                tracing::info!(%order, namespace, "lease has ended, its namespace is deleted");
                Ok(())
            }
            Some(Action::Forget { .. }) => self.forget(order).await,
        }
    }

    /// While nothing is paid nothing runs, whether or not its manifest is there and can be
    /// applied: that stops at the first object that Kubernetes refuses.
    async fn stop_workloads(&self, order: OrderId, namespace: &str) -> Result<(), StepError> {
        for (kind, name) in self.caches.running(namespace) {
            apply::scale_to_nothing(&self.client, namespace, kind, &name).await?;
            tracing::info!(%order, ?kind, name, "out of money, stopped");
        }
        Ok(())
    }

    /// A namespace that is not ours is never adopted, whatever its name.
    async fn refuse_foreign(&self, namespace: &str) -> Result<(), StepError> {
        match apply::is_foreign(&self.client, namespace, &self.scope).await? {
            true => Err(StepError::Foreign(namespace.to_owned())),
            false => Ok(()),
        }
    }

    /// Says what keeps a namespace that is being deleted: a finalizer can do so for ever, and
    /// only the cluster's owner can put that right.
    fn watch_over_deletion(
        &self,
        order: OrderId,
        namespace: &str,
        presence: Presence,
        seen: &Snapshot,
    ) {
        let remains = seen.remains(namespace).filter(|_| presence == Presence::Terminating);
        if self.progress.remains(order, remains)
            && let Some(remains) = remains
        {
            tracing::warn!(%order, namespace, remains, "a namespace is still being deleted");
        }
    }

    fn desired(&self, known: &Known, now: u64) -> Desired {
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

    /// A namespace of ours whose lease the store does not know: it may be that the store was
    /// lost or is behind, so only the chain's word counts.
    async fn desired_of_stranger(&self, order: OrderId) -> Desired {
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
        known: &Known,
        applied: Applied,
        seen: &Snapshot,
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
        let wanted = objects::all(&subject);
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
        tracing::info!(%order, running = applied.running, objects = wanted.len(), "lease applied");
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
        tracing::info!(%order, "nothing is left of the lease");
        Ok(())
    }
}

/// The group of the stored manifest that the lease is for.
fn group_of(known: &Known) -> Option<ManifestGroup> {
    let name = known.group.as_ref()?;
    let manifest: Manifest = serde_json::from_str(&known.manifest.as_ref()?.manifest).ok()?;
    manifest.0.into_iter().find(|group| group.name == *name)
}
