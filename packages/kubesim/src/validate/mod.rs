//! What the API server refuses with 422: names, required fields, values, immutable fields.

mod network;
mod pod;
mod probes;
mod storage;
mod workload;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;

use crate::{error::Cause, kinds::Kind, names, quantity};

/// What is wrong with an object, given what it was before.
pub fn object(kind: Kind, new: &Value, old: Option<&Value>) -> Vec<Cause> {
    let mut causes = metadata(kind, &new["metadata"]);
    match kind {
        Kind::Pod => pod::pod(new, old, &mut causes),
        Kind::Deployment | Kind::ReplicaSet | Kind::StatefulSet => {
            workload::workload(kind, new, old, &mut causes);
        }
        Kind::Service => network::service(new, old, &mut causes),
        Kind::Ingress => network::ingress(new, &mut causes),
        Kind::NetworkPolicy => network::policy(new, &mut causes),
        Kind::PersistentVolumeClaim => storage::claim(new, old, &mut causes),
        Kind::StorageClass => storage::class(new, old, &mut causes),
        Kind::Secret | Kind::ConfigMap => data(kind, new, old, &mut causes),
        Kind::ResourceQuota => quota(new, &mut causes),
        Kind::RoleBinding | Kind::ClusterRoleBinding => binding(new, old, &mut causes),
        Kind::Role | Kind::ClusterRole => role(kind, new, &mut causes),
        Kind::RuntimeClass => runtime_class(new, old, &mut causes),
        _ => {}
    }
    causes
}

/// A deleted object may lose finalizers, not get new ones.
pub fn finalizers(old: &Value, new: &Value) -> Option<Cause> {
    if old["metadata"]["deletionTimestamp"].is_null() {
        return None;
    }
    let before: Vec<&Value> = array(&old["metadata"]["finalizers"]).collect();
    let added: Vec<&Value> =
        array(&new["metadata"]["finalizers"]).filter(|f| !before.contains(f)).collect();
    (!added.is_empty()).then(|| {
        let list: Vec<String> = added.iter().map(|f| f.to_string()).collect();
        Cause::forbidden(
            "metadata.finalizers",
            &format!(
                "no new finalizers can be added if the object is being deleted, found new finalizers []string{{{}}}",
                list.join(", ")
            ),
        )
    })
}

pub(crate) fn array(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

pub(crate) fn text<'v>(value: &'v Value, field: &str) -> &'v str {
    value[field].as_str().unwrap_or_default()
}

/// Notes a text that breaks a rule.
pub(crate) fn expect(
    causes: &mut Vec<Cause>,
    field: impl Into<String>,
    value: &str,
    rule: fn(&str) -> Result<(), String>,
) {
    if let Err(why) = rule(value) {
        causes.push(Cause::invalid(field, &Value::from(value), &why));
    }
}

/// Notes a change of a field that must not change.
pub(crate) fn immutable(causes: &mut Vec<Cause>, field: &str, new: &Value, old: &Value) {
    if new != old {
        causes.push(Cause::invalid(field, new, "field is immutable"));
    }
}

/// Notes a quantity that is none or negative.
pub(crate) fn positive_quantity(causes: &mut Vec<Cause>, field: &str, value: &Value) {
    match quantity::nano(value.as_str().unwrap_or_default()) {
        None => causes.push(Cause::invalid(
            field,
            value,
            "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
        )),
        Some(n) if n < 0 => {
            causes.push(Cause::invalid(field, value, "must be greater than or equal to 0"));
        }
        Some(_) => {}
    }
}

fn metadata(kind: Kind, metadata: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    let name = text(metadata, "name");
    let rule: fn(&str) -> Result<(), String> = match kind {
        Kind::Namespace if name.contains('.') => |_| Err("must not contain dots".into()),
        // Since 1.35 a service may start with a digit.
        Kind::Namespace | Kind::Service => names::label,
        Kind::Role | Kind::RoleBinding | Kind::ClusterRole | Kind::ClusterRoleBinding => {
            names::path_segment
        }
        _ => names::subdomain,
    };
    expect(&mut causes, "metadata.name", name, rule);
    labels(&mut causes, "metadata.labels", &metadata["labels"]);
    let annotations = metadata["annotations"].as_object();
    for (key, _) in annotations.into_iter().flatten() {
        expect(&mut causes, "metadata.annotations", &key.to_lowercase(), names::qualified);
    }
    let size: usize = annotations
        .into_iter()
        .flatten()
        .map(|(k, v)| k.len() + v.as_str().map_or(0, str::len))
        .sum();
    if size > 256 * 1024 {
        causes.push(Cause {
            reason: "FieldValueTooLong",
            field: "metadata.annotations".into(),
            message: "Too long: may not be more than 262144 bytes".into(),
        });
    }
    for (i, finalizer) in array(&metadata["finalizers"]).enumerate() {
        let name = finalizer.as_str().unwrap_or_default();
        let field = format!("metadata.finalizers[{i}]");
        expect(&mut causes, field.clone(), name, names::qualified);
        if !name.contains('/') && !["foregroundDeletion", "orphan", "kubernetes"].contains(&name) {
            let why = "name is neither a standard finalizer name nor is it fully qualified";
            causes.push(Cause::invalid(field, finalizer, why));
        }
    }
    for (i, owner) in array(&metadata["ownerReferences"]).enumerate() {
        for field in ["apiVersion", "kind", "name", "uid"] {
            if text(owner, field).is_empty() {
                let path = format!("metadata.ownerReferences[{i}].{field}");
                causes.push(Cause::required(path, "must not be empty"));
            }
        }
    }
    causes
}

