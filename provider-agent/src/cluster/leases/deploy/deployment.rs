//! One run over the objects of a lease.

use std::{collections::BTreeSet, time::Duration};

use kube::api::DynamicObject;

use crate::{
    cluster::{
        kube::{
            apply::{self, Written},
            cache::Watched,
            fingerprint::Fingerprint,
            message::{is_about_content, is_refusal, message},
            objects::{Kind, Object, Subject, secret_list},
            seen::LeaseObjects,
        },
        leases::{
            progress::{AppliedAs, Progress},
            reconcile::Reconciler,
            replicas::{Around, waits_for},
            rollout::Key,
        },
    },
    failpoint,
    model::{
        labels::{POOL, REPLICA},
        names::{digest, label_value},
        volumes::Assignment,
    },
};

/// How often, and after what pause, it is looked whether an object that is replaced is gone. Then it is
/// applied, and if that fails, tried again like everything else.
const REPLACE_CHECKS: u32 = 50;
const REPLACE_PAUSE: Duration = Duration::from_millis(100);

/// An object that could not be applied or deleted.
pub(super) struct Failure {
    pub key: Key,
    pub message: String,
    /// Whether the API server answered: otherwise the next object fails in the same way.
    pub answered: bool,
    /// Whether it refuses what the object has.
    pub refused: bool,
}

/// What is done with an object.
#[derive(Debug, PartialEq, Eq)]
enum Next {
    /// It is as it is wanted.
    Nothing,
    /// It is sent.
    Send,
    /// It is sent once it is its turn.
    InTurn,
}

/// What is done with an object that is there as it was applied, or is not; with `again` everything is sent.
fn next(kind: Kind, is_there: bool, again: bool) -> Next {
    match (kind, is_there) {
        (_, true) if !again => Next::Nothing,
        // What is only sent again restarts nothing, and has no turn.
        (Kind::StatefulSet, false) => Next::InTurn,
        _ => Next::Send,
    }
}

/// One run over the objects of a lease.
pub(super) struct Deployment<'a> {
    reconciler: &'a Reconciler,
    subject: &'a Subject<'a>,
    seen: &'a LeaseObjects,
    /// What is not seen at present.
    unseen: &'a [Watched],
    before: &'a Progress,
    /// Everything is sent, whatever is there.
    again: bool,
    /// What is as it is wanted.
    pub done: Vec<AppliedAs>,
    pub failures: Vec<Failure>,
    /// The StatefulSets that wait, and for what.
    pub waits: Vec<(Box<str>, String)>,
    /// Whether anything was written.
    pub wrote: bool,
    /// What was deleted.
    pub deleted: Vec<Key>,
    /// Services of which a replica with volumes was changed while it was ready.
    rolling: BTreeSet<String>,
}

impl<'a> Deployment<'a> {
    pub fn new(
        reconciler: &'a Reconciler,
        subject: &'a Subject<'a>,
        (seen, unseen): (&'a LeaseObjects, &'a [Watched]),
        before: &'a Progress,
        again: bool,
    ) -> Self {
        Self {
            reconciler,
            subject,
            seen,
            unseen,
            before,
            again,
            done: Vec::new(),
            failures: Vec::new(),
            waits: Vec::new(),
            wrote: false,
            deleted: Vec::new(),
            rolling: BTreeSet::new(),
        }
    }

    /// Applies an object, unless it is there as it was applied, or another replica is to come first.
    pub async fn apply(&mut self, object: &Object, all: &[Object]) {
        let content = content(&object.dynamic(self.subject));
        match next(object.kind, self.is_there(object, content), self.again) {
            Next::Nothing => {
                self.done.extend(self.before.object(object.kind, &object.name).cloned());
            }
            Next::InTurn if self.waits(object, all).await => {}
            Next::InTurn | Next::Send => self.send(object).await,
        }
    }

    /// Applies an object.
    pub async fn send(&mut self, object: &Object) {
        let (kind, name): (Kind, Box<str>) = (object.kind, object.name.as_str().into());
        let sent = object.dynamic(self.subject);
        let content = content(&sent);
        let client = &self.reconciler.client;
        self.wrote = true;
        let mut applied = apply::apply(client, self.subject, kind, &sent).await;
        if kind == Kind::StatefulSet && applied.as_ref().is_err_and(is_immutable) {
            applied = self.replace(kind, &name, &sent).await;
        }
        match applied {
            Ok(Written { fingerprint, generation, uid }) => {
                let fingerprint = match kind {
                    Kind::Secret => Fingerprint(secret_list::digest(self.subject, object)),
                    _ => fingerprint,
                };
                self.done.push(AppliedAs { kind, name, content, fingerprint, generation, uid });
                failpoint!("leases::after_object");
            }
            Err(error) => self.failed((kind, name), "apply", &error),
        }
    }

