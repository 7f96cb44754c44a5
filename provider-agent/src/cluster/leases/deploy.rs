//! Brings a lease's objects into the cluster: each is tried even if another fails, and only what is not
//! there already is sent.

use std::{collections::BTreeSet, time::Duration};

use souk_core::OrderId;
use souk_sdl::{Manifest, ManifestGroup, Storage};

use super::{
    progress::{AppliedAs, Progress},
    reconcile::{Reconciler, StepError},
    replicas::{Other, waits_for},
    rollout::{Key, Rollout, rollout, to_prune},
    secrets::{listing, stale},
};
use crate::{
    cluster::kube::{
        apply::{self, Written},
        cache::Watched,
        fingerprint::Fingerprint,
        message::{is_refusal, message},
        objects::{self, Kind, Object, Subject, secret_list},
        seen::LeaseObjects,
    },
    failpoint,
    model::{Lease, names::digest, placement::Placement, reconcile::Applied, volumes::Claim},
    store::{StoreError, applied, lease_summaries, leases, manifests, reservations},
};

/// How often, and after what pause, it is looked whether an object that is replaced is gone. Then it is
/// applied, and if that fails, tried again like everything else.
const REPLACE_CHECKS: u32 = 50;
const REPLACE_PAUSE: Duration = Duration::from_millis(100);

/// What is to run, as the store has it at one moment.
struct Wanted {
    lease: Lease,
    group: ManifestGroup,
    placements: Vec<Placement>,
    version: u64,
}

/// An object that could not be applied or deleted.
struct Failure {
    key: Key,
    message: String,
    /// Whether the API server answered: otherwise the next object fails in the same way.
    answered: bool,
}

/// One run over the objects of a lease.
struct Deployment<'a> {
    reconciler: &'a Reconciler,
    subject: &'a Subject<'a>,
    seen: &'a LeaseObjects,
    before: &'a Progress,
    /// Everything is sent, whatever is there.
    again: bool,
    done: Vec<AppliedAs>,
    failures: Vec<Failure>,
    /// Services of which a replica with volumes was changed while it was ready.
    rolling: BTreeSet<String>,
    /// What replicas wait for.
    waits: Vec<String>,
}

impl Reconciler {
    /// Applies all objects of a lease and deletes those that are not wanted any more.
    pub(super) async fn deploy(
        &self,
        order: OrderId,
        running: bool,
        seen: &LeaseObjects,
        again: bool,
    ) -> Result<(), StepError> {
        let Some(wanted) = self.wanted(order).await? else { return Ok(()) };
        let claims = self.claims(order, &wanted.group).await?;
        let subject = Subject {
            order,
            scope: &self.scope,
            owner: wanted.lease.owner(),
            group: &wanted.group,
            placements: &wanted.placements,
            cluster: self.settled().await?,
            digests: &self.digests,
            running,
            claims: &claims,
        };
        let objects = objects::all(&subject)?;
        let before = self.progress.get(order);
        let known = before.known(seen);
        let Rollout { first, objects } = rollout(objects, &known.objects);
        let mut run = Deployment {
            reconciler: self,
            subject: &subject,
            seen,
            before: &before,
            again,
            done: Vec::new(),
            failures: Vec::new(),
            rolling: BTreeSet::new(),
            waits: Vec::new(),
        };
        failpoint!("leases::before_apply");
        for key in &first {
            run.delete(key).await;
        }
        // The namespace lists them until they are deleted, or a kill in between would lose them.
        let stale = stale(&objects, &known.objects);
        for object in &objects {
            match object.kind {
                Kind::Namespace => run.apply(&listing(object, &stale), &objects).await,
                _ => run.apply(object, &objects).await,
            }
            // Without the namespace, or an answer, no other can be.
            let last = run.failures.last();
            if last.is_some_and(|one| !one.answered || one.key.0 == Kind::Namespace) {
                break;
            }
        }
        failpoint!("leases::after_apply");
        if run.failures.iter().all(|failure| failure.answered) {
            let failed: Vec<Key> = run.failures.iter().map(|one| one.key.clone()).collect();
            let there = if failed.is_empty() { &known.objects } else { &seen.objects };
            let gone = |key: &Key| first.contains(key);
            for key in to_prune(&objects, &failed, there).into_iter().filter(|key| !gone(key)) {
                run.delete(&key).await;
            }
        }
        failpoint!("leases::after_prune");
        let namespace = objects.iter().find(|object| object.kind == Kind::Namespace);
        if let Some(namespace) = namespace.filter(|_| !stale.is_empty() && run.failures.is_empty())
        {
            run.done.retain(|done| done.kind != Kind::Namespace);
            run.send(namespace).await;
        }
        let Deployment { mut done, failures, waits, .. } = run;
        let sent = done.len();
        let is_done = |key: &AppliedAs, done: &[AppliedAs]| {
            done.iter().any(|other| other.kind == key.kind && other.name == key.name)
        };
        let complete = failures.is_empty() && waits.is_empty();
        // What failed or waits is still as it was before.
        for object in before.objects.iter().filter(|_| !complete) {
            if !is_done(object, &done) {
                done.push(object.clone());
            }
        }
        let what = Applied { version: wanted.version, running };
        let row = self.progress.applied(order, complete.then_some(what), done);
        self.store.write(move |tx| applied::put(tx, &row)).await?;
        match failures
            .into_iter()
            .map(|failure| failure.message)
            .reduce(|all, one| all + "; " + &one)
        {
            Some(messages) => Err(StepError::Objects(messages)),
            None if !complete => Err(StepError::Waits(waits.join("; "))),
            None => {
                tracing::info!(lease = %order, running, objects = sent, "lease applied");
                Ok(())
            }
        }
    }

