//! The state of a lease's objects, beside what was applied: pure.

use std::time::Instant;

use super::progress::Progress;
use crate::{
    cluster::kube::{
        objects::Kind,
        seen::{LeaseObjects, SeenObject},
    },
    model::reconcile::{Observed, Presence},
};

/// The lease's objects; those of kinds that are not seen at present count as they were applied, and of a
/// claim counts what was seen last. Without their namespace there are none, whatever other watches did not
/// hear yet.
pub fn assume_unseen(seen: LeaseObjects, progress: &Progress, unseen: &[Kind]) -> LeaseObjects {
    match seen.presence() {
        Presence::Active => {}
        Presence::Absent => return LeaseObjects::default(),
        Presence::Terminating => return seen,
    }
    let (outdated, mut objects): (Vec<SeenObject>, Vec<SeenObject>) =
        seen.objects.into_iter().partition(|object| unseen.contains(&object.kind));
    let claim = |name: &str| {
        let mut claims = outdated.iter().filter(|one| one.kind == Kind::PersistentVolumeClaim);
        claims.find(|one| &*one.name == name).map(|one| one.detail.clone())
    };
    let applied = progress.objects.iter().filter(|object| unseen.contains(&object.kind));
    objects.extend(applied.map(|one| match one.kind {
        Kind::PersistentVolumeClaim => {
            SeenObject { detail: claim(&one.name).unwrap_or_default(), ..one.as_seen() }
        }
        _ => one.as_seen(),
    }));
    LeaseObjects { objects, ..seen }
}

/// The observed state of one lease. With `again`, all of it is to be applied whatever is seen.
pub fn observed(progress: &Progress, seen: &LeaseObjects, again: bool, now: Instant) -> Observed {
    Observed {
        namespace: seen.presence(),
        applied: progress.applied.filter(|_| !again),
        // The caches are a little behind what was applied just now.
        intact: progress.cache_delay(now).is_some() || is_intact(progress, &seen.objects),
    }
}

/// Whether all applied objects are as they were applied, and there are no others but claims, which stay
/// whatever is wanted. Objects that are being deleted are waited for: they cannot be created before they
/// are gone.
fn is_intact(progress: &Progress, seen: &[SeenObject]) -> bool {
    let known = |object: &SeenObject| {
        let applied = progress.object(object.kind, &object.name);
        object.terminating
            || (object.kind == Kind::PersistentVolumeClaim && applied.is_none())
            || applied.is_some_and(|applied| applied.fingerprint == object.fingerprint)
    };
    let there = |(kind, name): (Kind, &str)| {
        seen.iter().any(|object| object.kind == kind && &*object.name == name)
    };
    seen.iter().all(known)
        && progress.objects.iter().all(|applied| there((applied.kind, &applied.name)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::{
        kube::{fingerprint::Fingerprint, seen::Detail},
        leases::progress::AppliedAs,
    };

    fn object(kind: Kind, name: &str, fingerprint: u64) -> SeenObject {
        SeenObject {
            kind,
            name: name.into(),
            service: None,
            fingerprint: Fingerprint(fingerprint),
            terminating: false,
            detail: Detail::None,
        }
    }

    fn progress(objects: &[(Kind, &str, u64)]) -> Progress {
        let applied = |(kind, name, fingerprint): &(Kind, &str, u64)| AppliedAs {
            kind: *kind,
            name: (*name).into(),
            content: 0,
            fingerprint: Fingerprint(*fingerprint),
            generation: 0,
            uid: 0,
        };
        Progress { objects: objects.iter().map(applied).collect(), ..Progress::default() }
    }

    #[test]
    fn whatever_differs_from_what_was_applied_is_seen() {
        let applied = progress(&[(Kind::Secret, "web-env", 1), (Kind::Service, "web", 2)]);
        let secret = || object(Kind::Secret, "web-env", 1);
        let service = || object(Kind::Service, "web", 2);
        let deleted = || SeenObject { terminating: true, ..object(Kind::Service, "web", 9) };
        let more = || object(Kind::Secret, "old-env", 3);
        for (case, seen, expected) in [
            ("as it was applied", vec![secret(), service()], true),
            ("one is gone", vec![secret()], false),
            ("one is changed", vec![object(Kind::Secret, "web-env", 0), service()], false),
            ("of another kind", vec![object(Kind::Ingress, "web-env", 1), service()], false),
            ("one is being deleted", vec![secret(), deleted()], true),
            ("there is one more", vec![secret(), service(), more()], false),
        ] {
            assert_eq!(is_intact(&applied, &seen), expected, "{case}");
        }
    }

    #[test]
    fn a_kind_that_is_not_seen_counts_as_it_was_applied() {
        let namespace = || object(Kind::Namespace, "souk-x-7", 1);
        let all = [(Kind::Namespace, "souk-x-7", 1), (Kind::LimitRange, "lease", 2)];
        let applied = progress(&all);
        let seen = |objects: Vec<SeenObject>| LeaseObjects { objects, pods: Vec::new() };
        let unseen = [Kind::LimitRange];
        let assumed = assume_unseen(seen(vec![namespace()]), &applied, &unseen);
        assert!(is_intact(&applied, &assumed.objects));
        let old = object(Kind::LimitRange, "old", 3);
        let assumed = assume_unseen(seen(vec![namespace(), old]), &applied, &unseen);
        assert!(is_intact(&applied, &assumed.objects), "what was seen of it is out of date");
        let assumed = assume_unseen(seen(vec![namespace()]), &applied, &[]);
        assert!(!is_intact(&applied, &assumed.objects), "it is seen, and it is gone");
        let claims = progress(&[
            (Kind::Namespace, "souk-x-7", 1),
            (Kind::PersistentVolumeClaim, "data-db", 2),
        ]);
        let detail = Detail::Claim(Box::default());
        let claim = SeenObject { detail, ..object(Kind::PersistentVolumeClaim, "data-db", 9) };
        let unseen_claims = [Kind::PersistentVolumeClaim];
        let assumed =
            assume_unseen(seen(vec![namespace(), claim.clone()]), &claims, &unseen_claims);
        assert!(is_intact(&claims, &assumed.objects));
        assert_eq!(assumed.objects[1].detail, claim.detail, "whose it is, is still known");
        let stale = object(Kind::Service, "web", 1);
        let assumed = assume_unseen(seen(vec![stale]), &applied, &unseen);
        assert!(assumed.objects.is_empty(), "without the namespace nothing is there");
    }
}
