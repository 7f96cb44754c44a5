//! Ingresses: the simulated controller of a class writes its address.

use std::time::Duration;

use serde_json::{Value, json};

use super::events;
use crate::{apply::Part, cluster::Cluster, kinds::Kind, store::Key};

const COMPONENT: &str = "nginx-ingress-controller";

pub fn reconcile(cluster: &mut Cluster, key: &Key) -> Option<Duration> {
    let ingress = cluster.store.get(Kind::Ingress, key)?.clone();
    if !ingress["metadata"]["deletionTimestamp"].is_null() {
        return None;
    }
    let class = ingress["spec"]["ingressClassName"].as_str().unwrap_or_default();
    let served = cluster.store.get(Kind::IngressClass, &Key::new("", class)).is_some();
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
        events::record(
            cluster,
            Kind::Ingress,
            &ingress,
            COMPONENT,
            "Normal",
            "Sync",
            "Scheduled for sync",
        );
    }
    None
}
