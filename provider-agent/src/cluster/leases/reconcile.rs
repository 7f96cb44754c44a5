//! The work on one lease: observe, [`plan`], act.

use std::{sync::Arc, time::Instant};

use kube::Client;
use souk_core::OrderId;
use thiserror::Error;
use tokio::sync::OnceCell;

use super::{
    clock::SteadyClock,
    index::LeaseIndex,
    metrics::LeaseMetrics,
    observe::{assume_unseen, observed},
    progress::ProgressMap,
    release::release_held,
    secrets::{add_listed, remove_lost},
};
use crate::{
    cluster::kube::{
        apply,
        cache::{Caches, Watched},
        client::Acting,
        fence::Fence,
        message::{is_about_content, message},
        objects::{Kind, recipe},
        seen::LeaseObjects,
        user_namespaces,
        view::LeaseView,
    },
    config::Cluster,
    failpoint,
    model::{
        DigestKey,
        interfaces::LeaseLookup,
        placement::Unreserved,
        reconcile::{Action, Desired, Presence, plan},
        scope::MarketScope,
    },
    store::{KeepsVolumes, LeaseSummary, Store, StoreError, applied, kept_volumes},
};

/// Reconciles the cluster with the leases.
#[derive(Clone)]
pub struct Reconciler {
    /// The API server.
    pub client: Client,
    /// Whether the agent may act: no work is begun while it is closed.
    pub fence: Fence,
    /// What is seen of the leases' objects.
    pub caches: Caches,
    /// The store, which has the leases and manifests.
    pub store: Store,
    /// The chain, asked about namespaces whose lease the store does not have.
    pub lookup: Arc<dyn LeaseLookup>,
    /// The cluster's configuration.
    pub cluster: Arc<Cluster>,
    /// The same, once it is known what the nodes can do; then for as long as this process runs, so that
    /// no pod is made again for a node that comes or goes.
    pub settled: Arc<OnceCell<Cluster>>,
    /// The key of digests of what is secret.
    pub digests: Arc<DigestKey>,
    /// The provider and market of the leases.
    pub scope: MarketScope,
    /// By which volumes are kept.
    pub(super) clock: SteadyClock,
    /// What was done so far.
    pub progress: ProgressMap,
    /// The leases of the store.
    pub index: LeaseIndex,
    /// What is counted.
    pub metrics: LeaseMetrics,
    /// By which objects are made of manifests.
    pub recipe: u64,
}

/// Why a step failed.
#[derive(Debug, Error)]
pub enum StepError {
    /// The API server refused or did not answer.
    #[error("Kubernetes: {}", message(.0))]
    Kube(#[from] kube::Error),
    /// Objects could not be applied or deleted.
    #[error("{text}")]
    Objects {
        /// Which, and why.
        text: String,
        /// Whether Kubernetes refuses each of them for what it has.
        refused: bool,
    },
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A namespace of the lease's name exists and is not this provider's.
    #[error(
        "namespace {0} exists and is not this provider's; delete it, or label it app.kubernetes.io/managed-by, souk.market/provider and souk.market/market as the agent's namespaces are"
    )]
    Foreign(String),
    /// Replicas with volumes wait for others.
    #[error("{0}")]
    Waits(String),
    /// The GPUs that the manifest asks for are not reserved.
    #[error(transparent)]
    Unreserved(#[from] Unreserved),
    /// The stored manifest cannot be read or does not have the lease's group.
    #[error("the stored manifest of lease {0} cannot be used; the tenant must send it again")]
    Manifest(OrderId),
}

impl StepError {
    /// Whether it is the lease's own doing and nothing that the operator can change: its tenant sees it.
    fn is_of_lease(&self) -> bool {
        match self {
            Self::Kube(error) => is_about_content(error),
            Self::Objects { refused, .. } => *refused,
            Self::Manifest(_) | Self::Waits(_) => true,
            Self::Store(_) | Self::Foreign(_) | Self::Unreserved(_) => false,
        }
    }
}

/// How the work on a lease ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Worked {
    /// The cluster is as desired, or a step was taken.
    Done,
    /// It is to be looked at again after a time.
    Again(std::time::Duration),
    /// A step failed.
    Failed,
    /// Kubernetes refuses what the lease's manifest asks for.
    Refused,
    /// Nothing can be judged while namespaces are not seen.
    Blind,
}

