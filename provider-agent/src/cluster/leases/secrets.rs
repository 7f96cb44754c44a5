//! What is known of a lease's Secrets, which the agent may not read: pure.
//!
//! The list in the namespace's annotation names them. One that is gone shows in its pods: a container
//! that cannot be configured, or an image that cannot be pulled.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use souk_gateway::body::PodFailure;

use super::{progress::Progress, rollout::Key};
use crate::cluster::kube::{
    fingerprint::Fingerprint,
    objects::{
        Kind, LOGIN_SUFFIX, Object,
        secret_list::{ListedSecret, SecretList},
    },
    seen::{Detail, LeaseObjects, SeenObject, SeenSecret},
};

/// How long after an apply a pod may still say that it lacks its environment: the kubelet tries again after
/// ten seconds and more. The pause doubles up to the second while that does not help.
const ENVIRONMENT_DELAY: (Duration, Duration) = (Duration::from_secs(10), Duration::from_secs(600));
/// As much for logins while an image cannot be pulled, for which the login is one reason among many.
const LOGIN_DELAY: (Duration, Duration) = (Duration::from_secs(600), Duration::from_secs(3_600));

/// Whether Secrets that pods lack are to be applied again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lost {
    /// No pod lacks any.
    None,
    /// Pods are believed after this time.
    Wait(Duration),
    /// They are.
    Again,
}

impl Lost {
    /// How long to wait before pods are believed.
    pub fn wait(self) -> Option<Duration> {
        match self {
            Self::Wait(wait) => Some(wait),
            Self::None | Self::Again => None,
        }
    }
}

/// Adds the listed Secrets to what is seen, as they were made.
pub fn add_listed(seen: &mut LeaseObjects) {
    let Some(Detail::Namespace(namespace)) = seen.namespace().map(|one| &one.detail) else {
        return;
    };
    let listed: Vec<SeenObject> = namespace.secrets.iter().map(as_seen).collect();
    seen.objects.extend(listed);
}

fn as_seen(secret: &SeenSecret) -> SeenObject {
    SeenObject {
        kind: Kind::Secret,
        name: secret.name.clone(),
        service: Some(secret.service.clone()),
        fingerprint: Fingerprint(secret.digest),
        terminating: false,
        detail: Detail::None,
    }
}

/// Takes the Secrets that pods lack out of what is seen, so that they are applied again, less and less often
/// while pods still lack them.
pub fn remove_lost(seen: &mut LeaseObjects, progress: &Progress, now: Instant) -> Lost {
    let mut gone = BTreeSet::new();
    let mut wait: Option<Duration> = None;
    for pod in seen.pods.iter().filter(|pod| !pod.terminating) {
        let Some(failure) = pod.status.failure.as_deref() else { continue };
        let of_pod = |secret: &&SeenObject| {
            secret.kind == Kind::Secret && secret.service.is_some() && secret.service == pod.service
        };
        for secret in seen.objects.iter().filter(of_pod) {
            let Some((first, longest)) = delay_of(failure, &secret.name) else { continue };
            let delay = first.saturating_mul(1 << progress.secrets_sent.min(16)).min(longest);
            match progress.time_left(delay, now) {
                None => drop(gone.insert(secret.name.clone())),
                Some(left) => wait = Some(wait.map_or(left, |wait| wait.min(left))),
            }
        }
    }
    if !gone.is_empty() {
        seen.objects.retain(|one| one.kind != Kind::Secret || !gone.contains(&one.name));
        return Lost::Again;
    }
    wait.map_or(Lost::None, Lost::Wait)
}

/// If a pod's failure says that it lacks a Secret, or may lack it: how long after an apply it is believed,
/// at first and at most. What ran before has its end as reason.
fn delay_of(failure: &PodFailure, secret: &str) -> Option<(Duration, Duration)> {
    let texts = [Some(&failure.reason), failure.message.as_ref(), failure.waiting.as_ref()];
    let texts = || texts.into_iter().flatten();
    let has = |word: &str| texts().any(|text| text.contains(word));
    if has("CreateContainerConfigError") {
        return texts().any(|text| says_missing(text, secret)).then_some(ENVIRONMENT_DELAY);
    }
    let is_login = secret.ends_with(LOGIN_SUFFIX);
    (is_login && (has("ErrImagePull") || has("ImagePullBackOff"))).then_some(LOGIN_DELAY)
}

