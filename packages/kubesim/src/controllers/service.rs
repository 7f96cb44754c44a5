//! Services: their endpoints, and addresses of load balancers.

use std::{collections::HashSet, net::Ipv4Addr, time::Duration};

use serde_json::{Value, json};

use super::{MANAGER, owned};
use crate::{
    apply::Part,
    cluster::Cluster,
    events::Recorder,
    kinds::Kind,
    names,
    registry::WriteOptions,
    selector::LabelSelector,
    store::{Object, ObjectKey},
    validate::array,
};

pub fn reconcile(cluster: &mut Cluster, key: &ObjectKey) -> Option<Duration> {
    let Some(service) = cluster.store.get(Kind::Service, key).cloned() else {
        // The slices go by their owner; endpoints have the service's name and no owner.
        cluster.erase(Kind::Endpoints, key);
        return None;
    };
    if !service["metadata"]["deletionTimestamp"].is_null() {
        return None;
    }
    let wait = balance(cluster, key, &service);
    if service["spec"]["selector"].as_object().is_some_and(|s| !s.is_empty()) {
        endpoints(cluster, key, &service);
    }
    wait
}

/// Gives a service of type `LoadBalancer` an address of the pool.
fn balance(cluster: &mut Cluster, key: &ObjectKey, service: &Value) -> Option<Duration> {
    let has = array(&service["status"]["loadBalancer"]["ingress"]).next().is_some();
    if service["spec"]["type"] != "LoadBalancer" {
        if has {
            set_address(cluster, key, None);
        }
        return None;
    }
    if has {
        return None;
    }
    let taken: HashSet<String> = cluster
        .store
        .all(Kind::Service)
        .flat_map(|(_, s)| array(&s["status"]["loadBalancer"]["ingress"]))
        .filter_map(|i| i["ip"].as_str().map(str::to_owned))
        .collect();
    let pool = &cluster.spec.load_balancers;
    let first = u32::from(pool.from);
    let free = (0..pool.count)
        .map(|i| Ipv4Addr::from(first.saturating_add(i)).to_string())
        .find(|a| !taken.contains(a));
    let component = "service-controller";
    match free {
        Some(address) => {
            set_address(cluster, key, Some(&address));
            Recorder::new(Kind::Service, service, component).normal(
                cluster,
                "EnsuredLoadBalancer",
                "Ensured load balancer",
            );
            None
        }
        None => {
            let message =
                "Error syncing load balancer: failed to ensure load balancer: no address is free";
            Recorder::new(Kind::Service, service, component).warning(
                cluster,
                "SyncLoadBalancerFailed",
                message,
            );
            Some(Duration::from_secs(5))
        }
    }
}

fn set_address(cluster: &mut Cluster, key: &ObjectKey, address: Option<&str>) {
    cluster.adjust(Kind::Service, key, Part::Status, MANAGER, |service| {
        service["status"]["loadBalancer"] = match address {
            Some(ip) => json!({"ingress": [{"ip": ip, "ipMode": "VIP"}]}),
            None => json!({}),
        };
    });
}

fn endpoints(cluster: &mut Cluster, key: &ObjectKey, service: &Value) {
    let selector = LabelSelector::of_map(&service["spec"]["selector"]);
    let early = service["spec"]["publishNotReadyAddresses"] == true;
    let (mut ready, mut waiting): (Vec<Object>, Vec<Object>) = (Vec::new(), Vec::new());
    for (_, pod) in cluster.store.within(Kind::Pod, &key.namespace) {
        let addressed = pod["status"]["podIP"].as_str().is_some_and(|ip| !ip.is_empty());
        if !addressed || !selector.matches(&pod["metadata"]["labels"]) || !owned::is_active(pod) {
            continue;
        }
        if early || owned::is_ready(pod) {
            ready.push(pod.clone())
        } else {
            waiting.push(pod.clone())
        }
    }
    let mut subset = json!({});
    for (field, pods) in [("addresses", &ready), ("notReadyAddresses", &waiting)] {
        if !pods.is_empty() {
            subset[field] = Value::Array(pods.iter().map(|p| address(p)).collect());
        }
    }
    let ports = |first: Option<&Object>| -> Vec<Value> {
        array(&service["spec"]["ports"])
            .filter_map(|port| {
                let number = target(port, first?)?;
                let mut found = json!({"port": number, "protocol": port["protocol"]});
                if let Some(name) = port.get("name") {
                    found["name"] = name.clone();
                }
                Some(found)
            })
            .collect()
    };
    let first = ready.first().or(waiting.first());
    let ports = ports(first);
    if !ports.is_empty() {
        subset["ports"] = json!(ports);
    }
    let mut body = json!({"metadata": {"name": key.name, "labels": labels(service)}});
    if first.is_some() {
        body["subsets"] = json!([subset]);
    }
    store(cluster, Kind::Endpoints, key, body, &["subsets"]);
    slice(cluster, key, service, &ready, &waiting, &ports);
}