    /// The claims in a lease's namespace, if its group has volumes that outlive pods.
    async fn claims(
        &self,
        order: OrderId,
        group: &ManifestGroup,
    ) -> Result<Vec<Claim>, kube::Error> {
        let mut volumes = group.services.iter().flat_map(|service| &service.resources.storage);
        match volumes.any(Storage::is_persistent) {
            true => apply::claims(&self.client, &self.scope.namespace(order)).await,
            false => Ok(Vec::new()),
        }
    }

    /// What is to run; none if the lease has no manifest any more.
    async fn wanted(&self, order: OrderId) -> Result<Option<Wanted>, StepError> {
        let read = self
            .store
            .read(move |sql| {
                let summary = lease_summaries::get(sql, order)?.zip(leases::get(sql, order)?);
                let (manifest, reservation) =
                    (manifests::get(sql, order)?, reservations::get(sql, order)?);
                Ok::<_, StoreError>(
                    summary.zip(manifest).map(|(known, row)| (known, row, reservation)),
                )
            })
            .await?;
        let Some(((summary, lease), row, reservation)) = read else { return Ok(None) };
        let (Some(version), Some(name)) = (summary.version(self.recipe), summary.group) else {
            return Ok(None);
        };
        let manifest: Option<Manifest> = serde_json::from_str(&row.manifest).ok();
        let mut groups = manifest.into_iter().flat_map(|manifest| manifest.0);
        let group = groups.find(|group| *group.name == *name).ok_or(StepError::Manifest(order))?;
        let placements = reservation.map(|row| row.placements).unwrap_or_default();
        Ok(Some(Wanted { lease, group, placements, version }))
    }
}

