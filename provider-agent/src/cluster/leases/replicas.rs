//! What a replica with volumes waits for before it is applied: pure.
//!
//! Two pods never have one volume at a time, and of a service with several replicas one after another is
//! replaced, as a StatefulSet of several would do it.

use std::{collections::BTreeSet, fmt};

use crate::{
    cluster::kube::{
        objects::{Kind, Object},
        seen::{Detail, LeaseObjects, Replicas, SeenObject, SeenPod},
    },
    model::{names::label_value, volumes::Claim},
};

/// What a replica waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Other {
    /// A pod of something else still has one of its volumes.
    Holds {
        /// The pod.
        pod: Box<str>,
        /// The StatefulSet that the pod's name tells.
        set: Option<Box<str>>,
    },
    /// Pods are not seen, and one of something else may have its volumes.
    Unseen,
    /// Another replica of the service is not ready yet.
    Rolls(Box<str>),
}

impl fmt::Display for Other {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Holds { pod, .. } => {
                write!(f, "pod {pod} still uses a volume that another pod is to have")
            }
            Self::Unseen => f.write_str(
                "pods cannot be seen at the moment, and a volume may still be in use; see the agent's health",
            ),
            Self::Rolls(service) => {
                write!(f, "service {service} is updated replica by replica, one is not ready yet")
            }
        }
    }
}

/// What the StatefulSet of a replica waits for; nothing if it can be applied. `rolling` has the services
/// of which a ready replica was changed just now, `there` the claims that were there before.
pub fn waits_for(
    set: &Object,
    seen: &LeaseObjects,
    rolling: &BTreeSet<String>,
    there: &[Claim],
    pods_are_seen: bool,
) -> Option<Other> {
    let claims = claims_of(set);
    let own = format!("{}-0", set.name);
    let holds = |pod: &&SeenPod| {
        *pod.status.name != *own && pod.claims.iter().any(|claim| claims.contains(&&**claim))
    };
    if let Some(pod) = seen.pods.iter().find(holds) {
        let name = pod.status.name.as_str();
        let set = name.rsplit_once('-').map(|(set, _)| set.into());
        return Some(Other::Holds { pod: name.into(), set });
    }
    let known = replicas(seen.find(Kind::StatefulSet, &set.name));
    let has_data = || there.iter().any(|claim| claims.contains(&&*claim.name));
    if !pods_are_seen && known.is_none() && has_data() {
        return Some(Other::Unseen);
    }
    let service = set.service.as_deref()?;
    let is_ready = known.is_some_and(|replicas| replicas.wanted > 0 && replicas.ready > 0);
    let runs = set.body["spec"]["replicas"].as_u64() != Some(0);
    let label = label_value(service);
    let others = seen.objects.iter().filter(|one| {
        let same = one.kind == Kind::StatefulSet && one.service.as_deref() == Some(&label);
        same && *one.name != *set.name
    });
    let mut others = others.filter_map(|one| replicas(Some(one)));
    let mut waits =
        || rolling.contains(service) || others.any(|other| other.wanted > 0 && other.ready == 0);
    (runs && is_ready && waits()).then(|| Other::Rolls(service.into()))
}

fn replicas(object: Option<&SeenObject>) -> Option<Replicas> {
    match object?.detail {
        Detail::Workload(replicas) => Some(replicas),
        _ => None,
    }
}

/// The claims that a StatefulSet's pod mounts.
fn claims_of(set: &Object) -> Vec<&str> {
    let volumes = set.body["spec"]["template"]["spec"]["volumes"].as_array().into_iter().flatten();
    volumes.filter_map(|one| one["persistentVolumeClaim"]["claimName"].as_str()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use souk_gateway::body::PodStatus;

    use super::*;
    use crate::cluster::kube::{container_log::Log, fingerprint::Fingerprint};

    fn set(name: &str, claim: &str, replicas: u32) -> Object {
        let volume = json!({ "name": "data", "persistentVolumeClaim": { "claimName": claim } });
        let template = json!({ "spec": { "volumes": [{ "name": "x", "emptyDir": {} }, volume] } });
        Object {
            kind: Kind::StatefulSet,
            name: name.into(),
            service: Some("db".into()),
            body: json!({ "spec": { "replicas": replicas, "template": template } }),
            labels: Vec::new(),
            annotations: std::collections::BTreeMap::new(),
        }
    }

    fn seen_set(name: &str, ready: u32) -> SeenObject {
        SeenObject {
            kind: Kind::StatefulSet,
            name: name.into(),
            service: Some("db".into()),
            fingerprint: Fingerprint(1),
            terminating: false,
            detail: Detail::Workload(Replicas { wanted: 1, ready, generation: 0 }),
        }
    }

    fn pod(name: &str, claim: &str) -> SeenPod {
        SeenPod {
            uid: "1".into(),
            service: Some("db".into()),
            terminating: true,
            failed_at: None,
            finalizers: Box::default(),
            status: PodStatus {
                name: name.into(),
                phase: "Running".into(),
                ready: true,
                restarts: 0,
                reason: None,
                failure: None,
            },
            log: Log::None,
            claims: [claim.into()].into(),
        }
    }

    #[test]
    fn a_volume_has_one_pod_at_a_time() {
        let objects = |pods| LeaseObjects { objects: Vec::new(), pods };
        let waits = |pods, pods_are_seen| {
            let there = [Claim { name: "data-1".into(), ..Claim::default() }];
            let wanted = set("db-1", "data-1", 1);
            waits_for(&wanted, &objects(pods), &BTreeSet::new(), &there, pods_are_seen)
        };
        assert_eq!(waits(vec![], true), None);
        assert_eq!(waits(vec![pod("db-1-0", "data-1"), pod("db-0", "data-0")], true), None);
        let held = waits(vec![pod("db-1", "data-1")], true);
        assert_eq!(held, Some(Other::Holds { pod: "db-1".into(), set: Some("db".into()) }));
        assert_eq!(waits(vec![], false), Some(Other::Unseen));
    }

    #[test]
    fn ready_replicas_of_a_service_are_changed_one_after_another() {
        let waits = |ready: [u32; 2], rolling: bool, replicas| {
            let objects = vec![seen_set("db", ready[0]), seen_set("db-1", ready[1])];
            let seen = LeaseObjects { objects, pods: Vec::new() };
            let rolling = rolling.then(|| "db".to_owned()).into_iter().collect();
            waits_for(&set("db-1", "data-1", replicas), &seen, &rolling, &[], true).is_some()
        };
        assert!(!waits([1, 1], false, 1), "it is the first");
        assert!(waits([1, 1], true, 1), "another was changed just now");
        assert!(waits([0, 1], false, 1), "another is not ready");
        assert!(!waits([0, 0], true, 1), "it is not ready itself");
        assert!(!waits([1, 1], true, 0), "all are stopped at once");
    }
}
