//! Brings a lease's objects into the cluster: each is tried even if another fails, and only what is not
//! there already is sent.

use std::time::Duration;

use souk_core::OrderId;
use souk_sdl::{Manifest, ManifestGroup};

use super::{
    progress::{AppliedAs, Progress},
    reconcile::{Reconciler, StepError},
    rollout::{Key, Rollout, claims_in_the_way, claims_of, rollout, to_prune},
    secrets::{listing, stale},
};
use crate::{
    cluster::kube::{
        apply::{self, Written},
        fingerprint::Fingerprint,
        message::{is_about_content, is_refusal, message},
        objects::{self, Kind, Object, Subject, secret_list},
        seen::LeaseObjects,
    },
    failpoint,
    model::{Lease, names::digest, placement::Placement, reconcile::Applied},
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
    /// Whether it refuses what the object has.
    refused: bool,
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
        let subject = Subject {
            order,
            scope: &self.scope,
            owner: wanted.lease.owner(),
            group: &wanted.group,
            placements: &wanted.placements,
            cluster: self.settled().await?,
            digests: &self.digests,
            running,
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
        };
        failpoint!("leases::before_apply");
        for key in &first {
            run.delete(key).await;
        }
        run.make_room_for_claims(&objects).await;
        // The namespace lists them until they are deleted, or a kill in between would lose them.
        let stale = stale(&objects, &known.objects);
        for object in &objects {
            match object.kind {
                Kind::Namespace => run.apply(&listing(object, &stale)).await,
                _ => run.apply(object).await,
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
        let Deployment { mut done, failures, .. } = run;
        let sent = done.len();
        let is_done = |key: &AppliedAs, done: &[AppliedAs]| {
            done.iter().any(|other| other.kind == key.kind && other.name == key.name)
        };
        // What failed is still as it was before.
        for object in before.objects.iter().filter(|_| !failures.is_empty()) {
            if !is_done(object, &done) {
                done.push(object.clone());
            }
        }
        let complete = failures.is_empty();
        let what = Applied { version: wanted.version, running };
        let row = self.progress.applied(order, complete.then_some(what), done);
        self.store.write(move |tx| applied::put(tx, &row)).await?;
        let refused = failures.iter().all(|failure| failure.refused);
        match failures
            .into_iter()
            .map(|failure| failure.message)
            .reduce(|all, one| all + "; " + &one)
        {
            Some(text) => Err(StepError::Objects { text, refused }),
            None => {
                tracing::info!(lease = %order, running, objects = sent, "lease applied");
                Ok(())
            }
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
    /// Applies an object, unless it is there as it was applied.
    async fn apply(&mut self, object: &Object) {
        let content = content(&object.dynamic(self.subject));
        if !self.again && self.is_there(object.kind, &object.name, content) {
            self.done.extend(self.before.object(object.kind, &object.name).cloned());
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

    /// A StatefulSet's claims cannot be changed. It is made again, and takes over the pods and claims
    /// that are there.
    async fn replace(
        &self,
        kind: Kind,
        name: &str,
        sent: &kube::api::DynamicObject,
    ) -> kube::Result<Written> {
        let client = &self.reconciler.client;
        apply::delete_leaving_pods(client, self.subject, kind, name).await?;
        // It is gone when its pods have no owner any more.
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

    /// Deletes claims that nothing wants, with what uses them, if they keep those that are wanted from
    /// being made.
    async fn make_room_for_claims(&mut self, objects: &[Object]) {
        let wanted = claims_of(objects);
        if wanted.is_empty() || self.seen.namespace().is_none() {
            return;
        }
        let client = &self.reconciler.client;
        let there = match apply::claims(client, self.subject).await {
            Ok(there) => there,
            Err(error) => {
                tracing::warn!(error = message(&error), "claims cannot be listed");
                return;
            }
        };
        let in_the_way = claims_in_the_way(&wanted, &there);
        if in_the_way.is_empty() {
            return;
        }
        let seen = self.seen.objects.iter().filter(|object| object.kind == Kind::StatefulSet);
        let wants = |name: &str| {
            objects.iter().any(|object| object.kind == Kind::StatefulSet && object.name == name)
        };
        let users: Vec<Key> =
            seen.filter(|set| !wants(&set.name)).map(|set| (set.kind, set.name.clone())).collect();
        for key in users {
            self.delete(&key).await;
        }
        for claim in in_the_way {
            match apply::delete_claim(client, self.subject, &claim).await {
                Ok(()) => tracing::info!(claim, "claim deleted: the manifest has other volumes"),
                Err(error) => {
                    tracing::warn!(claim, error = message(&error), "claim cannot be deleted");
                }
            }
        }
    }

    fn failed(&mut self, key: Key, what: &str, error: &kube::Error) {
        let (kind, name) = &key;
        let text = message(error);
        let kind = kind.gvk().kind.to_lowercase();
        tracing::debug!(action = what, %kind, %name, error = text, "object not applied or deleted");
        let answered = matches!(error, kube::Error::Api(_));
        let refused = is_about_content(error);
        let message = match is_refusal(error) {
            true => format!("Kubernetes refuses to {what} {kind}/{name}: {text}"),
            false => format!("Kubernetes did not {what} {kind}/{name}: {text}"),
        };
        self.failures.push(Failure { key, message, answered, refused });
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
