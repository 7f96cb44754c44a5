//! Whether a node will do for a pod, in the words of the real scheduler, and how well.

use serde_json::Value;

use crate::requests::Amounts;
use crate::{quantity, validate::array};

const UNIT: i128 = 1_000_000_000;

/// Why a node will not do; the first kind of reason that applies, as the scheduler reports.
pub fn refusals(
    pod: &Value,
    wants: &Amounts,
    node: &Value,
    used: Option<&Amounts>,
) -> Result<(), Vec<String>> {
    let spec = &pod["spec"];
    let tolerations: Vec<&Value> = array(&spec["tolerations"]).collect();
    let one = |reason: &str| Err(vec![reason.to_owned()]);
    let cordon =
        serde_json::json!({"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"});
    if node["spec"]["unschedulable"] == true && !tolerated(&tolerations, &cordon) {
        return one("node(s) were unschedulable");
    }
    for taint in array(&node["spec"]["taints"]) {
        if taint["effect"] != "PreferNoSchedule" && !tolerated(&tolerations, taint) {
            return one("node(s) had untolerated taint(s)");
        }
    }
    if !affine(spec, node) {
        return one("node(s) didn't match Pod's node affinity/selector");
    }
    let allocatable = &node["status"]["allocatable"];
    let room = |name: &str| {
        let all = quantity::nano_of(&allocatable[name]);
        all - used.and_then(|u| u.get(name)).copied().unwrap_or(0)
    };
    let mut missing = Vec::new();
    if room("pods") < UNIT {
        missing.push("Too many pods".to_owned());
    }
    for (name, amount) in wants {
        if *amount > 0 && room(name) < *amount {
            missing.push(format!("Insufficient {name}"));
        }
    }
    if missing.is_empty() { Ok(()) } else { Err(missing) }
}

/// Whether some toleration covers a taint.
pub fn tolerated(tolerations: &[&Value], taint: &Value) -> bool {
    let text = |v: &Value, f: &str| v[f].as_str().unwrap_or_default().to_owned();
    tolerations.iter().any(|t| {
        let (key, effect) = (text(t, "key"), text(t, "effect"));
        let exists = t["operator"] == "Exists";
        (effect.is_empty() || taint["effect"] == effect.as_str())
            && (key == text(taint, "key") || (key.is_empty() && exists))
            && (exists || text(t, "value") == text(taint, "value"))
    })
}

fn affine(spec: &Value, node: &Value) -> bool {
    let labels = &node["metadata"]["labels"];
    let selected = spec["nodeSelector"]
        .as_object()
        .into_iter()
        .flatten()
        .all(|(key, value)| labels.get(key) == Some(value));
    let required =
        &spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"];
    let matching = required.is_null()
        || array(&required["nodeSelectorTerms"]).any(|term| term_matches(term, node));
    selected && matching
}

fn term_matches(term: &Value, node: &Value) -> bool {
    let mut any = false;
    for expression in array(&term["matchExpressions"]) {
        any = true;
        let key = expression["key"].as_str().unwrap_or_default();
        if !expression_matches(expression, node["metadata"]["labels"].get(key)) {
            return false;
        }
    }
    for expression in array(&term["matchFields"]) {
        any = true;
        if !expression_matches(expression, node["metadata"].get("name")) {
            return false;
        }
    }
    any
}

fn expression_matches(expression: &Value, found: Option<&Value>) -> bool {
    let listed = || found.is_some_and(|v| array(&expression["values"]).any(|x| x == v));
    let number = |v: &Value| v.as_str().and_then(|s| s.parse::<i64>().ok());
    let bound = || array(&expression["values"]).next().and_then(number);
    match expression["operator"].as_str().unwrap_or_default() {
        "In" => listed(),
        "NotIn" => !listed(),
        "Exists" => found.is_some(),
        "DoesNotExist" => found.is_none(),
        "Gt" => found.and_then(number).zip(bound()).is_some_and(|(v, b)| v > b),
        "Lt" => found.and_then(number).zip(bound()).is_some_and(|(v, b)| v < b),
        _ => false,
    }
}

/// How well a node would do: free shares of CPU and memory, preferred affinity, soft taints.
pub fn score(pod: &Value, wants: &Amounts, node: &Value, used: Option<&Amounts>) -> f64 {
    let allocatable = &node["status"]["allocatable"];
    let free = |name: &str| {
        let all = quantity::nano_of(&allocatable[name]) as f64;
        let taken = used.and_then(|u| u.get(name)).copied().unwrap_or(0)
            + wants.get(name).copied().unwrap_or(0);
        if all > 0.0 { 1.0 - taken as f64 / all } else { 0.0 }
    };
    let spec = &pod["spec"];
    let preferred =
        &spec["affinity"]["nodeAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"];
    let weight: i64 = array(preferred)
        .filter(|p| term_matches(&p["preference"], node))
        .filter_map(|p| p["weight"].as_i64())
        .sum();
    let tolerations: Vec<&Value> = array(&spec["tolerations"]).collect();
    let soft = array(&node["spec"]["taints"])
        .filter(|t| t["effect"] == "PreferNoSchedule" && !tolerated(&tolerations, t))
        .count();
    (free("cpu") + free("memory")) * 50.0 + weight as f64 - soft as f64 * 300.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn node() -> Value {
        json!({
            "metadata": {"name": "n", "labels": {"gpu": "h100", "mem": "80"}},
            "spec": {"taints": [{"key": "gpu", "value": "yes", "effect": "NoSchedule"}]},
            "status": {"allocatable": {"cpu": "2", "memory": "4Gi", "pods": "10"}},
        })
    }

    fn refusal(spec: Value) -> Option<Vec<String>> {
        let wants = crate::requests::pod_requests(&spec);
        refusals(&json!({"spec": spec}), &wants, &node(), None).err()
    }

    #[test]
    fn a_taint_keeps_out_pods_that_do_not_tolerate_it() {
        let found = refusal(json!({})).unwrap();
        assert_eq!(found, ["node(s) had untolerated taint(s)"]);
        assert_eq!(refusal(json!({"tolerations": [{"key": "gpu", "operator": "Exists"}]})), None);
        assert_eq!(refusal(json!({"tolerations": [{"operator": "Exists"}]})), None);
        let wrong = json!({"tolerations": [{"key": "gpu", "value": "no", "effect": "NoSchedule"}]});
        assert!(refusal(wrong).is_some());
    }

    #[test]
    fn affinity_and_requests_are_honoured() {
        let all = json!([{"operator": "Exists"}]);
        let affinity = |operator: &str, values: Value| {
            json!({"tolerations": all, "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution":
                {"nodeSelectorTerms": [{"matchExpressions": [{"key": "mem", "operator": operator, "values": values}]}]}}}})
        };
        assert_eq!(refusal(affinity("In", json!(["80", "40"]))), None);
        assert_eq!(refusal(affinity("Gt", json!(["79"]))), None);
        assert!(refusal(affinity("Gt", json!(["80"]))).is_some());
        assert!(refusal(affinity("DoesNotExist", json!([]))).is_some());
        assert!(refusal(json!({"tolerations": all, "nodeSelector": {"gpu": "a100"}})).is_some());
        let c = json!([{"resources": {"requests": {"cpu": "3", "nvidia.com/gpu": "1"}}}]);
        let found = refusal(json!({"tolerations": all, "containers": c})).unwrap();
        assert_eq!(found, ["Insufficient cpu", "Insufficient nvidia.com/gpu"]);
    }
}
