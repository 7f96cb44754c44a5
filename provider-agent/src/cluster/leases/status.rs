//! The status of a lease for its tenant: services, replicas, addresses, pods and errors.

use k8s_openapi::{
    api::core::v1::{ContainerStatus, Pod, Service, ServicePort},
    apimachinery::pkg::util::intstr::IntOrString,
};
use kube::{Resource, ResourceExt};
use souk_api::orderbook::LeaseState;
use souk_core::OrderId;
use souk_gateway::body::{ForwardedPort, LeaseStatus, Phase, PodStatus, ServiceStatus};
use souk_sdl::{ManifestGroup, ManifestService};

use crate::{
    cluster::kube::{
        cache::Caches,
        objects::{self, Kind, ObjectName, Subject},
    },
    config::Cluster,
    model::{
        Lease,
        labels::SERVICE,
        names::{label_value, object_name},
        scope::MarketScope,
    },
};

/// The input of a status.
pub struct Sources<'a> {
    /// The caches.
    pub caches: &'a Caches,
    /// The cluster's configuration.
    pub cluster: &'a Cluster,
    /// The provider and market that it belongs to.
    pub scope: &'a MarketScope,
    /// The lease.
    pub lease: &'a Lease,
    /// Its group of the manifest, if one was accepted.
    pub group: Option<&'a ManifestGroup>,
    /// Block time.
    pub now: u64,
    /// Why the last step failed, if it did.
    pub failure: Option<String>,
    /// Whether everything was applied.
    pub applied: bool,
    /// What blocks the deletion of its namespace.
    pub blocked_by: Option<String>,
    /// What is wrong with the GPUs that it holds.
    pub gpu_fault: Option<String>,
}

/// The status of a lease.
pub fn lease_status(sources: &Sources<'_>) -> LeaseStatus {
    let order = sources.lease.order;
    let namespace = sources.scope.namespace(order);
    let services: Vec<ServiceStatus> = match sources.group {
        Some(group) => {
            let subject = Subject {
                order,
                scope: sources.scope,
                group,
                placements: &[],
                cluster: sources.cluster,
                running: true,
            };
            let all = objects::names(&subject);
            let of = |service| service_status(sources, &namespace, order, service, &all);
            group.services.iter().map(of).collect()
        }
        None => Vec::new(),
    };
    let phase = phase(sources, &namespace, &services);
    LeaseStatus { order, phase, detail: detail(sources, &services, phase), services }
}

fn phase(sources: &Sources<'_>, namespace: &str, services: &[ServiceStatus]) -> Phase {
    if sources.lease.state != LeaseState::Active {
        let there = sources.caches.namespaces.find(|one| one.name_any() == namespace);
        return if there.is_some() { Phase::Closing } else { Phase::Closed };
    }
    if sources.group.is_none() {
        return Phase::WaitingForManifest;
    }
    if !sources.lease.is_funded_at(sources.now) {
        return Phase::Suspended;
    }
    let ready = services.iter().all(|service| service.ready >= service.wanted);
    if ready && sources.applied { Phase::Ready } else { Phase::Deploying }
}

fn detail(sources: &Sources<'_>, services: &[ServiceStatus], phase: Phase) -> Option<String> {
    if let Some(blocked_by) = &sources.blocked_by {
        return Some(format!("the namespace is still being deleted: {blocked_by}"));
    }
    if let Some(failure) = &sources.failure {
        return Some(failure.clone());
    }
    if let Some(fault) = &sources.gpu_fault {
        return Some(fault.clone());
    }
    if phase != Phase::Deploying {
        return None;
    }
    let pods = services.iter().flat_map(|service| &service.pods);
    let mut reasons =
        pods.filter_map(|pod| Some(format!("{}: {}", pod.name, pod.reason.as_ref()?)));
    reasons.next()
}

