//! Pods and pod templates.

use std::collections::HashSet;

use serde_json::Value;

use super::{array, expect, positive_quantity, probes, text};
use crate::{error::Cause, names, quantity};

/// What is wrong with a pod.
pub fn pod(new: &Value, old: Option<&Value>, causes: &mut Vec<Cause>) {
    spec(&new["spec"], "spec", &[], causes);
    if let Some(old) = old {
        updated(&new["spec"], &old["spec"], causes);
    }
}

/// Only images and a few more may change in a pod that exists.
fn updated(new: &Value, old: &Value, causes: &mut Vec<Cause>) {
    let blind = |spec: &Value| {
        let mut spec = spec.clone();
        for list in ["containers", "initContainers"] {
            for container in spec.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten()
            {
                if let Some(map) = container.as_object_mut() {
                    map.remove("image");
                }
            }
        }
        if let Some(map) = spec.as_object_mut() {
            for field in ["activeDeadlineSeconds", "tolerations", "terminationGracePeriodSeconds"] {
                map.remove(field);
            }
        }
        spec
    };
    if blind(new) != blind(old) {
        causes.push(Cause::forbidden(
            "spec",
            "pod updates may not change fields other than `spec.containers[*].image`,\
             `spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only \
             additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to \
             be set to 1 if it was previously negative)",
        ));
    }
}

/// What is wrong with a pod's spec, found at `at`; `claims` are volumes that it will get.
pub fn spec(spec: &Value, at: &str, claims: &[&str], causes: &mut Vec<Cause>) {
    if array(&spec["containers"]).next().is_none() {
        causes.push(Cause::required(format!("{at}.containers"), ""));
    }
    let mut volumes = volumes(spec, at, causes);
    volumes.extend(claims);
    let grace = spec["terminationGracePeriodSeconds"].as_i64().unwrap_or(30);
    let mut seen = HashSet::new();
    for list in ["initContainers", "containers"] {
        for (i, container) in array(&spec[list]).enumerate() {
            let at = format!("{at}.{list}[{i}]");
            self::container(container, &at, &volumes, causes);
            if list == "initContainers" && container["restartPolicy"] != "Always" {
                probes::none(container, &at, causes);
            } else {
                probes::hooks(container, &at, grace, causes);
            }
            let name = text(container, "name");
            if !name.is_empty() && !seen.insert(name) {
                causes.push(Cause::duplicate(format!("{at}.name"), &container["name"]));
            }
        }
    }
    for (field, supported) in [
        ("restartPolicy", &["Always", "OnFailure", "Never"][..]),
        ("dnsPolicy", &["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"][..]),
    ] {
        let value = text(spec, field);
        if !supported.contains(&value) {
            causes.push(Cause::not_supported(format!("{at}.{field}"), &spec[field], supported));
        }
    }
    super::labels(causes, &format!("{at}.nodeSelector"), &spec["nodeSelector"]);
    for (i, toleration) in array(&spec["tolerations"]).enumerate() {
        self::toleration(toleration, &format!("{at}.tolerations[{i}]"), causes);
    }
    if let Some(name) = spec["runtimeClassName"].as_str() {
        expect(causes, format!("{at}.runtimeClassName"), name, names::subdomain);
    }
    if let Some(name) = spec["hostname"].as_str() {
        expect(causes, format!("{at}.hostname"), name, names::label);
    }
}

fn toleration(toleration: &Value, at: &str, causes: &mut Vec<Cause>) {
    let operator = text(toleration, "operator");
    if !["", "Exists", "Equal", "Lt", "Gt"].contains(&operator) {
        let supported = &["Equal", "Exists"];
        causes.push(Cause::not_supported(
            format!("{at}.operator"),
            &toleration["operator"],
            supported,
        ));
    }
    if operator == "Exists" && !text(toleration, "value").is_empty() {
        let why = "value must be empty when `operator` is 'Exists'";
        causes.push(Cause::invalid(format!("{at}.operator"), &toleration["value"], why));
    }
    let effect = text(toleration, "effect");
    let effects = ["NoSchedule", "PreferNoSchedule", "NoExecute"];
    if !effect.is_empty() && !effects.contains(&effect) {
        causes.push(Cause::not_supported(format!("{at}.effect"), &toleration["effect"], &effects));
    }
}

