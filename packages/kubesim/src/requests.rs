//! What a pod requests: containers together, or its largest init container where that is more; and its volume claims.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{quantity, store::ObjectKey, validate::array};

/// Amounts by resource, in billionths.
pub type Amounts = BTreeMap<String, i128>;

/// What a pod requests of its node.
pub fn pod_requests(spec: &Value) -> Amounts {
    total(spec, "requests")
}

/// What a pod is limited to.
pub fn pod_limits(spec: &Value) -> Amounts {
    total(spec, "limits")
}

/// The claims that a pod's volumes name.
pub fn claims(pod: &Value) -> Vec<ObjectKey> {
    let namespace = pod["metadata"]["namespace"].as_str().unwrap_or_default();
    array(&pod["spec"]["volumes"])
        .filter_map(|v| v["persistentVolumeClaim"]["claimName"].as_str())
        .map(|name| ObjectKey::new(namespace, name))
        .collect()
}

fn amounts(map: &Value) -> Amounts {
    let entries = map.as_object().into_iter().flatten();
    entries.map(|(name, value)| (name.clone(), quantity::nano_of(value))).collect()
}

fn add(sum: &mut Amounts, more: &Amounts) {
    for (name, amount) in more {
        *sum.entry(name.clone()).or_default() += amount;
    }
}

fn raise(sum: &mut Amounts, least: &Amounts) {
    for (name, amount) in least {
        let there = sum.entry(name.clone()).or_default();
        *there = (*there).max(*amount);
    }
}

fn total(spec: &Value, side: &str) -> Amounts {
    let mut sum = Amounts::new();
    for container in array(&spec["containers"]) {
        add(&mut sum, &amounts(&container["resources"][side]));
    }
    // Sidecars run beside everything after them.
    let (mut sidecars, mut peak) = (Amounts::new(), Amounts::new());
    for container in array(&spec["initContainers"]) {
        let own = amounts(&container["resources"][side]);
        if container["restartPolicy"] == "Always" {
            add(&mut sidecars, &own);
            raise(&mut peak, &sidecars);
        } else {
            let mut during = sidecars.clone();
            add(&mut during, &own);
            raise(&mut peak, &during);
        }
    }
    add(&mut sum, &sidecars);
    raise(&mut sum, &peak);
    add(&mut sum, &amounts(&spec["overhead"]));
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_pod_requests_the_larger_of_its_containers_and_its_init_containers() {
        let c = |cpu: &str| json!({"resources": {"requests": {"cpu": cpu}}});
        let spec = json!({"containers": [c("1"), c("500m")], "initContainers": [c("2")]});
        assert_eq!(pod_requests(&spec)["cpu"], 2_000_000_000);
        let spec = json!({"containers": [c("1"), c("500m")], "initContainers": [c("1")], "overhead": {"cpu": "250m"}});
        assert_eq!(pod_requests(&spec)["cpu"], 1_750_000_000);
    }

    #[test]
    fn a_sidecar_counts_beside_the_containers() {
        let sidecar = json!({"restartPolicy": "Always", "resources": {"requests": {"cpu": "1"}}});
        let c = json!({"resources": {"requests": {"cpu": "1"}}});
        let spec = json!({"containers": [c], "initContainers": [sidecar]});
        assert_eq!(pod_requests(&spec)["cpu"], 2_000_000_000);
    }
}
