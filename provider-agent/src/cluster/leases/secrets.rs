//! What is known of a lease's Secrets, which the agent may not read: pure.
//!
//! The list in the namespace's annotation names them. One that is gone shows in its pods: a container
//! that cannot be configured, or an image that cannot be pulled.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use souk_gateway::body::PodFailure;

use super::progress::Progress;
use crate::cluster::kube::{
    fingerprint::Fingerprint,
    objects::{
        Kind, Object,
        secret_list::{ListedSecret, SecretList},
    },
    seen::{Detail, LeaseObjects, SeenObject},
};

/// How long after an apply a pod may still say that it lacks its environment. The kubelet tries again
/// after ten seconds and more.
const ENVIRONMENT_DELAY: Duration = Duration::from_secs(10);
/// How often logins are applied again while an image cannot be pulled, for which the login is one reason
/// among many.
const LOGIN_DELAY: Duration = Duration::from_secs(600);

/// Adds the listed Secrets to what is seen, as they were made.
pub fn add_listed(seen: &mut LeaseObjects) {
    let Some(Detail::Namespace(namespace)) = seen.namespace().map(|one| &one.detail) else {
        return;
    };
    let listed: Vec<SeenObject> = namespace.secrets.0.iter().map(as_seen).collect();
    seen.objects.extend(listed);
}

fn as_seen((name, secret): (&String, &ListedSecret)) -> SeenObject {
    SeenObject {
        kind: Kind::Secret,
        name: name.as_str().into(),
        service: Some(secret.service.as_str().into()),
        fingerprint: Fingerprint(secret.number()),
        terminating: false,
        detail: Detail::None,
    }
}

/// Takes the Secrets that pods lack out of what is seen, so that they are applied again. If something was
/// applied just now, returns how long to wait before pods are believed.
pub fn remove_lost(seen: &mut LeaseObjects, progress: &Progress, now: Instant) -> Option<Duration> {
    let mut lost = BTreeSet::new();
    let mut wait: Option<Duration> = None;
    for pod in seen.pods.iter().filter(|pod| !pod.terminating) {
        let Some(delay) = pod.status.failure.as_deref().and_then(delay_of) else { continue };
        let of_pod = |secret: &&SeenObject| {
            secret.kind == Kind::Secret && secret.service.is_some() && secret.service == pod.service
        };
        let secrets: Vec<Box<str>> =
            seen.objects.iter().filter(of_pod).map(|one| one.name.clone()).collect();
        if secrets.is_empty() {
            continue;
        }
        match progress.time_left(delay, now) {
            None => lost.extend(secrets),
            Some(left) => wait = Some(wait.map_or(left, |wait| wait.min(left))),
        }
    }
    seen.objects.retain(|object| object.kind != Kind::Secret || !lost.contains(&object.name));
    wait
}

/// If a pod's failure may be that it lacks a Secret: how long after an apply it is believed. What ran
/// before has its end as reason.
fn delay_of(failure: &PodFailure) -> Option<Duration> {
    let texts = [Some(failure.reason.as_str()), failure.waiting.as_deref()];
    let has = |word: &str| texts.into_iter().flatten().any(|text| text.contains(word));
    if has("CreateContainerConfigError") {
        return Some(ENVIRONMENT_DELAY);
    }
    (has("ErrImagePull") || has("ImagePullBackOff")).then_some(LOGIN_DELAY)
}

/// The Secrets that are there and not wanted; they stay in the list until they are deleted.
pub fn stale(wanted: &[Object], there: &[SeenObject]) -> SecretList {
    let is_wanted = |seen: &SeenObject| {
        wanted.iter().any(|object| object.kind == Kind::Secret && *object.name == *seen.name)
    };
    let listed = |secret: &SeenObject| {
        let service = secret.service.as_deref().unwrap_or_default().to_owned();
        let digest = format!("{:016x}", secret.fingerprint.0);
        (secret.name.to_string(), ListedSecret { service, digest })
    };
    let secrets = there.iter().filter(|object| object.kind == Kind::Secret);
    SecretList(secrets.filter(|secret| !is_wanted(secret)).map(listed).collect())
}

