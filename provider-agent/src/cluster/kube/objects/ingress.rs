//! Host names that lead to a service.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use souk_core::OrderId;
use souk_sdl::{HttpOptions, ManifestService, ServiceExpose};

use super::{Kind, Object, Subject};
use crate::{
    config::Cluster,
    model::{names::object_name, scope::MarketScope},
};

/// One Ingress per HTTP port, if the cluster has an ingress class.
pub(super) fn build(subject: &Subject<'_>, service: &ManifestService) -> Vec<Object> {
    let Some(class) = &subject.cluster.ingress_class else { return Vec::new() };
    let mut objects: Vec<Object> = Vec::new();
    for expose in service.expose.iter().filter(|expose| expose.is_ingress()) {
        let hosts = expose_hosts(subject.cluster, subject.scope, subject.order, service, expose);
        let name = object_name(&format!("{}-{}", service.name, expose.port), "-http");
        if hosts.is_empty() || objects.iter().any(|object| object.name == name) {
            continue;
        }
        let backend = json!({
            "service": {
                "name": object_name(&service.name, ""),
                "port": { "number": expose.outer_port() },
            }
        });
        let rules: Vec<Value> = hosts.iter().map(|host| rule(host, &backend)).collect();
        let body = json!({
            "spec": { "ingressClassName": class, "rules": rules },
        });
        objects.push(Object {
            annotations: annotations(&expose.http_options),
            ..Object::of_service(Kind::Ingress, name, &service.name, body)
        });
    }
    objects
}

/// All host names that lead to a service.
pub fn hosts(
    cluster: &Cluster,
    scope: &MarketScope,
    order: OrderId,
    service: &ManifestService,
) -> Vec<String> {
    if cluster.ingress_class.is_none() {
        return Vec::new();
    }
    let exposes = service.expose.iter().filter(|expose| expose.is_ingress());
    exposes.flat_map(|expose| expose_hosts(cluster, scope, order, service, expose)).collect()
}

/// The tenant's own host names, and one in the provider's domain.
fn expose_hosts(
    cluster: &Cluster,
    scope: &MarketScope,
    order: OrderId,
    service: &ManifestService,
    expose: &ServiceExpose,
) -> Vec<String> {
    let own =
        expose.hosts.iter().flatten().map(|host| host.trim_end_matches('.').to_ascii_lowercase());
    let mut hosts: Vec<String> = own.collect();
    hosts.extend(cluster.domain.as_ref().map(|domain| {
        let order = order.to_string();
        let port = expose.port.to_string();
        let label = scope.hash(&[&order, &service.name, &port], 16);
        format!("h{label}.{domain}")
    }));
    hosts.dedup();
    hosts
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
