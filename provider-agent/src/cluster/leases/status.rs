//! The status of a lease for its tenant: services, replicas, addresses, pods and errors.

use souk_api::orderbook::LeaseState;
use souk_core::OrderId;
use souk_gateway::body::{ForwardedPort, LeaseStatus, Phase, PodStatus, ServiceStatus};
use souk_sdl::{ManifestGroup, ManifestService};

use crate::{
    cluster::kube::{
        objects::{self, Kind, Object, Subject},
        seen::{LeaseObjects, Reach, SeenPort, SeenService},
    },
    config::Cluster,
    model::{
        Lease,
        names::{label_value, object_name},
        scope::MarketScope,
    },
};

/// The input of a status.
pub struct Sources<'a> {
    /// What is seen of its objects.
    pub seen: &'a LeaseObjects,
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
    /// Why the last step failed, or what it waits for.
    pub failure: Option<String>,
    /// Whether all of the newest manifest is applied.
    pub applied: bool,
    /// What blocks the deletion of its namespace.
    pub blocked_by: Option<String>,
}

/// The status of a lease.
pub fn lease_status(sources: &Sources<'_>) -> LeaseStatus {
    let order = sources.lease.order;
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
            let all = objects::all(&subject);
            let of = |service| service_status(sources, order, service, &all);
            group.services.iter().map(of).collect()
        }
        None => Vec::new(),
    };
    let phase = phase(sources, &services);
    LeaseStatus { order, phase, detail: detail(sources, &services, phase), services }
}

fn phase(sources: &Sources<'_>, services: &[ServiceStatus]) -> Phase {
    if sources.lease.state != LeaseState::Active {
        let there = sources.seen.namespace().is_some();
        return if there { Phase::Closing } else { Phase::Closed };
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
    order: OrderId,
    service: &ManifestService,
    all: &[Object],
) -> ServiceStatus {
    let label = label_value(&service.name);
    let mine = sources.seen.pods.iter().filter(|pod| pod.service.as_deref() == Some(&label));
    let mut pods: Vec<PodStatus> = mine.map(|pod| pod.status.clone()).collect();
    pods.sort_by(|one, other| one.name.cmp(&other.name));
    let leased: Vec<String> = objects::leased_ips(std::slice::from_ref(service))
        .into_iter()
        .map(objects::leased_ip_service)
        .collect();
    let mine = |object: &&Object| match &object.service {
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
        ready: ready(sources.seen, service),
        uris: hosts.iter().map(|host| format!("http://{host}")).collect(),
        ports: ports(sources, service),
        objects,
        pods,
    }
}

/// Ready replicas of the newest generation.
fn ready(seen: &LeaseObjects, service: &ManifestService) -> u32 {
    seen.replicas(&object_name(&service.name, "")).map_or(0, |replicas| replicas.ready)
}

/// Node ports and leased addresses that lead to a service.
fn ports(sources: &Sources<'_>, service: &ManifestService) -> Vec<ForwardedPort> {
    let label = label_value(&service.name);
    let node_host = sources.cluster.node_port_host.as_deref();
    // A leased address may have other services' ports as well.
    let names: Vec<String> =
        service.expose.iter().map(|expose| objects::port_name(&service.name, expose)).collect();
    let all = sources.seen.services();
    let ports = all.iter().flat_map(|(object, seen)| match object.service.as_deref() {
        Some(value) if *value == *label => forwarded(seen, node_host, |_| true),
        Some(_) => Vec::new(),
        None => forwarded(seen, node_host, |port| {
            let target = port.target.as_deref();
            target.is_some_and(|target| names.iter().any(|name| *name == *target))
        }),
    });
    ports.collect()
}

fn forwarded(
    service: &SeenService,
    node_host: Option<&str>,
    wanted: impl Fn(&SeenPort) -> bool,
) -> Vec<ForwardedPort> {
    let ports = service.ports.iter().filter(|port| wanted(port));
    ports
        .filter_map(|port| {
            let (host, external_port) = match &service.reach {
                Reach::Inside => return None,
                Reach::Nodes => (node_host?.to_owned(), port.node_port?),
                Reach::Address(address) => (address.as_deref()?.to_owned(), port.port),
            };
            let protocol = port.protocol.to_string();
            Some(ForwardedPort { host, external_port, port: port.port, protocol })
        })
        .collect()
}