    /// Whether a replica with volumes waits for others.
    async fn waits(&mut self, object: &Object, all: &[Object]) -> bool {
        let around = Around {
            wanted: all,
            seen: self.seen,
            before: self.before,
            rolling: &self.rolling,
            there: self.subject.claims,
            pods_are_seen: !self.unseen.contains(&Watched::Pods),
            sets_are_seen: !self.unseen.contains(&Watched::Kind(Kind::StatefulSet)),
        };
        let Some(other) = waits_for(object, &around) else {
            let ready = self.seen.replicas(Kind::StatefulSet, &object.name);
            if ready.is_some_and(|replicas| replicas.ready > 0) {
                self.rolling.extend(object.service.clone());
            }
            return false;
        };
        self.waits.push((object.name.as_str().into(), other.to_string()));
        // One of an older agent that nothing wants any more.
        if let Some(set) = other.set()
            && !all.iter().any(|one| one.kind == Kind::StatefulSet && *one.name == *set)
            && self.seen.find(Kind::StatefulSet, set).is_some_and(|one| !one.terminating)
        {
            self.delete(&(Kind::StatefulSet, set.into())).await;
        }
        true
    }

    /// A StatefulSet of an older agent, which has templates of claims and the service as selector: neither
    /// can be changed. It is made again, and its claims stay. Its pod has the same name, so that the new
    /// one cannot begin before it has ended.
    async fn replace(&self, kind: Kind, name: &str, sent: &DynamicObject) -> kube::Result<Written> {
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

    /// Whether an object is there as it was applied.
    fn is_there(&self, object: &Object, content: u64) -> bool {
        let (kind, name) = (object.kind, object.name.as_str());
        let (Some(before), Some(seen)) =
            (self.before.object(kind, name), self.seen.find(kind, name))
        else {
            return false;
        };
        before.content == content
            && seen.fingerprint == before.fingerprint
            && !seen.terminating
            && !self.names_others(object)
    }

    /// Whether what the API server just had of an object names other replicas than it is to name. A process
    /// that was stopped may have written that, so that nobody knows of it.
    fn names_others(&self, object: &Object) -> bool {
        match object.kind {
            Kind::Namespace => {
                Assignment::of_annotations(&object.annotations) != *self.subject.assigned
            }
            Kind::PersistentVolumeClaim => {
                let mut claims = self.subject.claims.iter();
                let service = object.service.as_deref().map(label_value);
                let label = |key: &str| {
                    let found = object.labels.iter().find(|(label, _)| *label == key);
                    found.map(|(_, value)| value.as_str())
                };
                !claims.any(|claim| {
                    *claim.name == *object.name
                        && claim.replica.as_deref() == label(REPLICA)
                        && claim.pool.as_deref() == label(POOL)
                        && claim.service.as_deref() == service.as_deref()
                })
            }
            _ => false,
        }
    }

    pub async fn delete(&mut self, key: &Key) {
        let (kind, name) = key;
        self.wrote = true;
        let done = apply::delete(&self.reconciler.client, self.subject, *kind, name).await;
        match done {
            Ok(()) => {
                tracing::info!(?kind, %name, "object deleted");
                self.deleted.push(key.clone());
            }
            Err(error) => self.failed(key.clone(), "delete", &error),
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
fn content(sent: &DynamicObject) -> u64 {
    digest(&[&serde_json::to_string(sent).unwrap_or_default()])
}

/// Whether an object is refused since a part of it cannot be changed.
fn is_immutable(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status) if status.code == 422 && status.message.contains("updates to statefulset spec"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refresh_sends_every_replica_at_once_and_a_change_each_in_its_turn() {
        assert_eq!(next(Kind::StatefulSet, true, false), Next::Nothing);
        assert_eq!(next(Kind::StatefulSet, true, true), Next::Send);
        for again in [true, false] {
            assert_eq!(next(Kind::StatefulSet, false, again), Next::InTurn);
            assert_eq!(next(Kind::Deployment, false, again), Next::Send);
        }
    }
}