fn service_status(
    sources: &Sources<'_>,
    namespace: &str,
    order: OrderId,
    service: &ManifestService,
    all: &[ObjectName],
) -> ServiceStatus {
    let label = label_value(&service.name);
    let is_mine = |labels: &std::collections::BTreeMap<String, String>| {
        labels.get(SERVICE).is_some_and(|value| *value == label)
    };
    let pods = sources.caches.pods.state();
    let mut pods: Vec<PodStatus> = pods
        .iter()
        .filter(|pod| pod.namespace().as_deref() == Some(namespace) && is_mine(pod.labels()))
        .map(|pod| pod_status(pod))
        .collect();
    pods.sort_by(|one, other| one.name.cmp(&other.name));
    let leased: Vec<String> = objects::leased_ips(std::slice::from_ref(service))
        .into_iter()
        .map(objects::leased_ip_service)
        .collect();
    let mine = |object: &&ObjectName| match &object.service {
        Some(name) => *name == service.name,
        None => object.kind == Kind::Service && leased.contains(&object.name),
    };
    let objects = all
        .iter()
        .filter(mine)
        .map(|object| format!("{}/{}", object.kind.gvk().kind.to_lowercase(), object.name))
        .collect();
    let hosts = objects::hosts(sources.cluster, sources.scope, order, service);
    ServiceStatus {
        name: service.name.clone(),
        wanted: service.count,
        ready: ready(sources.caches, namespace, service),
        uris: hosts.iter().map(|host| format!("http://{host}")).collect(),
        ports: ports(sources, namespace, service),
        objects,
        pods,
    }
}

/// Ready replicas of the newest generation.
fn ready(caches: &Caches, namespace: &str, service: &ManifestService) -> u32 {
    let name = object_name(&service.name, "");
    let count = |generation: Option<i64>,
                 observed: Option<i64>,
                 ready: Option<i32>,
                 updated: Option<i32>| {
        if observed < generation {
            return 0;
        }
        let ready = ready.unwrap_or(0).min(updated.unwrap_or(0));
        u32::try_from(ready).unwrap_or(0)
    };
    let deployment = caches
        .deployments
        .find(|one| one.meta().namespace.as_deref() == Some(namespace) && one.name_any() == name);
    if let Some(found) = deployment {
        let status = found.status.clone().unwrap_or_default();
        return count(
            found.meta().generation,
            status.observed_generation,
            status.ready_replicas,
            status.updated_replicas,
        );
    }
    let set = caches
        .stateful_sets
        .find(|one| one.meta().namespace.as_deref() == Some(namespace) && one.name_any() == name);
    set.map_or(0, |found| {
        let status = found.status.clone().unwrap_or_default();
        count(
            found.meta().generation,
            status.observed_generation,
            status.ready_replicas,
            status.updated_replicas,
        )
    })
}

/// Node ports and leased addresses that lead to a service.
fn ports(sources: &Sources<'_>, namespace: &str, service: &ManifestService) -> Vec<ForwardedPort> {
    let label = label_value(&service.name);
    let node_host = sources.cluster.node_port_host.as_deref();
    // A leased address may have other services' ports as well.
    let names: Vec<String> =
        service.expose.iter().map(|expose| objects::port_name(&service.name, expose)).collect();
    let mut found = sources.caches.services.state();
    found.retain(|one| one.namespace().as_deref() == Some(namespace));
    found.sort_by_key(|one| one.name_any());
    let ports = found.iter().flat_map(|one| match one.labels().get(SERVICE) {
        Some(value) if *value == label => forwarded(one, node_host, |_| true),
        Some(_) => Vec::new(),
        None => forwarded(one, node_host, |port| match &port.target_port {
            Some(IntOrString::String(name)) => names.contains(name),
            _ => false,
        }),
    });
    ports.collect()
}

fn forwarded(
    service: &Service,
    node_host: Option<&str>,
    wanted: impl Fn(&ServicePort) -> bool,
) -> Vec<ForwardedPort> {
    let Some(spec) = &service.spec else { return Vec::new() };
    let balancer = service.status.iter().flat_map(|status| &status.load_balancer);
    let address = balancer
        .flat_map(|balancer| balancer.ingress.iter().flatten())
        .find_map(|ingress| ingress.ip.clone().or_else(|| ingress.hostname.clone()));
    let kind = spec.type_.as_deref();
    let ports = spec.ports.iter().flatten().filter(|port| wanted(port));
    ports
        .filter_map(|port| {
            let (host, outside) = match kind {
                Some("NodePort") => (node_host?.to_owned(), port.node_port?),
                Some("LoadBalancer") => (address.clone()?, port.port),
                _ => return None,
            };
            Some(ForwardedPort {
                host,
                external_port: u16::try_from(outside).ok()?,
                port: u16::try_from(port.port).ok()?,
                protocol: port.protocol.clone().unwrap_or_else(|| "TCP".to_owned()),
            })
        })
        .collect()
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
