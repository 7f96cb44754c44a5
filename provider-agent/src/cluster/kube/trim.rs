//! From Kubernetes' objects to what is kept of them.

use k8s_openapi::{
    api::{
        apps::v1::{Deployment, StatefulSet},
        core::v1::{
            LimitRange, Namespace, PersistentVolumeClaim, Pod, ResourceQuota, Service,
            ServiceAccount, ServicePort,
        },
        networking::v1::{Ingress, NetworkPolicy},
    },
    apimachinery::pkg::{apis::meta::v1::ObjectMeta, util::intstr::IntOrString},
};
use kube::{Resource, ResourceExt, core::PartialObjectMeta};
use souk_gateway::body::PodStatus;

use super::{
    container_log::log_of,
    fingerprint::Fingerprint,
    objects::{
        Kind,
        secret_list::{ListedSecret, SecretList},
    },
    seen::{
        Detail, Reach, Replicas, SeenNamespace, SeenObject, SeenPod, SeenPort, SeenSecret,
        SeenService,
    },
};
use crate::model::{
    labels::{REPLICA, SERVICE},
    names::digest,
    pods,
    volumes::{Assignment, Claim},
};

/// What is kept of an object.
pub(super) enum Kept {
    Object(SeenObject),
    Pod(SeenPod),
}

/// A kind of objects of which something is kept.
pub(super) trait Trim: Resource<DynamicType = ()> {
    fn trim(&self) -> Kept;
}

macro_rules! trim {
    ($($of:ty => $kind:ident, $detail:expr;)*) => {$(
        impl Trim for $of {
            fn trim(&self) -> Kept {
                let detail: fn(&Self) -> Detail = $detail;
                Kept::Object(object(Kind::$kind, self.meta(), detail(self)))
            }
        }
    )*};
}

trim! {
    Namespace => Namespace, namespace;
    Service => Service, service;
    Deployment => Deployment, deployment;
    StatefulSet => StatefulSet, stateful_set;
    Ingress => Ingress, hosts;
    PersistentVolumeClaim => PersistentVolumeClaim, |claim| Detail::Claim(Box::new(Claim::of(claim)));
    PartialObjectMeta<ResourceQuota> => ResourceQuota, |_| Detail::None;
    PartialObjectMeta<LimitRange> => LimitRange, |_| Detail::None;
    PartialObjectMeta<NetworkPolicy> => NetworkPolicy, |_| Detail::None;
    PartialObjectMeta<ServiceAccount> => ServiceAccount, |_| Detail::None;
}

impl Trim for Pod {
    fn trim(&self) -> Kept {
        Kept::Pod(SeenPod {
            uid: self.uid().unwrap_or_default().into(),
            service: label(self.meta()),
            terminating: self.meta().deletion_timestamp.is_some(),
            prepared: is_prepared(self),
            failed_at: pods::failed_at(self),
            finalizers: self.finalizers().iter().map(|name| name.as_str().into()).collect(),
            status: pod_status(self),
            log: log_of(self),
            claims: claims(self),
        })
    }
}

/// Whether its node has made all that containers need but their images: network, volumes.
fn is_prepared(pod: &Pod) -> bool {
    let mut conditions = pod.status.iter().flat_map(|status| status.conditions.iter().flatten());
    conditions.any(|one| one.type_ == "PodReadyToStartContainers" && one.status == "True")
}

fn object(kind: Kind, meta: &ObjectMeta, detail: Detail) -> SeenObject {
    SeenObject {
        kind,
        name: meta.name.as_deref().unwrap_or_default().into(),
        service: label(meta),
        fingerprint: Fingerprint::of(meta),
        terminating: meta.deletion_timestamp.is_some(),
        detail,
    }
}

fn label(meta: &ObjectMeta) -> Option<Box<str>> {
    Some(meta.labels.as_ref()?.get(SERVICE)?.as_str().into())
}

fn namespace(namespace: &Namespace) -> Detail {
    let conditions = namespace.status.iter().flat_map(|status| status.conditions.iter().flatten());
    let active = conditions.filter(|condition| condition.status == "True");
    let mut messages: Vec<String> = active.filter_map(|one| one.message.clone()).collect();
    if namespace.meta().deletion_timestamp.is_some() && !namespace.finalizers().is_empty() {
        messages.push(format!("it has the finalizer {}", namespace.finalizers().join(", ")));
    }
    Detail::Namespace(Box::new(SeenNamespace {
        uid: namespace.uid().unwrap_or_default().into(),
        deleted_at: namespace.meta().deletion_timestamp.as_ref().map(|time| time.0.as_second()),
        blocked_by: (!messages.is_empty()).then(|| messages.join("; ").into()),
        secrets: SecretList::of_namespace(namespace.meta()).0.into_iter().map(secret).collect(),
        assigned: Assignment::of_namespace(namespace.meta()),
    }))
}

fn secret((name, listed): (String, ListedSecret)) -> SeenSecret {
    let digest = listed.number();
    SeenSecret { name: name.into(), service: listed.service.into(), digest }
}

fn deployment(workload: &Deployment) -> Detail {
    let status = workload.status.clone().unwrap_or_default();
    let wanted = workload.spec.as_ref().and_then(|spec| spec.replicas);
    let ready = status.ready_replicas.min(status.updated_replicas);
    Detail::Workload(replicas(workload.meta(), wanted, status.observed_generation, ready))
}

