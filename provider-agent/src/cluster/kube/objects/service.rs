//! The Services of a service: inside its namespace, on node ports, and on leased addresses.

use std::{collections::BTreeSet, iter};

use serde_json::{Value, json};
use souk_sdl::{ManifestService, ServiceExpose};

use super::{Kind, Object, Subject};
use crate::model::{
    labels,
    names::{hash, label_value, object_name},
};

/// Where ports begin whose numbers nobody was promised.
const FREE_PORTS: u32 = 49_152;

/// The Services of a service: one inside the namespace, one for node ports.
pub(super) fn build(service: &ManifestService) -> Vec<Object> {
    let name = object_name(&service.name, "");
    let inside = inside(service);
    if inside.is_empty() {
        return Vec::new();
    }
    let mut objects = vec![make(service, name, "ClusterIP", inside)];
    let outside = ports(node_port_exposes(service));
    if !outside.is_empty() {
        objects.push(make(service, node_port_service(&service.name), "NodePort", outside));
    }
    objects
}

/// One Service for each leased address, whose ports lead to the pods of every service that
/// uses it: ports by name, since each service has its own.
pub(super) fn on_leased_ips(subject: &Subject<'_>) -> Vec<Object> {
    let services = &subject.group.services;
    let object = |ip: &str| {
        let selector = json!({
            labels::ORDER: subject.order.to_string(),
            ip_label(ip): "true",
        });
        let ports = ports_on(services, ip);
        let body =
            json!({ "spec": { "type": "LoadBalancer", "selector": selector, "ports": ports } });
        Object::new(Kind::Service, leased_ip_service(ip), body)
    };
    leased_ips(services).into_iter().map(object).collect()
}

/// The name of the Service of a leased address.
pub fn leased_ip_service(ip: &str) -> String {
    format!("ip-{}", hash(&[ip], 16))
}

/// The label of pods that a leased address leads to.
pub(super) fn ip_label(ip: &str) -> String {
    format!("souk.market/ip-{}", hash(&[ip], 16))
}

/// The name of a container port that is exposed on a leased address.
pub fn port_name(service: &str, expose: &ServiceExpose) -> String {
    let letter = if expose.proto.as_str() == "UDP" { 'u' } else { 't' };
    format!("{letter}{}-{}", expose.port, hash(&[service], 8))
}

fn ports_on(services: &[ManifestService], ip: &str) -> Vec<Value> {
    let mut all: Vec<Value> = Vec::new();
    for service in services {
        let on_ip = service.expose.iter().filter(|expose| expose.ip == ip);
        let target = |expose: &ServiceExpose| json!(port_name(&service.name, expose));
        for port in ports_to(on_ip, target) {
            // If two services expose the same port, the first counts.
            if all.iter().all(|other| other["name"] != port["name"]) {
                all.push(port);
            }
        }
    }
    all
}

/// The name of the Service with a service's node ports. The hash avoids a collision with a tenant's
/// own service named `SERVICE-np`.
pub fn node_port_service(service: &str) -> String {
    object_name(service, &format!("-np-{}", hash(&[service], 8)))
}

/// Ports that are exposed without an ingress.
pub fn ports_outside(service: &ManifestService) -> impl Iterator<Item = &ServiceExpose> {
    service.expose.iter().filter(|expose| expose.global && !expose.is_ingress())
}

/// How many node ports services use.
pub(super) fn node_ports(services: &[ManifestService]) -> usize {
    // A LoadBalancer Service uses node ports as well.
    let on_ips: usize = leased_ips(services).iter().map(|ip| ports_on(services, ip).len()).sum();
    let own: usize = services.iter().map(|service| ports(node_port_exposes(service)).len()).sum();
    own + on_ips
}

/// The names of the addresses that services lease, each once.
pub fn leased_ips(services: &[ManifestService]) -> Vec<&str> {
    let exposes = services.iter().flat_map(|service| &service.expose);
    let mut ips: Vec<&str> = exposes.map(|expose| expose.ip.as_str()).collect();
    ips.sort_unstable();
    ips.dedup();
    ips.retain(|ip| !ip.is_empty());
    ips
}