fn labels(service: &Value) -> Value {
    let mut labels = service["metadata"]["labels"].as_object().cloned().unwrap_or_default();
    labels.insert("endpoints.kubernetes.io/managed-by".into(), json!("endpoint-controller"));
    Value::Object(labels)
}

fn reference(pod: &Value) -> Value {
    json!({
        "kind": "Pod",
        "namespace": pod["metadata"]["namespace"],
        "name": pod["metadata"]["name"],
        "uid": pod["metadata"]["uid"],
    })
}

fn address(pod: &Value) -> Value {
    json!({"ip": pod["status"]["podIP"], "nodeName": pod["spec"]["nodeName"], "targetRef": reference(pod)})
}

/// The number of a target port, which may be the name of a container's port.
fn target(port: &Value, pod: &Value) -> Option<i64> {
    match &port["targetPort"] {
        Value::String(name) => array(&pod["spec"]["containers"])
            .flat_map(|c| array(&c["ports"]))
            .find(|p| p["name"] == name.as_str())
            .and_then(|p| p["containerPort"].as_i64()),
        other => other.as_i64().or_else(|| port["port"].as_i64()),
    }
}

fn slice(
    cluster: &mut Cluster,
    key: &ObjectKey,
    service: &Value,
    ready: &[Object],
    waiting: &[Object],
    ports: &[Value],
) {
    let endpoint = |pod: &Object, serves: bool| {
        json!({
            "addresses": [pod["status"]["podIP"]],
            "conditions": {"ready": serves, "serving": serves, "terminating": false},
            "nodeName": pod["spec"]["nodeName"],
            "targetRef": reference(pod),
        })
    };
    let mut all: Vec<Value> = ready.iter().map(|p| endpoint(p, true)).collect();
    all.extend(waiting.iter().map(|p| endpoint(p, false)));
    let uid = service["metadata"]["uid"].as_str().unwrap_or_default();
    let name = format!("{}-{}", key.name, names::hash_suffix(uid, 5));
    let ports: Vec<Value> = ports
        .iter()
        .map(|p| json!({"port": p["port"], "protocol": p["protocol"], "name": p["name"].as_str().unwrap_or_default()}))
        .collect();
    let body = json!({
        "metadata": {
            "name": name,
            "labels": {
                "kubernetes.io/service-name": key.name,
                "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
            },
            "ownerReferences": [owned::reference(Kind::Service, service)],
        },
        "addressType": "IPv4",
        "endpoints": all,
        "ports": ports,
    });
    store(
        cluster,
        Kind::EndpointSlice,
        &ObjectKey::new(&*key.namespace, name),
        body,
        &["endpoints", "ports"],
    );
}

/// Creates an object, or sets the given fields of the one that is there.
fn store(cluster: &mut Cluster, kind: Kind, key: &ObjectKey, body: Value, fields: &[&str]) {
    if cluster.store.get(kind, key).is_none() {
        let options = WriteOptions::system(MANAGER);
        if let Err(why) = cluster.create(kind, &key.namespace, body, &options) {
            tracing::debug!(%why, "endpoints not stored");
        }
        return;
    }
    cluster.adjust(kind, key, Part::Main, MANAGER, |object| {
        for field in fields {
            match body.get(*field) {
                Some(value) => object[*field] = value.clone(),
                None => {
                    if let Some(map) = object.as_object_mut() {
                        map.remove(*field);
                    }
                }
            }
        }
    });
}
