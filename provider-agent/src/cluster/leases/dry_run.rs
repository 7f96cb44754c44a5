//! Tries a manifest before it is accepted: each object, and a bare pod of each template, is sent as a dry
//! run into a namespace of the agent's own. What is refused leaves nothing.

mod namespace;
mod remembered;
mod turns;
mod verdict;
mod watch;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::{Duration, Instant},
};

use futures::{StreamExt, stream};
use kube::{
    Api, Client,
    api::{ApiResource, DynamicObject, Patch, PatchParams, PostParams},
    core::GroupVersionKind,
};
use tokio::sync::Notify;

use self::{
    namespace::Namespace,
    remembered::{LATE, Remembered, repeated_for},
    turns::{NoTurn, Turns},
    verdict::{Verdict, judge},
};
use crate::{
    cluster::{
        kube::{
            collision::outlast,
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
/// The refusals that are named.
const MOST_NAMED: usize = 5;

/// Tries manifests. Cheap to clone.
#[derive(Clone)]
pub struct DryRuns(Arc<Inner>);

struct Inner {
    client: Client,
    scope: MarketScope,
    cluster: Arc<Cluster>,
    others: OtherHosts,
    namespace: Namespace,
    turns: Turns,
    /// What is answered without asking.
    remembered: Remembered,
    /// A manifest could not be tried: is it the manifest, or can none be?
    asked: Notify,
}

impl DryRuns {
    /// For a provider's leases in a market.
    pub fn new(
        client: Client,
        scope: MarketScope,
        cluster: Arc<Cluster>,
        others: OtherHosts,
    ) -> Self {
        let namespace = Namespace::new(client.clone(), scope.clone(), Arc::clone(&cluster));
        Self(Arc::new(Inner {
            client,
            scope,
            cluster,
            others,
            namespace,
            turns: Turns::new(AT_ONCE, TURN),
            remembered: Remembered::default(),
            asked: Notify::new(),
        }))
    }

    /// Tries a manifest, with the hosts that its tenant chose.
    ///
    /// # Errors
    ///
    /// If the cluster would refuse it, or cannot say.
    pub async fn run(&self, subject: &Subject<'_>, hosts: &[String]) -> Result<(), DryRunError> {
        let (order, inner) = (subject.order, &self.0);
        let manifest = digest(&[&serde_json::to_string(subject.group).unwrap_or_default()]);
        if let Some(why) = inner.remembered.answer(order, manifest, Instant::now()) {
            return Err(why);
        }
        let turn = inner.turns.take(order, subject.owner.tenant).await;
        let _turn = turn.map_err(|why| match why {
            NoTurn::SameLease => DryRunError::Busy(order),
            NoTurn::Late => DryRunError::Crowded,
        })?;
        let tried = tokio::time::timeout(LIMIT, inner.try_all(subject, hosts)).await;
        let late = || Err(DryRunError::Late { seconds: LIMIT.as_secs(), again: LATE });
        let tried = tried.unwrap_or_else(|_| late());
        if let Err(why) = &tried {
            if let Some(time) = repeated_for(why) {
                inner.remembered.repeat(order, manifest, why, Instant::now() + time);
            }
            if matches!(why, DryRunError::Unavailable(_) | DryRunError::Late { .. }) {
                inner.asked.notify_one();
            }
        }
        tried
    }
}

impl Inner {
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
                self.namespace.doubt().await;
                self.attempt_once(attempt).await
            }
            verdict => verdict,
        }
    }

    async fn attempt_once(&self, attempt: &Attempt) -> Verdict {
        if let Err(error) = self.namespace.make().await {
            return Verdict::Unknown(error);
        }
        match outlast(|| self.send(attempt)).await {
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
}

impl Attempt {
    /// What is refused, for whom, and why.
    fn named(&self, why: &str) -> String {
        let kind = self.kind.map_or("pod".to_owned(), |kind| kind.gvk().kind.to_lowercase());
        match &self.service {
            Some(service) => format!("service `{service}`: {kind} {}: {why}", self.name),
            None => format!("{kind} {}: {why}", self.name),
        }
    }

    /// The same as its tenant may read it.
    fn refused(&self, why: &str) -> String {
        let object = serde_json::to_string(&self.object).unwrap_or_default();
        self.named(&Known::of(object).discreet(why))
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
