//! Ingresses: the simulated controller of a class writes its address.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{apply::Part, cluster::Cluster, events::Recorder, kinds::Kind, store::ObjectKey};

const COMPONENT: &str = "nginx-ingress-controller";

pub fn reconcile(cluster: &mut Cluster, key: &ObjectKey) -> Option<Duration> {
    let ingress = cluster.store.get(Kind::Ingress, key)?.clone();
    if !ingress["metadata"]["deletionTimestamp"].is_null() {
        return None;
    }
    let class = ingress["spec"]["ingressClassName"].as_str().unwrap_or_default();
    let served = cluster.store.get(Kind::IngressClass, &ObjectKey::new("", class)).is_some();
    let address = cluster
        .spec
        .ingress_classes
        .iter()
        .find(|c| c.name == class)
        .and_then(|c| c.address.clone())
        .filter(|_| served);
    let wanted = match address {
        Some(address) if address.parse::<std::net::IpAddr>().is_ok() => {
            json!({"ingress": [{"ip": address}]})
        }
        Some(host) => json!({"ingress": [{"hostname": host}]}),
        None => json!({}),
    };
    if ingress["status"]["loadBalancer"] == wanted {
        return None;
    }
    let shown = wanted != json!({});
    cluster.adjust(Kind::Ingress, key, Part::Status, COMPONENT, |ingress| {
        if !ingress["status"].is_object() {
            ingress["status"] = Value::Object(serde_json::Map::new());
        }
        ingress["status"]["loadBalancer"] = wanted;
    });
    if shown {
        Recorder::new(Kind::Ingress, &ingress, COMPONENT).normal(
            cluster,
            "Sync",
            "Scheduled for sync",
        );
    }
    None
}
