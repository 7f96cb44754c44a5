//! Resource quotas: what objects count for, and the refusal of what is too much.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{
    cluster::Cluster,
    error::ApiError,
    kinds::Kind,
    quantity,
    requests::{Amounts, pod_limits, pod_requests},
    store::Store,
    validate::array,
};

const ONE: i128 = 1_000_000_000;

/// What an object counts for, in billionths.
fn charge(kind: Kind, object: &Value) -> Amounts {
    let mut amounts = Amounts::new();
    amounts.insert(format!("count/{}", kind.qualified()), ONE);
    let legacy = ["services", "secrets", "configmaps", "persistentvolumeclaims", "resourcequotas"];
    if legacy.contains(&kind.info().plural) {
        amounts.insert(kind.info().plural.into(), ONE);
    }
    match kind {
        Kind::Pod => {
            if matches!(object["status"]["phase"].as_str(), Some("Succeeded" | "Failed")) {
                amounts.clear();
                amounts.insert("count/pods".into(), ONE);
                return amounts;
            }
            amounts.insert("pods".into(), ONE);
            for (name, value) in pod_requests(&object["spec"]) {
                if ["cpu", "memory", "ephemeral-storage"].contains(&name.as_str()) {
                    amounts.insert(name.clone(), value);
                }
                amounts.insert(format!("requests.{name}"), value);
            }
            for (name, value) in pod_limits(&object["spec"]) {
                amounts.insert(format!("limits.{name}"), value);
            }
        }
        Kind::Service => {
            let ports =
                array(&object["spec"]["ports"]).filter(|p| p["nodePort"].as_i64().unwrap_or(0) > 0);
            amounts.insert("services.nodeports".into(), ports.count() as i128 * ONE);
            if object["spec"]["type"] == "LoadBalancer" {
                amounts.insert("services.loadbalancers".into(), ONE);
            }
        }
        Kind::PersistentVolumeClaim => {
            let size = quantity::nano_of(&object["spec"]["resources"]["requests"]["storage"]);
            amounts.insert("requests.storage".into(), size);
            if let Some(class) = object["spec"]["storageClassName"].as_str() {
                let of = format!("{class}.storageclass.storage.k8s.io");
                amounts.insert(format!("{of}/requests.storage"), size);
                amounts.insert(format!("{of}/persistentvolumeclaims"), ONE);
            }
        }
        _ => {}
    }
    amounts
}

/// What the objects of a namespace come to, of the named resources.
pub fn usage<'a>(
    store: &Store,
    namespace: &str,
    names: impl Iterator<Item = &'a String>,
) -> BTreeMap<String, i128> {
    let mut used: BTreeMap<String, i128> = names.map(|n| (n.clone(), 0)).collect();
    for kind in Kind::ALL.iter().copied().filter(|k| k.namespaced() && *k != Kind::Event) {
        for (_, object) in store.within(kind, namespace) {
            for (name, amount) in charge(kind, object) {
                if let Some(sum) = used.get_mut(&name) {
                    *sum += amount;
                }
            }
        }
    }
    used
}

/// Writes an amount as quotas write it: bytes in binary form.
pub fn shown(name: &str, amount: i128) -> String {
    if name.contains("memory") || name.contains("storage") {
        quantity::binary(amount)
    } else {
        quantity::decimal(amount)
    }
}

/// Refuses a write that would exceed a quota of its namespace.
pub fn check(
    cluster: &Cluster,
    kind: Kind,
    object: &Value,
    old: Option<&Value>,
) -> Result<(), ApiError> {
    let namespace = object["metadata"]["namespace"].as_str().unwrap_or_default();
    let mut quotas = cluster.store.within(Kind::ResourceQuota, namespace).peekable();
    if kind == Kind::Event || quotas.peek().is_none() {
        return Ok(());
    }
    let before = old.map(|o| charge(kind, o)).unwrap_or_default();
    let asked: Amounts = charge(kind, object)
        .into_iter()
        .map(|(name, amount)| {
            let more = amount - before.get(&name).copied().unwrap_or(0);
            (name, more)
        })
        .filter(|(_, more)| *more > 0)
        .collect();
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    for (key, quota) in quotas {
        let hard: BTreeMap<String, i128> = quota["spec"]["hard"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(n, v)| (n.clone(), quantity::nano_of(v)))
            .collect();
        if kind == Kind::Pod && old.is_none() {
            let missing = unspecified(object, &hard);
            if !missing.is_empty() {
                let why =
                    format!("failed quota: {}: must specify {}", key.name, missing.join("; "));
                return Err(ApiError::forbidden(kind, name, why));
            }
        }
        let concerned: Vec<&String> = hard.keys().filter(|n| asked.contains_key(*n)).collect();
        let used = usage(&cluster.store, namespace, concerned.iter().copied());
        let exceeded: Vec<&String> =
            concerned.into_iter().filter(|n| used[*n] + asked[*n] > hard[*n]).collect();
        if exceeded.is_empty() {
            continue;
        }
        let list = |amounts: &BTreeMap<String, i128>| {
            let parts: Vec<String> =
                exceeded.iter().map(|n| format!("{n}={}", shown(n, amounts[*n]))).collect();
            parts.join(",")
        };
        let why = format!(
            "exceeded quota: {}, requested: {}, used: {}, limited: {}",
            key.name,
            list(&asked),
            list(&used),
            list(&hard)
        );
        return Err(ApiError::forbidden(kind, name, why));
    }
    Ok(())
}

/// Compute resources that a quota limits and some container does not state.
fn unspecified(pod: &Value, hard: &BTreeMap<String, i128>) -> Vec<String> {
    let mut missing = Vec::new();
    for name in hard.keys() {
        let (side, resource) = match name.split_once('.') {
            Some((side @ ("requests" | "limits"), resource)) => (side, resource),
            None if name == "cpu" || name == "memory" => ("requests", name.as_str()),
            _ => continue,
        };
        if resource != "cpu" && resource != "memory" {
            continue;
        }
        let containers = ["containers", "initContainers"];
        let without: Vec<&str> = containers
            .iter()
            .flat_map(|list| array(&pod["spec"][*list]))
            .filter(|c| c["resources"][side].get(resource).is_none())
            .filter_map(|c| c["name"].as_str())
            .collect();
        if !without.is_empty() {
            missing.push(format!("{name} for: {}", without.join(",")));
        }
    }
    missing
}
