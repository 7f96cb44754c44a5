//! A service's environment: each of the tenant's values is in a Secret, under a key by its position.
//! What the agent adds stands in the pod itself.

use std::collections::{BTreeMap, BTreeSet};

use souk_sdl::{ManifestService, ServiceExpose};

use super::{Subject, ingress};

/// A variable, the key of its value in the Secret, and the value.
pub(super) struct Variable<'a> {
    pub name: &'a str,
    pub key: String,
    pub value: &'a str,
}

/// Whether the node's GPU runtime chooses a container's devices by this variable. Variables such as
/// `ROCR_VISIBLE_DEVICES` choose among the container's own devices and are the tenant's.
fn is_of_gpu_runtime(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    name.starts_with("NVIDIA_") || name == "AMD_VISIBLE_DEVICES"
}

/// The variables of a service. Of two with the same name the last counts. Variables of the GPU
/// runtime are left out: they would open other tenants' devices.
pub(super) fn variables(service: &ManifestService) -> Vec<Variable<'_>> {
    let mut variables: Vec<Variable<'_>> = Vec::new();
    for (at, entry) in service.env.iter().flatten().enumerate() {
        let (name, value) = entry.split_once('=').unwrap_or((entry, ""));
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_graphic()) {
            continue;
        }
        if is_of_gpu_runtime(name) {
            continue;
        }
        variables.retain(|earlier| earlier.name != name);
        variables.push(Variable { name, key: format!("env-{at}"), value });
    }
    variables
}

/// What a service is given to know of itself. It changes with the lease, the service's own hosts and ports
/// and the provider's host names alone: a variable that changes restarts pods.
pub(super) fn of_lease(
    subject: &Subject<'_>,
    service: &ManifestService,
) -> BTreeMap<String, String> {
    let (group, order) = (subject.owner.group, subject.order);
    let mut all = BTreeMap::new();
    let mut set = |name: &str, value: String| all.insert(name.to_owned(), value);
    set("AKASH_DEPLOYMENT_SEQUENCE", group.deployment.to_string());
    set("AKASH_GROUP_SEQUENCE", group.group.to_string());
    set("AKASH_ORDER_SEQUENCE", order.to_string());
    set("AKASH_OWNER", subject.owner.tenant.to_owned());
    set("AKASH_PROVIDER", subject.scope.provider().to_owned());
    if let Some(host) = &subject.cluster.node_port_host {
        set("AKASH_CLUSTER_PUBLIC_HOSTNAME", host.clone());
    }
    let hosts = ingress::hosts_by_port(subject, service);
    if !hosts.is_empty() {
        let all = hosts.iter().map(|(_, host)| host.as_str());
        set("SOUK_HOSTNAMES", all.collect::<Vec<_>>().join(","));
    }
    let of_port = |port: u32| {
        let mine = hosts.iter().filter(|(at, _)| *at == port).map(|(_, host)| host.as_str());
        mine.collect::<Vec<_>>().join(",")
    };
    let with_hosts: Vec<u32> = hosts.iter().map(|(port, _)| *port).collect();
    for port in with_hosts {
        set(&format!("SOUK_HOSTNAMES_{port}"), of_port(port));
    }
    for ((port, protocol), outer) in outside(service) {
        let numbers: Vec<String> = outer.iter().map(u32::to_string).collect();
        set(&format!("SOUK_PORTS_{port}_{protocol}"), numbers.join(","));
    }
    all
}

/// By container port and protocol the ports under which the world reaches it, in ascending order. Node
/// ports are not known before the pod is there.
fn outside(service: &ManifestService) -> BTreeMap<(u32, &'static str), BTreeSet<u32>> {
    let mut ports: BTreeMap<_, BTreeSet<u32>> = BTreeMap::new();
    let known = |expose: &&ServiceExpose| {
        expose.outer_port() <= 65_535 && (expose.is_ingress() || !expose.ip.is_empty())
    };
    for expose in service.expose.iter().filter(known) {
        let key = (expose.port, expose.proto.as_str());
        ports.entry(key).or_default().insert(expose.outer_port());
    }
    ports
}