impl Deployment<'_> {
    /// Applies an object, unless it is there as it was applied, or another replica is to come first.
    async fn apply(&mut self, object: &Object, all: &[Object]) {
        let content = content(&object.dynamic(self.subject));
        if !self.again && self.is_there(object.kind, &object.name, content) {
            self.done.extend(self.before.object(object.kind, &object.name).cloned());
            return;
        }
        if object.kind == Kind::StatefulSet && self.waits(object, all).await {
            return;
        }
        self.send(object).await;
    }

    /// Applies an object.
    async fn send(&mut self, object: &Object) {
        let (kind, name): (Kind, Box<str>) = (object.kind, object.name.as_str().into());
        let sent = object.dynamic(self.subject);
        let content = content(&sent);
        let client = &self.reconciler.client;
        let mut applied = apply::apply(client, self.subject, kind, &sent).await;
        if kind == Kind::StatefulSet && applied.as_ref().is_err_and(is_immutable) {
            applied = self.replace(kind, &name, &sent).await;
        }
        match applied {
            Ok(Written { fingerprint, generation }) => {
                let fingerprint = match kind {
                    Kind::Secret => Fingerprint(secret_list::digest(self.subject, object)),
                    _ => fingerprint,
                };
                self.done.push(AppliedAs { kind, name, content, fingerprint, generation });
                failpoint!("leases::after_object");
            }
            Err(error) => self.failed((kind, name), "apply", &error),
        }
    }

    /// Whether a replica with volumes waits for others.
    async fn waits(&mut self, object: &Object, all: &[Object]) -> bool {
        let pods_are_seen = self.reconciler.caches.is_up(Watched::Pods);
        let there = self.subject.claims;
        let other = waits_for(object, self.seen, &self.rolling, there, pods_are_seen);
        let Some(other) = other else {
            let ready = self.seen.replicas(Kind::StatefulSet, &object.name);
            if ready.is_some_and(|replicas| replicas.ready > 0) {
                self.rolling.extend(object.service.clone());
            }
            return false;
        };
        self.waits.push(other.to_string());
        // One of an older agent that nothing wants any more.
        if let Other::Holds { set: Some(set), .. } = other
            && !all.iter().any(|one| one.kind == Kind::StatefulSet && *one.name == *set)
            && self.seen.find(Kind::StatefulSet, &set).is_some_and(|one| !one.terminating)
        {
            self.delete(&(Kind::StatefulSet, set)).await;
        }
        true
    }

    /// A StatefulSet of an older agent, which has templates of claims and the service as selector: neither
    /// can be changed. It is made again, and its claims stay. Its pod has the same name, so that the new
    /// one cannot begin before it has ended.
    async fn replace(
        &self,
        kind: Kind,
        name: &str,
        sent: &kube::api::DynamicObject,
    ) -> kube::Result<Written> {
        let client = &self.reconciler.client;
        apply::delete(client, self.subject, kind, name).await?;
        let is_there =
            || self.reconciler.caches.lease(self.subject.order).find(kind, name).is_some();
        for _ in 0..REPLACE_CHECKS {
            tokio::time::sleep(REPLACE_PAUSE).await;
            if !is_there() {
                break;
            }
        }
        apply::apply(client, self.subject, kind, sent).await
    }

    fn is_there(&self, kind: Kind, name: &str, content: u64) -> bool {
        let (Some(before), Some(seen)) =
            (self.before.object(kind, name), self.seen.find(kind, name))
        else {
            return false;
        };
        before.content == content && seen.fingerprint == before.fingerprint && !seen.terminating
    }

    async fn delete(&mut self, key: &Key) {
        let (kind, name) = key;
        let done = apply::delete(&self.reconciler.client, self.subject, *kind, name).await;
        match done {
            Ok(()) => tracing::info!(?kind, %name, "object deleted"),
            Err(error) => self.failed(key.clone(), "delete", &error),
        }
    }

    fn failed(&mut self, key: Key, what: &str, error: &kube::Error) {
        let (kind, name) = &key;
        let text = message(error);
        let kind = kind.gvk().kind.to_lowercase();
        tracing::debug!(action = what, %kind, %name, error = text, "object not applied or deleted");
        let answered = matches!(error, kube::Error::Api(_));
        let message = match is_refusal(error) {
            true => format!("Kubernetes refuses to {what} {kind}/{name}: {text}"),
            false => format!("Kubernetes did not {what} {kind}/{name}: {text}"),
        };
        self.failures.push(Failure { key, message, answered });
    }
}

/// Identifies what is sent.
fn content(sent: &kube::api::DynamicObject) -> u64 {
    digest(&[&serde_json::to_string(sent).unwrap_or_default()])
}

/// Whether an object is refused since a part of it cannot be changed.
fn is_immutable(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status) if status.code == 422 && status.message.contains("updates to statefulset spec"))
}
