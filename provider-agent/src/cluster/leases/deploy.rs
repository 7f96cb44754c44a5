//! Brings a lease's objects into the cluster: each is tried even if another fails, and only what is not
//! there already is sent.

mod deployment;

use deployment::Deployment;
use souk_core::OrderId;
use souk_sdl::{Manifest, ManifestGroup, Storage};

use super::{
    progress::AppliedAs,
    reconcile::{Reconciler, StepError},
    replicas::still_run,
    rollout::{Key, Rollout, rollout, to_prune},
    secrets::{listing, stale, without},
};
use crate::{
    cluster::kube::{
        apply,
        cache::Watched,
        objects::{self, Kind, Subject},
        seen::LeaseObjects,
    },
    failpoint,
    model::{
        Lease,
        placement::Placement,
        reconcile::Applied,
        volumes::{Assignment, Claim},
    },
    store::{StoreError, applied, lease_summaries, leases, manifests, reservations},
};

/// What is to run, as the store has it at one moment.
struct Wanted {
    lease: Lease,
    group: ManifestGroup,
    placements: Vec<Placement>,
    version: u64,
}

impl Reconciler {
    /// Applies all objects of a lease and deletes those that are not wanted any more, by what is seen of it
    /// and what is not.
    pub(super) async fn deploy(
        &self,
        order: OrderId,
        running: bool,
        (seen, unseen): (&LeaseObjects, &[Watched]),
        again: bool,
    ) -> Result<(), StepError> {
        let Some(wanted) = self.wanted(order).await? else { return Ok(()) };
        let (claims, assigned) = self.volumes(order, &wanted.group).await?;
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
            assigned: &assigned,
        };
        let objects = objects::all(&subject)?;
        let before = self.progress.get(order);
        let known = before.known(seen);
        let Rollout { first, objects } = rollout(objects, &known.objects);
        let mut run = Deployment::new(self, &subject, (seen, unseen), &before, again);
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
            let waiting: Vec<Box<str>> = run.waits.iter().map(|(set, _)| set.clone()).collect();
            let running = still_run(&waiting, seen);
            let unwanted = to_prune(&objects, &failed, &running, there);
            for key in unwanted.into_iter().filter(|key| !gone(key)) {
                run.delete(&key).await;
            }
        }
        failpoint!("leases::after_prune");
        let namespace = objects.iter().find(|object| object.kind == Kind::Namespace);
        // While something waits, what it needs of them is still there.
        let left = without(&stale, &run.deleted);
        let are_fewer = left != stale && run.failures.is_empty();
        if let Some(namespace) = namespace.filter(|_| are_fewer) {
            run.done.retain(|done| done.kind != Kind::Namespace);
            run.send(&listing(namespace, &left)).await;
        }
        let Deployment { mut done, failures, waits, wrote, deleted, .. } = run;
        let sent = done.len();
        let is_done = |key: &AppliedAs, done: &[AppliedAs]| {
            done.iter().any(|other| other.kind == key.kind && other.name == key.name)
        };
        let complete = failures.is_empty() && waits.is_empty();
        // What failed or waits is still as it was before.
        for object in before.objects.iter().filter(|_| !complete) {
            let is_deleted = deleted.contains(&(object.kind, object.name.clone()));
            if !is_deleted && !is_done(object, &done) {
                done.push(object.clone());
            }
        }
        let what = Applied { version: wanted.version, running };
        let row = self.progress.applied(order, complete.then_some(what), done, wrote);
        if let Some(row) = row {
            self.store.write(move |tx| applied::put(tx, &row)).await?;
            self.progress.stored(order);
        }
        let refused = failures.iter().all(|failure| failure.refused);
        match failures
            .into_iter()
            .map(|failure| failure.message)
            .reduce(|all, one| all + "; " + &one)
        {
            Some(text) => Err(StepError::Objects { text, refused }),
            None if !complete => {
                let texts: Vec<String> = waits.into_iter().map(|(_, what)| what).collect();
                Err(StepError::Waits(texts.join("; ")))
            }
            None => {
                tracing::info!(lease = %order, running, objects = sent, "lease applied");
                Ok(())
            }
        }
    }

    /// The claims in a lease's namespace and which service each replica is of, if its group has volumes that
    /// outlive pods. Both are asked for: what the caches have may be from before the last step.
    async fn volumes(
        &self,
        order: OrderId,
        group: &ManifestGroup,
    ) -> Result<(Vec<Claim>, Assignment), kube::Error> {
        let mut volumes = group.services.iter().flat_map(|service| &service.resources.storage);
        if !volumes.any(Storage::is_persistent) {
            return Ok((Vec::new(), Assignment::default()));
        }
        let namespace = self.scope.namespace(order);
        let claims = apply::claims(&self.client, &namespace).await?;
        Ok((claims, apply::assignment(&self.client, &namespace).await?))
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
