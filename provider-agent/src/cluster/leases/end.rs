//! The end of a lease: what can be made again goes at once, and its volumes are kept for a time.

use std::{collections::BTreeMap, time::Duration};

use souk_core::OrderId;

use super::{
    progress::AppliedAs,
    reconcile::{Reconciler, StepError},
    release::release_held,
};
use crate::{
    cluster::kube::{apply, objects::Kind, seen::LeaseObjects},
    config::Cluster,
    failpoint,
    model::{
        kept::{Kept, KeptVolume, grace, share},
        volumes::Claim,
    },
    store::{StoreError, applied, kept_volumes, leases},
};

/// The longest time without a look at the clock: it may have been set.
const LOOK: Duration = Duration::from_secs(300);

/// What goes at once, the pods' workloads first.
const REMOVED: [Kind; 5] =
    [Kind::StatefulSet, Kind::Deployment, Kind::Ingress, Kind::Service, Kind::Secret];

/// What was found of the volumes of a lease that ended.
enum Ended {
    /// It runs after all.
    Runs,
    /// It has none.
    WithoutVolumes,
    /// They are kept.
    Keeps(Kept),
}

impl Reconciler {
    /// A step of a lease that ended and whose namespace is there. Returns when to look again, if there is
    /// something to wait for.
    pub(super) async fn end(
        &self,
        order: OrderId,
        seen: &LeaseObjects,
    ) -> Result<Option<Duration>, StepError> {
        let namespace = self.scope.namespace(order);
        let now = self.clock.now();
        let read = self.store.read(move |sql| {
            Ok::<_, StoreError>((leases::is_active(sql, order)?, kept_volumes::get(sql, order)?))
        });
        let kept = match read.await? {
            // It runs after all, which is worked on next.
            (true, _) => return Ok(None),
            (false, Some(known)) => Some(self.look_again(known, &namespace, now).await?),
            (false, None) => match self.keep(order, &namespace, now).await {
                Ok(Ended::Runs) => return Ok(None),
                Ok(Ended::WithoutVolumes) => None,
                Ok(Ended::Keeps(kept)) => Some(kept),
                Err(error) => {
                    // Whether it has volumes cannot be seen now; what is not paid any more ends all the same.
                    self.strip(order, &namespace, seen).await?;
                    return Err(error);
                }
            },
        };
        let Some(kept) = kept.filter(|kept| kept.left(now) > 0) else {
            failpoint!("leases::before_teardown");
            apply::delete_namespace(&self.client, &namespace, seen.uid()).await?;
            failpoint!("leases::after_teardown");
            tracing::info!(namespace, "lease ended, deleting its namespace");
            return Ok(None);
        };
        failpoint!("leases::after_keep");
        self.strip(order, &namespace, seen).await?;
        Ok(Some(LOOK.min(Duration::from_secs(kept.left(now)))))
    }

    /// What is kept, with volumes that were not known when their deletion was ordered, and not for longer
    /// than the configuration says.
    async fn look_again(&self, row: Kept, namespace: &str, now: u64) -> Result<Kept, StepError> {
        let (order, until) = (row.order, row.until);
        let mut row = row.capped(now, self.cluster.kept_volumes.longest.0);
        if row.until < until {
            let until = row.until;
            self.store.write(move |tx| kept_volumes::keep_until(tx, order, until)).await?;
            tracing::warn!(
                until,
                "volumes were to be kept for too long: the clock or the limit was set since"
            );
        }
        if row.since == kept_volumes::UNCONFIRMED {
            let claims = apply::claims(&self.client, namespace).await?;
            row.volumes = claims.iter().map(|claim| volume(claim, &self.cluster)).collect();
            let (since, volumes) = (now.max(1), row.volumes.clone());
            self.store
                .write(move |tx| {
                    kept_volumes::confirm(tx, order, since, &volumes)?;
                    release_held(tx, order)
                })
                .await?;
        }
        Ok(row)
    }

    /// Keeps the volumes of a lease that ended, if it has any. What else the store has of it goes but what
    /// was applied, by which it is deleted.
    async fn keep(&self, order: OrderId, namespace: &str, now: u64) -> Result<Ended, StepError> {
        let claims = apply::claims(&self.client, namespace).await?;
        if claims.is_empty() {
            return Ok(Ended::WithoutVolumes);
        }
        let row = kept(order, &claims, &self.cluster, now);
        let shares = shares(&self.cluster);
        let kept = self.store.write(move |tx| {
            if leases::is_active(tx, order)? {
                return Ok::<_, StoreError>(None);
            }
            release_held(tx, order)?;
            // At once, so that the volumes are never on offer.
            kept_volumes::keep(tx, &row, &shares).map(Some)
        });
        let Some(kept) = kept.await? else { return Ok(Ended::Runs) };
        let (until, volumes) = (kept.until, kept.volumes.len());
        tracing::info!(namespace, volumes, until, "lease ended, keeping its volumes");
        Ok(Ended::Keeps(kept))
    }