/// Sources of volumes, in the order in which the API looks at them.
const SOURCES: &[&str] = &[
    "emptyDir",
    "hostPath",
    "secret",
    "nfs",
    "iscsi",
    "persistentVolumeClaim",
    "configMap",
    "downwardAPI",
    "projected",
    "csi",
    "ephemeral",
    "image",
];

fn volumes<'v>(spec: &'v Value, at: &str, causes: &mut Vec<Cause>) -> HashSet<&'v str> {
    let mut seen = HashSet::new();
    for (i, volume) in array(&spec["volumes"]).enumerate() {
        let at = format!("{at}.volumes[{i}]");
        let name = text(volume, "name");
        if name.is_empty() {
            causes.push(Cause::required(format!("{at}.name"), ""));
        } else {
            expect(causes, format!("{at}.name"), name, names::label);
            if !seen.insert(name) {
                causes.push(Cause::duplicate(format!("{at}.name"), &volume["name"]));
            }
        }
        let sources = SOURCES.iter().filter(|source| volume.get(**source).is_some());
        for source in sources.skip(1) {
            let why = "may not specify more than 1 volume type";
            causes.push(Cause::forbidden(format!("{at}.{source}"), why));
        }
        if let Some(limit) = volume["emptyDir"].get("sizeLimit") {
            positive_quantity(causes, &format!("{at}.emptyDir.sizeLimit"), limit);
        }
        let claim = &volume["persistentVolumeClaim"];
        if claim.is_object() && text(claim, "claimName").is_empty() {
            causes.push(Cause::required(format!("{at}.persistentVolumeClaim.claimName"), ""));
        }
        if volume["secret"].is_object() && text(&volume["secret"], "secretName").is_empty() {
            causes.push(Cause::required(format!("{at}.secret.secretName"), ""));
        }
        if volume["configMap"].is_object() && text(&volume["configMap"], "name").is_empty() {
            causes.push(Cause::required(format!("{at}.configMap.name"), ""));
        }
    }
    seen
}

fn container(container: &Value, at: &str, volumes: &HashSet<&str>, causes: &mut Vec<Cause>) {
    let name = text(container, "name");
    if name.is_empty() {
        causes.push(Cause::required(format!("{at}.name"), ""));
    } else {
        expect(causes, format!("{at}.name"), name, names::label);
    }
    let image = text(container, "image");
    if image.is_empty() {
        causes.push(Cause::required(format!("{at}.image"), ""));
    } else if image.trim() != image {
        let why = "must not have leading or trailing whitespace";
        causes.push(Cause::invalid(format!("{at}.image"), &container["image"], why));
    }
    let policies = ["Always", "IfNotPresent", "Never"];
    if !policies.contains(&text(container, "imagePullPolicy")) {
        let field = format!("{at}.imagePullPolicy");
        causes.push(Cause::not_supported(field, &container["imagePullPolicy"], &policies));
    }
    ports(container, at, causes);
    for (i, variable) in array(&container["env"]).enumerate() {
        let at = format!("{at}.env[{i}]");
        let name = text(variable, "name");
        if name.is_empty() {
            causes.push(Cause::required(format!("{at}.name"), ""));
        } else {
            expect(causes, format!("{at}.name"), name, names::env_name);
        }
        if !text(variable, "value").is_empty() && variable["valueFrom"].is_object() {
            let why = "may not be specified when `value` is not empty";
            causes.push(Cause::invalid(format!("{at}.valueFrom"), &Value::from(""), why));
        }
    }
    let mut paths = HashSet::new();
    for (i, mount) in array(&container["volumeMounts"]).enumerate() {
        let at = format!("{at}.volumeMounts[{i}]");
        if !volumes.contains(text(mount, "name")) {
            causes.push(Cause::not_found(format!("{at}.name"), &mount["name"]));
        }
        let path = text(mount, "mountPath");
        if path.is_empty() {
            causes.push(Cause::required(format!("{at}.mountPath"), ""));
        } else if !paths.insert(path) {
            let why = "must be unique";
            causes.push(Cause::invalid(format!("{at}.mountPath"), &mount["mountPath"], why));
        }
    }
    resources(&container["resources"], &format!("{at}.resources"), causes);
    security(&container["securityContext"], &format!("{at}.securityContext"), causes);
}

