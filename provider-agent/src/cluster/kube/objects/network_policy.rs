//! The allowed traffic of a lease: its pods with each other, with DNS and with the internet, and from
//! anywhere to exposed ports. Not to the nodes' metadata, the cluster or other tenants.

use serde_json::{Value, json};

use super::{Kind, Object, Subject, service};
use crate::{
    config::Cluster,
    model::{
        labels::INGRESS,
        networks::{NOT_INTERNET_4, NOT_INTERNET_6},
    },
};

pub(super) fn build(subject: &Subject<'_>) -> Object {
    let own_pods = json!({ "podSelector": {} });
    let mut ingress = vec![
        json!({ "from": [own_pods] }),
        json!({ "from": ingress_controllers(subject.cluster) }),
    ];
    let open = open_ports(subject);
    if !open.is_empty() {
        ingress.push(json!({ "ports": open }));
    }
    let egress = vec![
        json!({ "to": [own_pods] }),
        json!({ "to": [dns()], "ports": [port(53, "UDP"), port(53, "TCP")] }),
        json!({ "to": internet(&subject.cluster.deny_networks) }),
    ];
    let body = json!({
        "spec": {
            "podSelector": {},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": ingress,
            "egress": egress,
        }
    });
    Object::new(Kind::NetworkPolicy, "lease", body)
}

/// The ingress controller's pods: those that the configuration names and no others; else the namespaces
/// where it usually runs, or that are labelled so.
pub fn ingress_controllers(cluster: &Cluster) -> Value {
    let namespace = |name: &str| json!({ "matchLabels": { "kubernetes.io/metadata.name": name } });
    match &cluster.ingress_controller {
        Some(controller) => {
            let mut peer = json!({ "namespaceSelector": namespace(&controller.namespace) });
            if !controller.pods.is_empty() {
                peer["podSelector"] = json!({ "matchLabels": controller.pods });
            }
            json!([peer])
        }
        None => json!([
            { "namespaceSelector": namespace("ingress-nginx") },
            { "namespaceSelector": { "matchLabels": { INGRESS: "true" } } },
        ]),
    }
}

fn dns() -> Value {
    json!({
        "namespaceSelector": { "matchLabels": { "kubernetes.io/metadata.name": "kube-system" } },
        "podSelector": { "matchLabels": { "k8s-app": "kube-dns" } },
    })
}

/// Container ports that are exposed by node ports and leased addresses.
fn open_ports(subject: &Subject<'_>) -> Vec<Value> {
    let mut ports = Vec::new();
    for service in &subject.group.services {
        for expose in service::ports_outside(service) {
            let port = port(expose.port, expose.proto.as_str());
            if !ports.contains(&port) {
                ports.push(port);
            }
        }
    }
    ports
}

fn port(port: u32, protocol: &str) -> Value {
    json!({ "port": port, "protocol": protocol })
}

fn internet(denied: &[String]) -> Value {
    let (denied_6, denied_4): (Vec<&String>, Vec<&String>) =
        denied.iter().partition(|network| network.contains(':'));
    let except = |fixed: &[&str], more: Vec<&String>| -> Vec<String> {
        let fixed = fixed.iter().map(|network| (*network).to_owned());
        fixed.chain(more.into_iter().cloned()).collect()
    };
    json!([
        { "ipBlock": { "cidr": "0.0.0.0/0", "except": except(&NOT_INTERNET_4, denied_4) } },
        { "ipBlock": { "cidr": "::/0", "except": except(&NOT_INTERNET_6, denied_6) } },
    ])
}