/// Notes labels with bad keys or values.
pub(crate) fn labels(causes: &mut Vec<Cause>, field: &str, labels: &Value) {
    for (key, value) in labels.as_object().into_iter().flatten() {
        expect(causes, field, key, names::qualified);
        expect(causes, field, value.as_str().unwrap_or_default(), names::label_value);
    }
}

fn data(kind: Kind, new: &Value, old: Option<&Value>, causes: &mut Vec<Cause>) {
    let mut size = 0;
    for part in ["data", "binaryData"] {
        for (key, value) in new[part].as_object().into_iter().flatten() {
            expect(causes, format!("{part}[{key}]"), key, names::data_key);
            size += value.as_str().map_or(0, str::len);
        }
    }
    if size > 1_400_000 {
        causes.push(Cause {
            reason: "FieldValueTooLong",
            field: "data".into(),
            message: "Too long: may not be more than 1048576 bytes".into(),
        });
    }
    if kind == Kind::Secret {
        let key = match text(new, "type") {
            "kubernetes.io/dockerconfigjson" => Some(".dockerconfigjson"),
            "kubernetes.io/dockercfg" => Some(".dockercfg"),
            _ => None,
        };
        if let Some(key) = key
            && new["data"].get(key).is_none()
        {
            causes.push(Cause::required(format!("data[{key}]"), ""));
        }
        if text(new, "type") == "kubernetes.io/dockerconfigjson"
            && let Some(given) = new["data"][".dockerconfigjson"].as_str()
            && let Err(why) = docker_config(given)
        {
            let redacted = Value::from("<secret contents redacted>");
            causes.push(Cause::invalid("data[.dockerconfigjson]", &redacted, &why));
        }
        if text(new, "type") == "kubernetes.io/tls" {
            for key in ["tls.crt", "tls.key"] {
                if new["data"].get(key).is_none() {
                    causes.push(Cause::required(format!("data[{key}]"), ""));
                }
            }
        }
    }
    let Some(old) = old else { return };
    if kind == Kind::Secret {
        immutable(causes, "type", &new["type"], &old["type"]);
    }
    if old["immutable"] == true {
        if new["immutable"] != true {
            causes
                .push(Cause::forbidden("immutable", "field is immutable when `immutable` is set"));
        }
        for part in ["data", "binaryData"] {
            if new[part] != old[part] {
                causes.push(Cause::forbidden(part, "field is immutable when `immutable` is set"));
            }
        }
    }
}

/// Whether a registry's credentials are JSON.
fn docker_config(data: &str) -> Result<(), String> {
    let bytes = STANDARD.decode(data).map_err(|e| e.to_string())?;
    serde_json::from_slice::<serde_json::Map<String, Value>>(&bytes)
        .map(|_| ())
        .map_err(|e| format!("invalid JSON at line {} column {}", e.line(), e.column()))
}

fn quota(new: &Value, causes: &mut Vec<Cause>) {
    for (name, value) in new["spec"]["hard"].as_object().into_iter().flatten() {
        positive_quantity(causes, &format!("spec.hard[{name}]"), value);
        let standard = [
            "cpu",
            "memory",
            "pods",
            "services",
            "secrets",
            "configmaps",
            "resourcequotas",
            "persistentvolumeclaims",
            "replicationcontrollers",
            "ephemeral-storage",
        ];
        if !name.contains(['/', '.']) && !standard.contains(&name.as_str()) {
            let field = format!("spec.hard[{name}]");
            for why in [
                "must be a standard resource type or fully qualified",
                "must be a standard resource for quota",
            ] {
                causes.push(Cause::invalid(field.clone(), &Value::from(name.as_str()), why));
            }
        }
    }
}

fn binding(new: &Value, old: Option<&Value>, causes: &mut Vec<Cause>) {
    let kind = text(&new["roleRef"], "kind");
    if !["Role", "ClusterRole"].contains(&kind) {
        causes.push(Cause::not_supported(
            "roleRef.kind",
            &Value::from(kind),
            &["Role", "ClusterRole"],
        ));
    }
    if text(&new["roleRef"], "name").is_empty() {
        causes.push(Cause::required("roleRef.name", ""));
    }
    if let Some(old) = old
        && new["roleRef"] != old["roleRef"]
    {
        causes.push(Cause::invalid("roleRef", &new["roleRef"], "cannot change roleRef"));
    }
}

fn role(kind: Kind, new: &Value, causes: &mut Vec<Cause>) {
    for (i, rule) in array(&new["rules"]).enumerate() {
        if array(&rule["verbs"]).next().is_none() {
            causes.push(Cause::required(
                format!("rules[{i}].verbs"),
                "verbs must contain at least one value",
            ));
        }
        if kind == Kind::Role && array(&rule["nonResourceURLs"]).next().is_some() {
            let why = "namespaced rules cannot apply to non-resource URLs";
            causes.push(Cause::invalid(
                format!("rules[{i}].nonResourceURLs"),
                &rule["nonResourceURLs"],
                why,
            ));
        }
    }
}

fn runtime_class(new: &Value, old: Option<&Value>, causes: &mut Vec<Cause>) {
    expect(causes, "handler", text(new, "handler"), names::label);
    if let Some(old) = old {
        immutable(causes, "handler", &new["handler"], &old["handler"]);
    }
}