fn node_port_exposes(service: &ManifestService) -> impl Iterator<Item = &ServiceExpose> {
    ports_outside(service).filter(|expose| expose.ip.is_empty())
}

/// Ports of the container, each once; those on leased addresses have a name.
pub(super) fn container_ports(service: &ManifestService) -> Vec<Value> {
    let mut seen: Vec<(u32, &str)> = Vec::new();
    let mut ports = Vec::new();
    for expose in &service.expose {
        let (port, proto) = (expose.port, expose.proto.as_str());
        if seen.contains(&(port, proto)) {
            continue;
        }
        seen.push((port, proto));
        let same = |other: &&ServiceExpose| other.port == port && other.proto == expose.proto;
        let mut open = json!({ "containerPort": port, "protocol": proto });
        if service.expose.iter().filter(same).any(|other| !other.ip.is_empty()) {
            open["name"] = json!(port_name(&service.name, expose));
        }
        ports.push(open);
    }
    ports
}

/// The name of the port by which an Ingress reaches a container port.
pub(super) fn http_port(service: &ManifestService, port: u32) -> String {
    let by_number = ports(by_promise(service).into_iter());
    let leads_there =
        |one: &&Value| one["port"] == port && one["targetPort"] == port && one["protocol"] == "TCP";
    match by_number.iter().find(leads_there).and_then(|one| one["name"].as_str()) {
        Some(name) => name.to_owned(),
        None => format!("http-{port}"),
    }
}

/// Ports inside the namespace: those that other services use by their numbers, and one for each container
/// port that is reached by host names. Of these the name counts, which says the container port, so that
/// it leads there whatever else changes.
fn inside(service: &ManifestService) -> Vec<Value> {
    let mut all = ports(by_promise(service).into_iter());
    let by_host = service.expose.iter().filter(|expose| expose.is_ingress());
    let by_host: BTreeSet<u32> = by_host.map(|expose| expose.port).collect();
    for port in by_host {
        let name = http_port(service, port);
        if all.iter().any(|one| one["name"] == *name) {
            continue;
        }
        let is_free =
            |number: &u32| all.iter().all(|one| one["protocol"] != "TCP" || one["port"] != *number);
        let Some(number) = iter::once(port).chain(FREE_PORTS..=65_535).find(is_free) else {
            continue;
        };
        all.push(json!({ "name": name, "port": number, "targetPort": port, "protocol": "TCP" }));
    }
    all
}

/// The exposes of a service; of two with one outer port the first counts, which is the one that another
/// service is promised.
fn by_promise(service: &ManifestService) -> Vec<&ServiceExpose> {
    let mut exposes: Vec<&ServiceExpose> = service.expose.iter().collect();
    exposes.sort_by_key(|expose| match expose {
        expose if !expose.service.is_empty() => 0,
        expose if expose.is_ingress() => 2,
        expose if expose.global => 1,
        _ => 3,
    });
    exposes
}

/// Service ports that lead to the containers' ports by number.
fn ports<'a>(exposes: impl Iterator<Item = &'a ServiceExpose>) -> Vec<Value> {
    ports_to(exposes, |expose| json!(expose.port))
}

/// Service ports, each outer port and protocol once; the first expose of it counts.
fn ports_to<'a>(
    exposes: impl Iterator<Item = &'a ServiceExpose>,
    target: impl Fn(&ServiceExpose) -> Value,
) -> Vec<Value> {
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
            "targetPort": target(expose),
            "protocol": proto,
        }));
    }
    ports
}

fn make(service: &ManifestService, name: String, kind: &str, ports: Vec<Value>) -> Object {
    let selector = json!({ labels::SERVICE: label_value(&service.name) });
    let body = json!({ "spec": { "type": kind, "selector": selector, "ports": ports } });
    Object::of_service(Kind::Service, name, &service.name, body)
}