fn stateful_set(workload: &StatefulSet) -> Detail {
    let status = workload.status.clone().unwrap_or_default();
    let wanted = workload.spec.as_ref().and_then(|spec| spec.replicas);
    let ready = status.ready_replicas.min(status.updated_replicas);
    let is_old = !workload.labels().contains_key(REPLICA);
    let replicas = replicas(workload.meta(), wanted, status.observed_generation, ready);
    Detail::Workload(Replicas { is_old, ..replicas })
}

fn replicas(
    meta: &ObjectMeta,
    wanted: Option<i32>,
    observed: Option<i64>,
    ready: Option<i32>,
) -> Replicas {
    let count = |count: i32| u32::try_from(count).unwrap_or(0);
    let ready = if observed >= meta.generation { ready.map_or(0, count) } else { 0 };
    Replicas {
        wanted: wanted.map_or(1, count),
        ready,
        generation: meta.generation.unwrap_or(0),
        uid: uid(meta),
        is_old: false,
    }
}

/// A digest of an object's uid; 0 if it has none.
pub(super) fn uid(meta: &ObjectMeta) -> u64 {
    meta.uid.as_deref().map_or(0, |uid| digest(&[uid]))
}

fn service(service: &Service) -> Detail {
    let spec = service.spec.clone().unwrap_or_default();
    let balancer = service.status.iter().flat_map(|status| &status.load_balancer);
    let address = balancer
        .flat_map(|balancer| balancer.ingress.iter().flatten())
        .find_map(|ingress| ingress.ip.as_deref().or(ingress.hostname.as_deref()));
    Detail::Service(Box::new(SeenService {
        reach: match spec.type_.as_deref() {
            Some("NodePort") => Reach::Nodes,
            Some("LoadBalancer") => Reach::Address(address.map(Box::from)),
            _ => Reach::Inside,
        },
        ports: spec.ports.iter().flatten().filter_map(port).collect(),
    }))
}

fn port(port: &ServicePort) -> Option<SeenPort> {
    Some(SeenPort {
        port: u16::try_from(port.port).ok()?,
        node_port: port.node_port.and_then(|port| u16::try_from(port).ok()),
        protocol: port.protocol.as_deref().unwrap_or("TCP").into(),
        target: match &port.target_port {
            Some(IntOrString::String(name)) => Some(name.as_str().into()),
            _ => None,
        },
    })
}

fn hosts(ingress: &Ingress) -> Detail {
    let rules = ingress.spec.iter().flat_map(|spec| spec.rules.iter().flatten());
    Detail::Hosts(rules.filter_map(|rule| rule.host.as_deref()).map(Box::from).collect())
}

/// The claims that a pod mounts.
fn claims(pod: &Pod) -> Box<[Box<str>]> {
    let volumes = pod.spec.iter().flat_map(|spec| spec.volumes.iter().flatten());
    let claims = volumes.filter_map(|volume| volume.persistent_volume_claim.as_ref());
    claims.map(|source| source.claim_name.as_str().into()).collect()
}

fn pod_status(pod: &Pod) -> PodStatus {
    let status = pod.status.clone().unwrap_or_default();
    let conditions = status.conditions.unwrap_or_default();
    let containers = status.init_container_statuses.into_iter().chain(status.container_statuses);
    let is_ready =
        |kind: &str| conditions.iter().any(|one| one.type_ == kind && one.status == "True");
    let restarts = containers.flatten().map(|container| container.restart_count);
    let restarts =
        restarts.filter_map(|count| u32::try_from(count).ok()).fold(0, u32::saturating_add);
    let failure = pods::failure(pod);
    PodStatus {
        name: pod.name_any(),
        phase: status.phase.unwrap_or_else(|| "Unknown".to_owned()),
        ready: is_ready("Ready"),
        restarts,
        reason: failure.as_ref().map(|failure| pods::one_line(failure, restarts)),
        failure: failure.map(Box::new),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn restarts_are_counted_whatever_numbers_a_pod_has() {
        let restarts = |counts: &[i32]| {
            let status = |count: &i32| {
                json!({ "name": "web", "image": "web", "imageID": "", "ready": true,
                "restartCount": count })
            };
            let statuses: Vec<_> = counts.iter().map(status).collect();
            let pod = json!({ "metadata": { "name": "web-1" }, "status": { "containerStatuses": statuses } });
            pod_status(&serde_json::from_value(pod).unwrap()).restarts
        };
        assert_eq!(restarts(&[3, 4]), 7);
        assert_eq!(restarts(&[-5, 4]), 4);
        assert_eq!(restarts(&[i32::MAX, i32::MAX, 1, 7]), u32::MAX);
    }

    #[test]
    fn a_pod_is_prepared_once_its_node_says_so() {
        for (conditions, expected) in [
            (json!([]), false),
            (json!([{"type": "PodScheduled", "status": "True"}]), false),
            (json!([{"type": "PodReadyToStartContainers", "status": "False"}]), false),
            (json!([{"type": "PodReadyToStartContainers", "status": "True"}]), true),
        ] {
            let pod = json!({"metadata": {"name": "web-1"},
                "status": {"phase": "Pending", "conditions": conditions}});
            let pod: Pod = serde_json::from_value(pod).unwrap();
            assert_eq!(is_prepared(&pod), expected, "{conditions}");
        }
    }
}