/// Whether all that is known of a lease is that it ended, as after the store was lost: one node's list says
/// so. Volumes are kept only after the end was confirmed.
fn is_only_listed(lease: &LeaseSummary) -> bool {
    !lease.is_active() && lease.manifest.is_none() && lease.keeps_volumes != KeepsVolumes::Confirmed
}

/// When a namespace whose lease the chain has, but the store does not, is looked at again.
const UNKNOWN: std::time::Duration = std::time::Duration::from_secs(600);
/// When it is, if the chain could not be asked.
const UNANSWERED: std::time::Duration = std::time::Duration::from_secs(15);

impl Reconciler {
    /// A reconciler of a provider's leases in a market.
    pub fn new(
        acting: Acting,
        caches: Caches,
        store: Store,
        lookup: Arc<dyn LeaseLookup>,
        cluster: Arc<Cluster>,
        digests: Arc<DigestKey>,
        scope: MarketScope,
    ) -> Self {
        let recipe = recipe(&cluster, &scope);
        let (progress, index) = (ProgressMap::default(), LeaseIndex::default());
        let metrics = LeaseMetrics::default();
        Self {
            client: acting.client,
            fence: acting.fence,
            caches,
            store,
            lookup,
            cluster,
            settled: Arc::default(),
            digests,
            scope,
            clock: SteadyClock::start(),
            progress,
            index,
            metrics,
            recipe,
        }
    }

    /// Takes the next step of a lease. With `again`, all of it is applied whatever is seen.
    pub(super) async fn work(&self, order: OrderId, block_time: u64, again: bool) -> Worked {
        let stepped = async {
            let view = LeaseView::of(order, &self.caches, &self.client).await?;
            match view.sees(Watched::Kind(Kind::Namespace)) {
                true => self.step(order, block_time, again, view).await,
                false => Ok(Worked::Blind),
            }
        };
        match stepped.await {
            Ok(Worked::Blind) => Worked::Blind,
            Ok(worked) => {
                self.progress.succeeded(order);
                worked
            }
            Err(waits @ StepError::Unreserved(_)) => {
                tracing::warn!(reason = %waits, "GPUs of the lease are not reserved, waiting");
                self.progress.waits(order, waits.to_string(), false);
                Worked::Done
            }
            Err(StepError::Waits(what)) => {
                tracing::debug!(what, "replicas of the lease wait for others");
                Worked::Again(self.progress.waits(order, what, true))
            }
            Err(error) => {
                let refused = error.is_of_lease();
                self.progress.failed(order, error.to_string(), refused);
                if refused {
                    tracing::info!(%error, "a lease's manifest cannot be applied, retrying");
                    return Worked::Refused;
                }
                tracing::warn!(%error, "reconciling a lease failed, retrying");
                Worked::Failed
            }
        }
    }

