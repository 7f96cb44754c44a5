//! Tries a manifest before it is accepted: each object, and a bare pod of each template, is sent as a dry
//! run into a namespace of the agent's own. What is refused leaves nothing.

mod verdict;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::Arc,
    time::{Duration, Instant},
};

use futures::{StreamExt, stream};
use kube::{
    Api, Client,
    api::{ApiResource, DynamicObject, Patch, PatchParams, PostParams},
    core::GroupVersionKind,
};
use parking_lot::Mutex;
use souk_core::OrderId;
use tokio::sync::{OnceCell, RwLock, Semaphore};
use tokio_util::sync::CancellationToken;

use self::verdict::{Verdict, judge};
use crate::{
    cluster::{
        kube::{
            apply,
            message::message,
            objects::{self, Attempt, Kind, Subject},
            other_hosts::OtherHosts,
        },
        workloads::DryRunError,
    },
    config::Cluster,
    model::{discretion::Known, labels::MANAGER, names::digest, scope::MarketScope},
};

/// Manifests that are tried at once, and requests at once of each: 16 of the API server's hundreds.
const AT_ONCE: usize = 4;
const REQUESTS_AT_ONCE: usize = 4;
/// How long a manifest waits for its turn, and how long trying it may take. An ingress controller's
/// webhook may need a second for each host.
const TURN: Duration = Duration::from_secs(5);
const LIMIT: Duration = Duration::from_secs(18);
/// How long a refusal is repeated without asking again.
const REMEMBERED: Duration = Duration::from_secs(10);
/// The refusals that are named.
const MOST_NAMED: usize = 5;
/// The pause between attempts to make the namespace at the start.
const PAUSE: Duration = Duration::from_secs(5);

/// Tries manifests. Cheap to clone.
#[derive(Clone)]
pub struct DryRuns(Arc<Inner>);

struct Inner {
    client: Client,
    scope: MarketScope,
    cluster: Arc<Cluster>,
    others: OtherHosts,
    /// Set once the namespace for dry runs is there; a new one once it is gone.
    namespace: RwLock<Arc<OnceCell<()>>>,
    turns: Semaphore,
    /// Leases of which a manifest is tried now.
    tried: Mutex<HashSet<OrderId>>,
    /// What was refused just now.
    refused: Mutex<HashMap<OrderId, Refused>>,
}

struct Refused {
    manifest: u64,
    at: Instant,
    why: DryRunError,
}

/// The turn of a lease.
struct Turn<'a> {
    tried: &'a Mutex<HashSet<OrderId>>,
    order: OrderId,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.tried.lock().remove(&self.order);
    }
}

impl DryRuns {
    /// For a provider's leases in a market.
    pub fn new(
        client: Client,
        scope: MarketScope,
        cluster: Arc<Cluster>,
        others: OtherHosts,
    ) -> Self {
        Self(Arc::new(Inner {
            client,
            scope,
            cluster,
            others,
            namespace: RwLock::default(),
            turns: Semaphore::new(AT_ONCE),
            tried: Mutex::default(),
            refused: Mutex::default(),
        }))
    }

    /// Makes the namespace for dry runs, and ends with `stop`.
    pub async fn prepare(self, stop: CancellationToken) {
        let made = async {
            while let Err(error) = self.0.make_namespace().await {
                tracing::warn!(%error, "the namespace for dry runs of manifests cannot be made, retrying");
                tokio::time::sleep(PAUSE).await;
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = made => {}
        }
        stop.cancelled().await;
    }

    /// Tries a manifest, with the hosts that its tenant chose.
    ///
    /// # Errors
    ///
    /// If the cluster would refuse it, or cannot say.
    pub async fn run(&self, subject: &Subject<'_>, hosts: &[String]) -> Result<(), DryRunError> {
        let (order, inner) = (subject.order, &self.0);
        if !inner.tried.lock().insert(order) {
            return Err(DryRunError::Busy(order));
        }
        let _turn = Turn { tried: &inner.tried, order };
        let manifest = digest(&[&serde_json::to_string(subject.group).unwrap_or_default()]);
        if let Some(why) = inner.refused_before(order, manifest) {
            return Err(why);
        }
        let late = |what: &str, limit: Duration| {
            DryRunError::Late(format!("{what} within {} seconds", limit.as_secs()))
        };
        let turn = tokio::time::timeout(TURN, inner.turns.acquire()).await;
        let Ok(Ok(_permit)) = turn else {
            return Err(late("too many manifests are being checked; no turn came", TURN));
        };
        let tried = tokio::time::timeout(LIMIT, inner.try_all(subject, hosts)).await;
        let tried =
            tried.unwrap_or_else(|_| Err(late("the cluster did not check the manifest", LIMIT)));
        if let Err(why @ (DryRunError::Refused(_) | DryRunError::HostInUse(_))) = &tried {
            inner.remember(order, manifest, why);
        }
        tried
    }
}

impl Inner {
    fn refused_before(&self, order: OrderId, manifest: u64) -> Option<DryRunError> {
        let mut refused = self.refused.lock();
        refused.retain(|_, one| one.at.elapsed() < REMEMBERED);
        refused.get(&order).filter(|one| one.manifest == manifest).map(|one| one.why.clone())
    }

    fn remember(&self, order: OrderId, manifest: u64, why: &DryRunError) {
        let (at, why) = (Instant::now(), why.clone());
        self.refused.lock().insert(order, Refused { manifest, at, why });
    }