fn ports(container: &Value, at: &str, causes: &mut Vec<Cause>) {
    let mut named = HashSet::new();
    for (i, port) in array(&container["ports"]).enumerate() {
        let at = format!("{at}.ports[{i}]");
        number(&port["containerPort"], &format!("{at}.containerPort"), causes);
        let protocols = ["SCTP", "TCP", "UDP"];
        if !protocols.contains(&text(port, "protocol")) {
            causes.push(Cause::not_supported(
                format!("{at}.protocol"),
                &port["protocol"],
                &protocols,
            ));
        }
        if let Some(name) = port["name"].as_str().filter(|n| !n.is_empty()) {
            expect(causes, format!("{at}.name"), name, names::port_name);
            if !named.insert(name) {
                causes.push(Cause::duplicate(format!("{at}.name"), &port["name"]));
            }
        }
    }
}

/// Notes a port outside 1 to 65535.
pub fn number(port: &Value, at: &str, causes: &mut Vec<Cause>) {
    match port.as_i64() {
        Some(1..=65_535) => {}
        None | Some(0) => causes.push(Cause::required(at, "")),
        Some(_) => {
            causes.push(Cause::invalid(at, port, "must be between 1 and 65535, inclusive"));
        }
    }
}

fn resources(resources: &Value, at: &str, causes: &mut Vec<Cause>) {
    for side in ["limits", "requests"] {
        for (name, value) in resources[side].as_object().into_iter().flatten() {
            let at = format!("{at}.{side}[{name}]");
            positive_quantity(causes, &at, value);
            let native = ["cpu", "memory", "ephemeral-storage", "storage"].contains(&name.as_str())
                || name.starts_with("hugepages-");
            if !native && !name.contains('/') {
                for why in [
                    "must be a standard resource type or fully qualified",
                    "must be a standard resource for containers",
                ] {
                    causes.push(Cause::invalid(at.clone(), &Value::from(name.as_str()), why));
                }
            }
            if name.contains('/') && quantity::nano_of(value) % 1_000_000_000 != 0 {
                causes.push(Cause::invalid(at, value, "must be an integer"));
            }
        }
    }
    for (name, request) in resources["requests"].as_object().into_iter().flatten() {
        let limit = &resources["limits"][name.as_str()];
        let extended = name.contains('/');
        if limit.is_null() {
            if extended {
                let why = "Limit must be set for non overcommitable resources";
                causes.push(Cause::required(format!("{at}.limits"), why));
            }
        } else if extended && quantity::nano_of(request) != quantity::nano_of(limit) {
            let why =
                format!("must be equal to {name} limit of {}", limit.as_str().unwrap_or_default());
            causes.push(Cause::invalid(format!("{at}.requests"), request, &why));
        } else if quantity::nano_of(request) > quantity::nano_of(limit) {
            let why = format!(
                "must be less than or equal to {name} limit of {}",
                limit.as_str().unwrap_or_default()
            );
            causes.push(Cause::invalid(format!("{at}.requests"), request, &why));
        }
    }
}

fn security(context: &Value, at: &str, causes: &mut Vec<Cause>) {
    let escalates = context["allowPrivilegeEscalation"] == false;
    if escalates && context["privileged"] == true {
        let why = "cannot set `allowPrivilegeEscalation` to false and `privileged` to true";
        causes.push(Cause::invalid(at, &Value::from("privileged"), why));
    }
    let adds = array(&context["capabilities"]["add"]);
    if escalates && adds.into_iter().any(|c| c == "CAP_SYS_ADMIN") {
        let why =
            "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN";
        causes.push(Cause::invalid(at, &Value::from("CAP_SYS_ADMIN"), why));
    }
}
