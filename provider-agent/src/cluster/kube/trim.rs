//! From Kubernetes' objects to what is kept of them.

use k8s_openapi::{
    api::{
        apps::v1::{Deployment, StatefulSet},
        core::v1::{
            ContainerStatus, LimitRange, Namespace, PersistentVolumeClaim, Pod, ResourceQuota,
            Secret, Service, ServiceAccount, ServicePort,
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
    objects::Kind,
    seen::{Detail, Reach, Replicas, SeenNamespace, SeenObject, SeenPod, SeenPort, SeenService},
};
use crate::model::{labels::SERVICE, volumes::Claim};

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
    PartialObjectMeta<Secret> => Secret, |_| Detail::None;
}

impl Trim for Pod {
    fn trim(&self) -> Kept {
        Kept::Pod(SeenPod {
            uid: self.uid().unwrap_or_default().into(),
            service: label(self.meta()),
            terminating: self.meta().deletion_timestamp.is_some(),
            status: pod_status(self),
            log: log_of(self),
            claims: claims(self),
        })
    }
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
    let messages: Vec<&str> = active.filter_map(|one| one.message.as_deref()).collect();
    Detail::Namespace(Box::new(SeenNamespace {
        uid: namespace.uid().unwrap_or_default().into(),
        blocked_by: (!messages.is_empty()).then(|| messages.join("; ").into()),
    }))
}

fn deployment(workload: &Deployment) -> Detail {
    let status = workload.status.clone().unwrap_or_default();
    let wanted = workload.spec.as_ref().and_then(|spec| spec.replicas);
    let is_newest = status.observed_generation >= workload.meta().generation;
    replicas(wanted, is_newest, status.ready_replicas, status.updated_replicas)
}

fn stateful_set(workload: &StatefulSet) -> Detail {
    let status = workload.status.clone().unwrap_or_default();
    let wanted = workload.spec.as_ref().and_then(|spec| spec.replicas);
    let is_newest = status.observed_generation >= workload.meta().generation;
    replicas(wanted, is_newest, status.ready_replicas, status.updated_replicas)
}

fn replicas(
    wanted: Option<i32>,
    is_newest: bool,
    ready: Option<i32>,
    updated: Option<i32>,
) -> Detail {
    let count = |count: i32| u32::try_from(count).unwrap_or(0);
    let ready = if is_newest { ready.unwrap_or(0).min(updated.unwrap_or(0)) } else { 0 };
    Detail::Workload(Replicas { wanted: wanted.map_or(1, count), ready: count(ready) })
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
    let containers = status.container_statuses.unwrap_or_default();
    let is_ready =
        |kind: &str| conditions.iter().any(|one| one.type_ == kind && one.status == "True");
    let unscheduled =
        conditions.iter().find(|one| one.type_ == "PodScheduled" && one.status == "False");
    let restarts: i32 = containers.iter().map(|container| container.restart_count).sum();
    let reason = match unscheduled {
        Some(condition) => {
            Some(message_of(condition.reason.as_deref(), condition.message.as_deref()))
        }
        None => containers.iter().find_map(container_error),
    };
    PodStatus {
        name: pod.name_any(),
        phase: status.phase.unwrap_or_else(|| "Unknown".to_owned()),
        ready: is_ready("Ready"),
        restarts: u32::try_from(restarts).unwrap_or(0),
        reason,
    }
}

/// Why a container waits or how it ended; none while it starts or runs.
fn container_error(container: &ContainerStatus) -> Option<String> {
    let state = container.state.as_ref()?;
    if let Some(waiting) = &state.waiting {
        let reason = waiting.reason.as_deref()?;
        let starting = matches!(reason, "ContainerCreating" | "PodInitializing");
        return (!starting).then(|| message_of(Some(reason), waiting.message.as_deref()));
    }
    let ended = state.terminated.as_ref()?;
    let text = format!("exit code {}", ended.exit_code);
    Some(message_of(ended.reason.as_deref(), Some(ended.message.as_deref().unwrap_or(&text))))
}

fn message_of(reason: Option<&str>, message: Option<&str>) -> String {
    match (reason, message) {
        (Some(reason), Some(message)) => format!("{reason}: {message}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => "unknown".to_owned(),
    }
}