    /// Deletes what runs in a namespace, what leads to it and what is secret.
    async fn strip(
        &self,
        order: OrderId,
        namespace: &str,
        seen: &LeaseObjects,
    ) -> Result<(), StepError> {
        let applied = self.progress.get(order).objects;
        for kind in REMOVED {
            for name in names(kind, seen, &applied) {
                apply::delete_in(&self.client, namespace, kind, &name).await?;
                tracing::debug!(?kind, %name, "lease ended, object deleted");
            }
        }
        let is_owned = seen.objects.iter().any(|one| is_workload(one.kind));
        let left = seen.pods.iter().filter(|pod| !pod.terminating && !is_owned);
        for pod in left {
            apply::delete_pod(&self.client, namespace, &pod.status.name).await?;
        }
        if self.progress.contains(order) {
            self.store.write(move |tx| applied::forget(tx, order)).await?;
            self.progress.forget(order);
        }
        Ok(())
    }
}

fn is_workload(kind: Kind) -> bool {
    matches!(kind, Kind::Deployment | Kind::StatefulSet)
}

/// The objects of a kind that are there, or were applied and are not seen.
fn names(kind: Kind, seen: &LeaseObjects, applied: &[AppliedAs]) -> Vec<Box<str>> {
    let seen_now = seen.objects.iter().filter(|one| one.kind == kind && !one.terminating);
    let is_unseen = |one: &&AppliedAs| one.kind == kind && seen.find(kind, &one.name).is_none();
    let unseen = applied.iter().filter(is_unseen);
    seen_now.map(|one| &one.name).chain(unseen.map(|one| &one.name)).cloned().collect()
}

fn volume(claim: &Claim, cluster: &Cluster) -> KeptVolume {
    KeptVolume { class: class_of(claim, cluster), bytes: claim.size }
}

/// The volumes of a lease that ended now. It ran, as far as its volumes go, since the first of them was
/// made, by the API server's clock.
fn kept(order: OrderId, claims: &[Claim], cluster: &Cluster, now: u64) -> Kept {
    let made = || claims.iter().filter_map(|claim| claim.created);
    // A clock that says less is behind.
    let now = made().fold(now, u64::max);
    let ran = made().min().map_or(0, |made| now.saturating_sub(made));
    let until = now.saturating_add(grace(ran, cluster.kept_volumes.longest.0));
    Kept {
        order,
        since: now,
        until,
        ran,
        volumes: claims.iter().map(|claim| volume(claim, cluster)).collect(),
    }
}

/// The market's class of a claim: by its label, or by where the cluster's class is offered.
fn class_of(claim: &Claim, cluster: &Cluster) -> String {
    let here = claim.storage_class.as_deref().unwrap_or_default();
    let of = || {
        let mut classes = cluster.storage_classes.iter();
        classes.find(|(_, class)| class.name == here).map(|(class, _)| class.as_str())
    };
    claim.class.as_deref().or_else(of).unwrap_or(here).to_owned()
}

/// The bytes that may be kept of each class that is limited.
fn shares(cluster: &Cluster) -> BTreeMap<String, u64> {
    let classes = cluster.storage_classes.iter();
    let limited = classes.filter_map(|(class, storage)| Some((class, storage.capacity?.0)));
    let percent = cluster.kept_volumes.share_percent;
    limited.map(|(class, capacity)| (class.clone(), share(capacity, percent))).collect()
}

#[cfg(test)]
mod tests {
    use souk_core::time::{DAY, HOUR};

    use super::*;
    use crate::config::{Bytes, StorageClass};

    #[test]
    fn how_long_volumes_are_kept_follows_the_age_of_the_oldest_and_not_the_chain() {
        let class = StorageClass { name: "ssd".into(), capacity: Some(Bytes(1_000)) };
        let storage_classes = [("beta2".to_owned(), class)].into();
        let cluster = Cluster { storage_classes, ..Cluster::default() };
        let now = 1_800_000_000;
        let claim = |age: u64, class: Option<&str>, storage_class: &str| Claim {
            created: Some(now - age),
            class: class.map(Box::from),
            storage_class: Some(storage_class.into()),
            size: 7,
            ..Claim::default()
        };
        let claims = [claim(60, Some("beta3"), "hdd"), claim(5 * HOUR, None, "ssd")];
        let row = kept(OrderId(7), &claims, &cluster, now);
        assert_eq!((row.ran, row.until), (5 * HOUR, now + 5 * HOUR));
        assert_eq!((row.bytes("beta3"), row.bytes("beta2")), (7, 7));
        let later = kept(OrderId(7), &claims, &cluster, now + 9 * DAY);
        assert_eq!(later.left(now + 9 * DAY), DAY);
        // The agent's clock is behind that of the API server.
        let row = kept(OrderId(7), &claims, &cluster, 0);
        assert_eq!((row.since, row.left(now - 60)), (now - 60, 5 * HOUR - 60));
        assert_eq!(shares(&cluster), [("beta2".to_owned(), 250)].into());
    }
}
