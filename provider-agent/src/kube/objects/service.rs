//! A service's ports: inside its namespace, on the nodes, and on addresses of its own.

use serde_json::{Value, json};
use souk_sdl::{ManifestService, ServiceExpose};

use super::{
    Kind, Object,
    names::{hash, object_name},
};
use crate::labels;

/// All Services of a service: one inside, one for node ports, one for each leased address.
pub(super) fn build(service: &ManifestService) -> Vec<Object> {
    let name = object_name(&service.name, "");
    let inside = ports(service.expose.iter());
    if inside.is_empty() {
        return Vec::new();
    }
    let mut objects = vec![make(service, name, "ClusterIP", inside)];
    let outside = ports(node_port_exposes(service));
    if !outside.is_empty() {
        objects.push(make(service, node_port_service(&service.name), "NodePort", outside));
    }
    for ip in leased_ips(service) {
        let name = object_name(&service.name, &format!("-ip-{}", hash(&[&service.name, ip], 8)));
        let on_ip = service.expose.iter().filter(|expose| expose.ip == ip);
        objects.push(make(service, name, "LoadBalancer", ports(on_ip)));
    }
    objects
}

/// The name of the Service that opens node ports for a service. The hash keeps it apart from
/// a service of the tenant's own that is called `SERVICE-np`.
pub fn node_port_service(service: &str) -> String {
    object_name(service, &format!("-np-{}", hash(&[service], 8)))
}

/// Ports that are open to the world without an ingress.
pub fn ports_outside(service: &ManifestService) -> impl Iterator<Item = &ServiceExpose> {
    service.expose.iter().filter(|expose| expose.global && !expose.is_ingress())
}

/// How many node ports a service takes.
pub(super) fn node_ports(service: &ManifestService) -> usize {
    // A LoadBalancer Service takes node ports as well.
    let on_ips: usize = leased_ips(service)
        .iter()
        .map(|ip| ports(service.expose.iter().filter(|expose| expose.ip == *ip)).len())
        .sum();
    ports(node_port_exposes(service)).len() + on_ips
}

/// The names of the addresses that a service leases, each once.
pub(super) fn leased_ips(service: &ManifestService) -> Vec<&str> {
    let mut ips: Vec<&str> = service.expose.iter().map(|expose| expose.ip.as_str()).collect();
    ips.sort_unstable();
    ips.dedup();
    ips.retain(|ip| !ip.is_empty());
    ips
}

fn node_port_exposes(service: &ManifestService) -> impl Iterator<Item = &ServiceExpose> {
    ports_outside(service).filter(|expose| expose.ip.is_empty())
}

/// Ports of the container, each once.
pub(super) fn container_ports(service: &ManifestService) -> Vec<Value> {
    let mut seen: Vec<(u32, &str)> = Vec::new();
    for expose in &service.expose {
        let port = (expose.port, expose.proto.as_str());
        if !seen.contains(&port) {
            seen.push(port);
        }
    }
    seen.iter().map(|(port, proto)| json!({ "containerPort": port, "protocol": proto })).collect()
}

/// Service ports, each outer port and protocol once; the first expose of it counts.
fn ports<'a>(exposes: impl Iterator<Item = &'a ServiceExpose>) -> Vec<Value> {
    let mut seen: Vec<(u32, &str)> = Vec::new();
    let mut ports = Vec::new();
    for expose in exposes {
        let (outer, proto) = (expose.outer_port(), expose.proto.as_str());
        if seen.contains(&(outer, proto)) || outer > 65_535 {
            continue;
        }
        seen.push((outer, proto));
        ports.push(json!({
            "name": format!("{}-{outer}", proto.to_ascii_lowercase()),
            "port": outer,
            "targetPort": expose.port,
            "protocol": proto,
        }));
    }
    ports
}

fn make(service: &ManifestService, name: String, kind: &str, ports: Vec<Value>) -> Object {
    let selector = json!({ labels::SERVICE: super::names::label_value(&service.name) });
    let body = json!({ "spec": { "type": kind, "selector": selector, "ports": ports } });
    Object::of_service(Kind::Service, name, &service.name, body)
}