    async fn step(
        &self,
        order: OrderId,
        now: u64,
        again: bool,
        view: LeaseView,
    ) -> Result<Worked, StepError> {
        let namespace = self.scope.namespace(order);
        let lease = self.index.get(order);
        let progress = self.progress.get(order);
        let unseen_kinds = view.unseen_kinds();
        let LeaseView { objects: mut seen, unseen } = view;
        add_listed(&mut seen);
        let mut seen = assume_unseen(seen, &progress, &unseen_kinds);
        let lost = remove_lost(&mut seen, &progress, Instant::now());
        let observed = observed(&progress, &seen, again, Instant::now());
        self.report_deletion(order, &namespace, &seen);
        let unpaid = lease.as_ref().is_some_and(|one| one.is_active() && !one.funds.last_at(now));
        if unpaid && observed.namespace == Presence::Active {
            self.stop_workloads(&namespace, &seen).await?;
        }
        let runs_again =
            |one: &LeaseSummary| one.is_active() && one.keeps_volumes != KeepsVolumes::No;
        if lease.as_ref().is_some_and(|one| runs_again(one) && one.reservation.is_some()) {
            // Its end was believed wrongly: its volumes are used again. Until it has a reservation they
            // count as kept, so that nobody else gets their place.
            self.store.write(move |tx| kept_volumes::forget(tx, order)).await?;
            tracing::info!("lease runs after all, its volumes are not given up");
        }
        let desired = match &lease {
            Some(lease) if !is_only_listed(lease) || observed.namespace != Presence::Active => {
                self.desired(lease, now)
            }
            None if observed.namespace == Presence::Absent => {
                return self.nothing_left(order).await;
            }
            // The store may have been lost or be behind, so the chain is asked.
            _ => match self.lookup.is_active(order).await {
                Some(false) => Desired::Gone,
                Some(true) => return Ok(Worked::Again(UNKNOWN)),
                None => return Ok(Worked::Again(UNANSWERED)),
            },
        };
        match plan(desired, observed) {
            None => {}
            Some(Action::Apply { running }) => {
                if observed.namespace == Presence::Absent {
                    self.refuse_foreign(&namespace).await?;
                }
                self.deploy(order, running, (&seen, &unseen), again).await?;
            }
            Some(Action::TearDown) => {
                if let Some(wait) = self.end(order, &seen).await? {
                    return Ok(Worked::Again(wait));
                }
            }
            Some(Action::Forget) => self.forget(order, lease.as_ref()).await?,
        }
        // What the caches do not show yet is compared when they do.
        let delay = self.progress.get(order).cache_delay(Instant::now());
        self.progress.secrets(order, lost);
        let next = [delay, lost.wait()].into_iter().flatten().min();
        Ok(next.map_or(Worked::Done, Worked::Again))
    }

    /// The cluster's configuration, with what depends on its nodes.
    pub(super) async fn settled(&self) -> Result<&Cluster, StepError> {
        let settle = || user_namespaces::settled(&self.client, &self.cluster);
        Ok(self.settled.get_or_try_init(settle).await?)
    }

    fn desired(&self, lease: &LeaseSummary, now: u64) -> Desired {
        if !lease.is_active() {
            return Desired::Gone;
        }
        match lease.version(self.recipe) {
            None => Desired::Waiting,
            Some(version) if lease.funds.last_at(now) => Desired::Running { version },
            Some(version) => Desired::Suspended { version },
        }
    }

    /// Stops the workloads of an unpaid lease, even if its manifest is missing or cannot be applied.
    async fn stop_workloads(&self, namespace: &str, seen: &LeaseObjects) -> Result<(), StepError> {
        for workload in seen.running() {
            let (kind, name) = (workload.kind, &workload.name);
            apply::scale_to_zero(&self.client, namespace, kind, name).await?;
            tracing::info!(?kind, %name, "account depleted, workload scaled to zero");
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

    /// Records what blocks the deletion of a namespace: a pod that does not end, or a finalizer, until
    /// the cluster's administrator removes it.
    fn report_deletion(&self, order: OrderId, namespace: &str, seen: &LeaseObjects) {
        let blocked_by = seen.blocked_by();
        if self.progress.set_blocked_by(order, blocked_by.clone())
            && let Some(blocked_by) = blocked_by
        {
            tracing::info!(namespace, blocked_by, "namespace of the lease is not deleted yet");
        }
    }

    /// A lease of which neither store nor cluster has anything.
    async fn nothing_left(&self, order: OrderId) -> Result<Worked, StepError> {
        self.progress.forget(order);
        if self.store.read(move |sql| kept_volumes::get(sql, order)).await?.is_some() {
            self.store.write(move |tx| kept_volumes::forget(tx, order)).await?;
        }
        Ok(Worked::Done)
    }

    async fn forget(&self, order: OrderId, lease: Option<&LeaseSummary>) -> Result<(), StepError> {
        let holds = lease.is_some_and(LeaseSummary::holds_something);
        if !holds && !self.progress.contains(order) {
            return Ok(());
        }
        self.store
            .write(move |tx| {
                release_held(tx, order)?;
                applied::forget(tx, order)?;
                kept_volumes::forget(tx, order)
            })
            .await?;
        failpoint!("leases::after_forget");
        self.progress.forget(order);
        tracing::info!("lease removed from the cluster");
        Ok(())
    }
}