/// A namespace whose list has others beside its own.
pub fn listing(namespace: &Object, others: &SecretList) -> Object {
    let mut namespace = namespace.clone();
    let mut all = SecretList::of_object(&namespace);
    all.0.extend(others.0.clone());
    all.write(&mut namespace);
    namespace
}

#[cfg(test)]
mod tests {
    use souk_gateway::body::PodStatus;

    use super::*;
    use crate::cluster::kube::{
        container_log::Log,
        seen::{SeenNamespace, SeenPod},
    };

    fn seen(reason: Option<&str>) -> LeaseObjects {
        let listed = |name: &str, service: &str| {
            let digest = "00000000000000ff".to_owned();
            (name.to_owned(), ListedSecret { service: service.to_owned(), digest })
        };
        let all = [("web-env", "web"), ("web-pull", "web"), ("db-env", "db")];
        let secrets = SecretList(all.map(|(name, service)| listed(name, service)).into());
        let namespace = SeenObject {
            kind: Kind::Namespace,
            name: "souk-x-7".into(),
            service: None,
            fingerprint: Fingerprint(1),
            terminating: false,
            detail: Detail::Namespace(Box::new(SeenNamespace {
                secrets,
                ..SeenNamespace::default()
            })),
        };
        let status = PodStatus {
            name: "web-1".into(),
            phase: "Pending".into(),
            ready: false,
            restarts: 0,
            reason: None,
            failure: reason.map(|reason| {
                Box::new(PodFailure { reason: reason.to_owned(), ..PodFailure::default() })
            }),
        };
        let pod = SeenPod {
            uid: "1".into(),
            service: Some("web".into()),
            terminating: false,
            failed_at: None,
            finalizers: Box::default(),
            status,
            log: Log::None,
            claims: Box::default(),
        };
        let mut seen = LeaseObjects { objects: vec![namespace], pods: vec![pod] };
        add_listed(&mut seen);
        seen
    }

    fn names(seen: &LeaseObjects) -> Vec<&str> {
        let secrets = seen.objects.iter().filter(|object| object.kind == Kind::Secret);
        secrets.map(|object| &*object.name).collect()
    }

    #[test]
    fn what_the_namespace_lists_is_there_as_it_was_made() {
        let seen = seen(None);
        assert_eq!(names(&seen), ["db-env", "web-env", "web-pull"]);
        let web = seen.find(Kind::Secret, "web-env").unwrap();
        assert_eq!((web.fingerprint, web.service.as_deref()), (Fingerprint(255), Some("web")));
    }

    #[test]
    fn a_pod_that_lacks_its_environment_or_image_has_its_services_secrets_applied_again() {
        let now = Instant::now();
        let long_ago = Progress::default();
        for (reason, left) in [
            (None, vec!["db-env", "web-env", "web-pull"]),
            (Some("OOMKilled"), vec!["db-env", "web-env", "web-pull"]),
            (Some("CreateContainerConfigError"), vec!["db-env"]),
            (Some("ImagePullBackOff"), vec!["db-env"]),
        ] {
            let mut seen = seen(reason);
            assert_eq!(remove_lost(&mut seen, &long_ago, now), None, "{reason:?}");
            assert_eq!(names(&seen), left, "{reason:?}");
        }
    }

    #[test]
    fn after_an_apply_a_pod_gets_time_to_notice() {
        let began = Instant::now();
        let progress = Progress { applied_at: Some(began), ..Progress::default() };
        for (reason, seconds) in [("CreateContainerConfigError", 10), ("ErrImagePull", 600)] {
            let mut early = seen(Some(reason));
            let wait = remove_lost(&mut early, &progress, began + Duration::from_secs(seconds - 1));
            assert_eq!(wait, Some(Duration::from_secs(1)), "{reason}");
            assert_eq!(names(&early).len(), 3);
            let mut late = seen(Some(reason));
            let wait = remove_lost(&mut late, &progress, began + Duration::from_secs(seconds));
            assert_eq!((wait, names(&late).len()), (None, 1), "{reason}");
        }
    }
}
