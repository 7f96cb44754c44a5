//! Status of resource quotas and disruption budgets.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{MANAGER, owned, rollout};
use crate::{
    admission, apply::Part, cluster::Cluster, conditions, kinds::Kind, quantity,
    selector::LabelSelector, store::ObjectKey,
};

pub fn reconcile(cluster: &mut Cluster, namespace: &str) -> Option<Duration> {
    let keys: Vec<ObjectKey> =
        cluster.store.within(Kind::ResourceQuota, namespace).map(|(k, _)| k.clone()).collect();
    for key in keys {
        let Some(quota) = cluster.store.get(Kind::ResourceQuota, &key).cloned() else { continue };
        let hard = quota["spec"]["hard"].as_object().cloned().unwrap_or_default();
        let used: Map<String, Value> = admission::usage(&cluster.store, namespace, hard.keys())
            .into_iter()
            .map(|(name, amount)| {
                let binary = name.contains("memory") || name.contains("storage");
                let shown =
                    if binary { quantity::binary(amount) } else { quantity::decimal(amount) };
                (name, json!(shown))
            })
            .collect();
        cluster.adjust(Kind::ResourceQuota, &key, Part::Status, MANAGER, |quota| {
            quota["status"] = json!({"hard": hard, "used": used});
        });
    }
    None
}

/// Counts the healthy pods of a disruption budget.
pub fn budget(cluster: &mut Cluster, key: &ObjectKey) -> Option<Duration> {
    let budget = cluster.store.get(Kind::PodDisruptionBudget, key)?.clone();
    let selector = LabelSelector::of_object(&budget["spec"]["selector"])?;
    let pods: Vec<_> = cluster
        .store
        .within(Kind::Pod, &key.namespace)
        .filter(|(_, p)| owned::is_active(p) && selector.matches(&p["metadata"]["labels"]))
        .map(|(_, p)| p.clone())
        .collect();
    let expected = i64::try_from(pods.len()).unwrap_or(i64::MAX);
    let healthy = i64::try_from(pods.iter().filter(|p| owned::is_ready(p)).count()).unwrap_or(0);
    let spec = &budget["spec"];
    let desired = match spec.get("maxUnavailable") {
        Some(most) => expected - rollout::share(most, expected, true),
        None => spec.get("minAvailable").map_or(1, |least| rollout::share(least, expected, true)),
    };
    let generation = budget["metadata"]["generation"].clone();
    let observed = generation.clone();
    cluster.adjust(Kind::PodDisruptionBudget, key, Part::Status, MANAGER, |budget| {
        let allowed = (healthy - desired).max(0);
        budget["status"]["observedGeneration"] = generation;
        for (field, value) in [
            ("currentHealthy", healthy),
            ("desiredHealthy", desired.max(0)),
            ("expectedPods", expected),
            ("disruptionsAllowed", allowed),
        ] {
            budget["status"][field] = json!(value);
        }
        let reason = if allowed > 0 { "SufficientPods" } else { "InsufficientPods" };
        conditions::set(&mut budget["status"], "DisruptionAllowed", allowed > 0, reason, "");
        let conditions = budget["status"].get_mut("conditions").and_then(Value::as_array_mut);
        for condition in conditions.into_iter().flatten() {
            condition["message"] = json!("");
            condition["observedGeneration"] = observed.clone();
        }
    });
    None
}
