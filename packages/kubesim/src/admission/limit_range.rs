//! Limit ranges: defaults for containers, least and most for containers, pods and claims.

use serde_json::{Value, json};

use crate::{cluster::Cluster, error::ApiError, kinds::Kind, quantity, validate::array};

fn limits<'c>(cluster: &'c Cluster, object: &'c Value, of: &'c str) -> Vec<&'c Value> {
    let namespace = object["metadata"]["namespace"].as_str().unwrap_or_default();
    cluster
        .store
        .within(Kind::LimitRange, namespace)
        .flat_map(|(_, range)| array(&range["spec"]["limits"]))
        .filter(|limit| limit["type"] == of)
        .collect()
}

/// Gives containers the limits and requests that they leave open.
pub fn fill(cluster: &Cluster, pod: &mut Value) {
    let ranges: Vec<Value> = limits(cluster, pod, "Container").into_iter().cloned().collect();
    let mut filled = Vec::new();
    for (list, what) in [("containers", "container"), ("initContainers", "init container")] {
        let containers = pod["spec"].get_mut(list).and_then(Value::as_array_mut);
        for container in containers.into_iter().flatten() {
            let who = container["name"].as_str().unwrap_or_default().to_owned();
            let resources = &mut container["resources"];
            for (from, to, word) in
                [("defaultRequest", "requests", "request"), ("default", "limits", "limit")]
            {
                let mut set = Vec::new();
                for (name, value) in ranges.iter().flat_map(|r| r[from].as_object()).flatten() {
                    if resources[to].get(name).is_none() {
                        resources[to][name.as_str()] = json!(value);
                        set.push(name.as_str());
                    }
                }
                if !set.is_empty() {
                    filled.push(format!("{} {word} for {what} {who}", set.join(", ")));
                }
            }
        }
    }
    if !filled.is_empty() {
        let text = format!("LimitRanger plugin set: {}", filled.join("; "));
        pod["metadata"]["annotations"]["kubernetes.io/limit-ranger"] = json!(text);
    }
}

/// Refuses what is below the least or above the most.
pub fn check(cluster: &Cluster, kind: Kind, object: &Value) -> Result<(), ApiError> {
    let mut errors = Vec::new();
    if kind == Kind::PersistentVolumeClaim {
        for limit in limits(cluster, object, "PersistentVolumeClaim") {
            let resources = &object["spec"]["resources"];
            compare(
                limit,
                "PersistentVolumeClaim",
                &|name| {
                    let asked = &resources["requests"][name];
                    (quantity::nano_of(asked), quantity::nano_of(asked))
                },
                &mut errors,
            );
        }
    } else {
        let containers: Vec<&Value> = ["containers", "initContainers"]
            .iter()
            .flat_map(|list| array(&object["spec"][*list]))
            .collect();
        for limit in limits(cluster, object, "Container") {
            for container in &containers {
                let resources = &container["resources"];
                compare(
                    limit,
                    "Container",
                    &|name| {
                        (
                            quantity::nano_of(&resources["requests"][name]),
                            quantity::nano_of(&resources["limits"][name]),
                        )
                    },
                    &mut errors,
                );
            }
        }
        for limit in limits(cluster, object, "Pod") {
            let sum = |side: &str, name: &str| -> i128 {
                array(&object["spec"]["containers"])
                    .map(|c| quantity::nano_of(&c["resources"][side][name]))
                    .sum()
            };
            compare(
                limit,
                "Pod",
                &|name| (sum("requests", name), sum("limits", name)),
                &mut errors,
            );
        }
    }
    if errors.is_empty() {
        return Ok(());
    }
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    let why = match errors.as_slice() {
        [one] => one.clone(),
        many => format!("[{}]", many.join(", ")),
    };
    Err(ApiError::forbidden(kind, name, why))
}

fn compare(
    limit: &Value,
    of: &str,
    asked: &dyn Fn(&str) -> (i128, i128),
    errors: &mut Vec<String>,
) {
    for (name, least) in limit["min"].as_object().into_iter().flatten() {
        let (request, _) = asked(name);
        let shown = least.as_str().unwrap_or_default();
        if request == 0 {
            errors.push(format!(
                "minimum {name} usage per {of} is {shown}.  No request is specified"
            ));
        } else if request < quantity::nano_of(least) {
            errors.push(format!(
                "minimum {name} usage per {of} is {shown}, but request is {}",
                quantity::decimal(request)
            ));
        }
    }
    for (name, most) in limit["max"].as_object().into_iter().flatten() {
        let (request, limit) = asked(name);
        let shown = most.as_str().unwrap_or_default();
        if limit == 0 {
            errors
                .push(format!("maximum {name} usage per {of} is {shown}.  No limit is specified"));
        } else if limit.max(request) > quantity::nano_of(most) {
            errors.push(format!(
                "maximum {name} usage per {of} is {shown}, but limit is {}",
                quantity::decimal(limit)
            ));
        }
    }
}