    async fn try_all(&self, subject: &Subject<'_>, hosts: &[String]) -> Result<(), DryRunError> {
        if !hosts.is_empty() {
            let taken = self.others.find(hosts).await.map_err(DryRunError::Unavailable)?;
            if let Some(host) = taken {
                return Err(DryRunError::HostInUse(host.to_owned()));
            }
        }
        let attempts = objects::attempts(subject);
        if let Some(name) = same_name(&attempts) {
            return Err(DryRunError::Refused(format!("two objects would be named {name}")));
        }
        let mut answers = stream::iter(attempts)
            .map(|attempt| async move { (self.attempt(&attempt).await, attempt) })
            .buffered(REQUESTS_AT_ONCE);
        let mut refusals = BTreeSet::new();
        while let Some((verdict, attempt)) = answers.next().await {
            match verdict {
                Verdict::Fine => {}
                Verdict::Refused(why) => drop(refusals.insert(attempt.refused(&why))),
                Verdict::NoNamespace(why) | Verdict::Unknown(why) => {
                    tracing::warn!(lease = %subject.order, why, "a manifest cannot be tried");
                    return Err(DryRunError::Unavailable(why));
                }
            }
            if refusals.len() == MOST_NAMED {
                break;
            }
        }
        if refusals.is_empty() {
            return Ok(());
        }
        Err(DryRunError::Refused(refusals.into_iter().collect::<Vec<_>>().join("; ")))
    }

    /// Tries one object; again if the namespace was gone.
    async fn attempt(&self, attempt: &Attempt) -> Verdict {
        match self.attempt_once(attempt).await {
            Verdict::NoNamespace(_) => {
                *self.namespace.write().await = Arc::default();
                self.attempt_once(attempt).await
            }
            verdict => verdict,
        }
    }

    async fn attempt_once(&self, attempt: &Attempt) -> Verdict {
        if let Err(error) = self.make_namespace().await {
            return Verdict::Unknown(error);
        }
        match self.send(attempt).await {
            Ok(()) => Verdict::Fine,
            Err(error) => judge(attempt.kind, &error, &self.scope),
        }
    }

    async fn send(&self, attempt: &Attempt) -> kube::Result<()> {
        let namespace = self.scope.dry_run_namespace();
        let api = |resource: &ApiResource| -> Api<DynamicObject> {
            Api::namespaced_with(self.client.clone(), &namespace, resource)
        };
        match attempt.kind {
            // A Secret is never patched, since a patch answers with it.
            Some(Kind::Secret) => {
                let params = PostParams { dry_run: true, ..PostParams::default() };
                let secrets = api(&Kind::Secret.resource());
                secrets.create(&params, &attempt.object).await.map(drop)
            }
            Some(kind) => {
                let params = PatchParams { dry_run: true, ..PatchParams::apply(MANAGER).force() };
                let patch = Patch::Apply(&attempt.object);
                api(&kind.resource()).patch(&attempt.name, &params, &patch).await.map(drop)
            }
            None => {
                let pods = ApiResource::from_gvk(&GroupVersionKind::gvk("", "v1", "Pod"));
                let params = PostParams { dry_run: true, ..PostParams::default() };
                api(&pods).create(&params, &attempt.object).await.map(drop)
            }
        }
    }

    /// Makes the namespace for dry runs and what is in it, if it is not there. One that is not the agent's
    /// is not used.
    async fn make_namespace(&self) -> Result<(), String> {
        let made = self.namespace.read().await.clone();
        made.get_or_try_init(|| self.make_namespace_now()).await.copied()
    }

    async fn make_namespace_now(&self) -> Result<(), String> {
        let name = self.scope.dry_run_namespace();
        let objects = objects::dry_run_namespace_objects(&self.scope, &self.cluster);
        let there =
            apply::labels_of_namespace(&self.client, &name).await.map_err(|e| message(&e))?;
        if let Some(labels) = &there {
            if !self.scope.owns(Some(labels)) {
                return Err(format!(
                    "namespace {name} exists and is not this provider's; delete it"
                ));
            }
            let wanted = objects[0].1.metadata.labels.iter().flatten();
            let mut same = wanted.map(|(key, value)| labels.get(key) == Some(value));
            if same.all(|same| same) && self.has_account(&name).await? {
                return Ok(());
            }
        }
        for (kind, object) in &objects {
            apply::apply_anywhere(&self.client, *kind, object).await.map_err(|e| message(&e))?;
        }
        tracing::info!(namespace = name, "namespace for dry runs of manifests is there");
        Ok(())
    }

    async fn has_account(&self, namespace: &str) -> Result<bool, String> {
        let resource = Kind::ServiceAccount.resource();
        let api: Api<DynamicObject> =
            Api::namespaced_with(self.client.clone(), namespace, &resource);
        let wanted = kube::api::ListParams::default().labels(&self.scope.selector());
        let found = api.list_metadata(&wanted).await.map_err(|error| message(&error))?;
        Ok(!found.items.is_empty())
    }
}

impl Attempt {
    /// What is refused, for whom, and why, as its tenant may read it.
    fn refused(&self, why: &str) -> String {
        let object = serde_json::to_string(&self.object).unwrap_or_default();
        let why = Known::of(object).discreet(why);
        let kind = self.kind.map_or("pod".to_owned(), |kind| kind.gvk().kind.to_lowercase());
        match &self.service {
            Some(service) => format!("service `{service}`: {kind} {}: {why}", self.name),
            None => format!("{kind} {}: {why}", self.name),
        }
    }
}

/// Two objects of one kind and name, if there are such.
fn same_name(attempts: &[Attempt]) -> Option<String> {
    let mut counts: BTreeMap<(Option<Kind>, &str), usize> = BTreeMap::new();
    for attempt in attempts {
        *counts.entry((attempt.kind, &attempt.name)).or_default() += 1;
    }
    let ((kind, name), _) = counts.into_iter().find(|(_, count)| *count > 1)?;
    let kind = kind.map_or("pod".to_owned(), |kind| kind.gvk().kind.to_lowercase());
    Some(format!("{kind} {name}"))
}
