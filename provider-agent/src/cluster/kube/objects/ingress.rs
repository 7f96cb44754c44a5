//! Host names that lead to services: an Ingress for each, named by the host. What an update may change,
//! the service, its port and the options, is not in the name, so that the object is changed and not
//! replaced: an ingress controller may refuse a host that another Ingress has.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use souk_sdl::{HttpOptions, ManifestService};

use super::{Kind, Object, Subject, service};
use crate::model::{
    hosts::{Domains, Naming, Route},
    names::{hash, object_name},
};

/// The most characters of an Ingress's name, which may hold dots.
const MAX_NAME: usize = 253;

/// An Ingress for each host of the lease, if the cluster has an ingress class.
pub(super) fn build(subject: &Subject<'_>) -> Vec<Object> {
    let Some(class) = &subject.cluster.ingress_class else { return Vec::new() };
    let domains = Domains::of(subject.cluster);
    let naming = Naming { scope: subject.scope, order: subject.order, domains: &domains };
    let routes = naming.routes(subject.group);
    let services = &subject.group.services;
    let object = |route: &Route<'_>| {
        let service = services.iter().find(|service| service.name == route.service)?;
        let backend = json!({
            "service": {
                "name": object_name(route.service, ""),
                "port": { "name": service::http_port(service, route.port) },
            }
        });
        let body = json!({ "spec": { "ingressClassName": class, "rules": [rule(&route.host, &backend)] } });
        Some(Object {
            annotations: annotations(route.options),
            ..Object::of_service(Kind::Ingress, name(&route.host), route.service, body)
        })
    };
    routes.iter().filter_map(object).collect()
}

/// All host names that lead to a service.
pub fn hosts(subject: &Subject<'_>, service: &ManifestService) -> Vec<String> {
    hosts_by_port(subject, service).into_iter().map(|(_, host)| host).collect()
}

/// As [`hosts`], each with its container port.
pub(super) fn hosts_by_port(
    subject: &Subject<'_>,
    service: &ManifestService,
) -> Vec<(u32, String)> {
    if subject.cluster.ingress_class.is_none() {
        return Vec::new();
    }
    let domains = Domains::of(subject.cluster);
    let naming = Naming { scope: subject.scope, order: subject.order, domains: &domains };
    let routes = naming.routes(subject.group).into_iter();
    let own = routes.filter(|route| route.service == service.name);
    own.map(|route| (route.port, route.host)).collect()
}

/// The name of a host's Ingress.
fn name(host: &str) -> String {
    if host.len() <= MAX_NAME { host.to_owned() } else { format!("host-{}", hash(&[host], 16)) }
}

fn rule(host: &str, backend: &Value) -> Value {
    let path = json!({ "path": "/", "pathType": "Prefix", "backend": backend });
    json!({ "host": host, "http": { "paths": [path] } })
}

fn annotations(options: &HttpOptions) -> BTreeMap<String, String> {
    let seconds = |millis: u32| millis.div_ceil(1_000).to_string();
    let next = options.next_cases.iter().map(|case| match case.as_str() {
        code if code.bytes().all(|b| b.is_ascii_digit()) => format!("http_{code}"),
        word => word.to_owned(),
    });
    let next: Vec<String> = next.collect();
    let mut all = BTreeMap::new();
    let mut set = |key: &str, value: String| {
        all.insert(format!("nginx.ingress.kubernetes.io/{key}"), value);
    };
    set("proxy-body-size", options.max_body_size.to_string());
    set("proxy-read-timeout", seconds(options.read_timeout));
    set("proxy-send-timeout", seconds(options.send_timeout));
    set("proxy-next-upstream-tries", options.next_tries.to_string());
    set("proxy-next-upstream-timeout", seconds(options.next_timeout));
    if !next.is_empty() {
        set("proxy-next-upstream", next.join(" "));
    }
    all
}