/// Whether the kubelet says that a Secret, or a key of it, is not there.
fn says_missing(text: &str, secret: &str) -> bool {
    let mut names = text.split(|c: char| c.is_whitespace() || ",;()".contains(c));
    text.contains(&format!("secret \"{secret}\" not found"))
        || text.contains("couldn't find key")
            && names.any(|name| name.rsplit_once('/').is_some_and(|(_, name)| name == secret))
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

/// What is left of a list after a deletion.
pub fn without(list: &SecretList, deleted: &[Key]) -> SecretList {
    let is_left =
        |name: &str| !deleted.iter().any(|(kind, gone)| *kind == Kind::Secret && **gone == *name);
    let left = list.0.iter().filter(|(name, _)| is_left(name));
    SecretList(left.map(|(name, secret)| (name.clone(), secret.clone())).collect())
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

    /// Of a pod that fails for a reason, with a message.
    fn seen(failure: Option<(&str, &str)>) -> LeaseObjects {
        let all = [("db-env", "db"), ("web-env", "web"), ("web-pull", "web")];
        let secrets = all.map(|(name, service)| SeenSecret {
            name: name.into(),
            service: service.into(),
            digest: 255,
        });
        let namespace = SeenObject {
            kind: Kind::Namespace,
            name: "souk-x-7".into(),
            service: None,
            fingerprint: Fingerprint(1),
            terminating: false,
            detail: Detail::Namespace(Box::new(SeenNamespace {
                secrets: secrets.into(),
                ..SeenNamespace::default()
            })),
        };
        let status = PodStatus {
            name: "web-1".into(),
            phase: "Pending".into(),
            ready: false,
            restarts: 0,
            reason: None,
            failure: failure.map(|(reason, message)| {
                let message = Some(message.to_owned());
                let reason = reason.to_owned();
                Box::new(PodFailure { reason, message, ..PodFailure::default() })
            }),
        };
        let pod = SeenPod {
            uid: "1".into(),
            service: Some("web".into()),
            terminating: false,
            prepared: false,
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

    const CONFIG: &str = "CreateContainerConfigError";
    const GONE: &str = "secret \"web-env\" not found";

    #[test]
    fn what_a_pod_says_that_it_lacks_is_applied_again_and_nothing_else() {
        let (now, long_ago) = (Instant::now(), Progress::default());
        let all = vec!["db-env", "web-env", "web-pull"];
        let without_env = vec!["db-env", "web-pull"];
        let pull = "Back-off pulling image \"x\": ErrImagePull: failed to resolve reference";
        for (failure, left) in [
            (None, all.clone()),
            (Some(("OOMKilled", "")), all.clone()),
            (Some((CONFIG, GONE)), without_env.clone()),
            (Some((CONFIG, "couldn't find key env-0 in Secret souk-x-7/web-env")), without_env),
            (Some((CONFIG, "container has runAsNonRoot and image will run as root")), all.clone()),
            (Some((CONFIG, "failed to sync secret cache: timed out waiting")), all.clone()),
            (Some((CONFIG, "secret \"db-env\" not found")), all),
            (Some(("ImagePullBackOff", pull)), vec!["db-env", "web-env"]),
        ] {
            let mut seen = seen(failure);
            let lost = remove_lost(&mut seen, &long_ago, now);
            assert_eq!(names(&seen), left, "{failure:?}");
            assert_eq!(lost == Lost::Again, left.len() < 3, "{failure:?}");
        }
    }

    #[test]
    fn after_an_apply_a_pod_gets_time_to_notice_and_more_each_time() {
        let began = Instant::now();
        for (failure, sent, seconds) in [
            ((CONFIG, GONE), 0, 10),
            ((CONFIG, GONE), 1, 20),
            ((CONFIG, GONE), 3, 80),
            ((CONFIG, GONE), 30, 600),
            (("ErrImagePull", "no"), 0, 600),
            (("ErrImagePull", "no"), 1, 1_200),
            (("ErrImagePull", "no"), u32::MAX, 3_600),
        ] {
            let progress =
                Progress { applied_at: Some(began), secrets_sent: sent, ..Progress::default() };
            let mut early = seen(Some(failure));
            let lost = remove_lost(&mut early, &progress, began + Duration::from_secs(seconds - 1));
            assert_eq!(lost, Lost::Wait(Duration::from_secs(1)), "{failure:?} {sent}");
            assert_eq!(names(&early).len(), 3);
            let mut late = seen(Some(failure));
            let lost = remove_lost(&mut late, &progress, began + Duration::from_secs(seconds));
            assert_eq!((lost, names(&late).len()), (Lost::Again, 2), "{failure:?} {sent}");
        }
    }
}
