//! Defaults of pods and pod templates.

use serde_json::{Value, json};

use super::fields::{items, or, part};

/// Defaults of a pod's spec, also inside templates.
pub(super) fn pod_spec(spec: &mut Value) {
    or(spec, "restartPolicy", json!("Always"));
    or(spec, "terminationGracePeriodSeconds", json!(30));
    or(spec, "dnsPolicy", json!("ClusterFirst"));
    or(spec, "securityContext", json!({}));
    or(spec, "schedulerName", json!("default-scheduler"));
    // The deprecated name of the service account follows the current one, or stands in for it.
    for (from, to) in
        [("serviceAccount", "serviceAccountName"), ("serviceAccountName", "serviceAccount")]
    {
        let unset = spec[to].as_str().is_none_or(str::is_empty);
        if let Some(account) = spec[from].as_str().filter(|a| !a.is_empty())
            && (unset || to == "serviceAccount")
        {
            spec[to] = json!(account);
        }
    }
    for list in ["initContainers", "containers"] {
        for container in items(spec, list) {
            container_defaults(container);
        }
    }
    for volume in items(spec, "volumes") {
        for source in ["secret", "configMap", "projected", "downwardAPI"] {
            if volume[source].is_object() {
                or(&mut volume[source], "defaultMode", json!(420));
            }
        }
        downward_items(volume);
        if let Some(projected) = volume.get_mut("projected") {
            items(projected, "sources").for_each(downward_items);
        }
        if volume["hostPath"].is_object() {
            or(&mut volume["hostPath"], "type", json!(""));
        }
        if volume.as_object().is_some_and(|v| v.len() == 1) {
            volume["emptyDir"] = json!({});
        }
    }
}

fn downward_items(holder: &mut Value) {
    if let Some(api) = holder.get_mut("downwardAPI") {
        items(api, "items").for_each(field_version);
    }
}

fn field_version(holder: &mut Value) {
    if holder["fieldRef"].is_object() {
        or(&mut holder["fieldRef"], "apiVersion", json!("v1"));
    }
}

fn container_defaults(container: &mut Value) {
    or(container, "terminationMessagePath", json!("/dev/termination-log"));
    or(container, "terminationMessagePolicy", json!("File"));
    let image = container["image"].as_str().unwrap_or_default();
    let last = image.rsplit('/').next().unwrap_or_default();
    let latest = !image.contains('@') && (!last.contains(':') || last.ends_with(":latest"));
    or(container, "imagePullPolicy", json!(if latest { "Always" } else { "IfNotPresent" }));
    or(container, "resources", json!({}));
    for port in items(container, "ports") {
        or(port, "protocol", json!("TCP"));
    }
    for variable in items(container, "env") {
        if variable["valueFrom"].is_object() {
            field_version(&mut variable["valueFrom"]);
        }
        // An empty value is none.
        if variable["value"] == ""
            && let Some(map) = variable.as_object_mut()
        {
            map.remove("value");
        }
    }
    for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
        if container[probe].is_object() {
            let probe = &mut container[probe];
            for (field, value) in [
                ("timeoutSeconds", 1),
                ("periodSeconds", 10),
                ("successThreshold", 1),
                ("failureThreshold", 3),
            ] {
                or(probe, field, json!(value));
            }
            if probe["httpGet"].is_object() {
                or(&mut probe["httpGet"], "path", json!("/"));
                or(&mut probe["httpGet"], "scheme", json!("HTTP"));
            }
        }
    }
}

/// A pod that limits a resource and requests none of it requests as much; templates do not.
pub(super) fn requests_from_limits(container: &mut Value) {
    let limits = container["resources"]["limits"].as_object().cloned().unwrap_or_default();
    for (resource, limit) in limits {
        or(part(&mut container["resources"], "requests"), &resource, limit);
    }
}

/// The class by which a pod is evicted under pressure.
pub fn quality_of_service(spec: &Value) -> &'static str {
    let containers: Vec<&Value> = ["containers", "initContainers"]
        .iter()
        .flat_map(|list| spec[*list].as_array().into_iter().flatten())
        .collect();
    let amount =
        |c: &Value, side: &str, r: &str| crate::quantity::nano_of(&c["resources"][side][r]);
    let asks = |c: &&Value| {
        ["cpu", "memory"].iter().any(|r| amount(c, "requests", r) > 0 || amount(c, "limits", r) > 0)
    };
    let guaranteed = |c: &&Value| {
        ["cpu", "memory"].iter().all(|r| {
            let limit = amount(c, "limits", r);
            limit > 0 && limit == amount(c, "requests", r)
        })
    };
    if !containers.iter().any(asks) {
        "BestEffort"
    } else if containers.iter().all(guaranteed) {
        "Guaranteed"
    } else {
        "Burstable"
    }
}
