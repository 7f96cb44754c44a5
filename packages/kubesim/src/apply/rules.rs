//! Which lists merge by key, which are sets, and which objects are owned as a whole:
//! what the API's schema says by `x-kubernetes-list-type` and `-map-type`.

use serde_json::Value;

use crate::kinds::Kind;

/// A place in an object: its kind and the last two field names on the way to it.
/// Items of a list are at the place of the list.
#[derive(Clone, Copy, Debug)]
pub struct SchemaNode<'a> {
    kind: Kind,
    parent: &'a str,
    field: &'a str,
}

/// How a list is merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListRule {
    /// As a whole.
    Atomic,
    /// Scalars, each for itself.
    Set,
    /// Items with these fields as key.
    Keyed(&'static [&'static str]),
}

impl<'a> SchemaNode<'a> {
    /// The root of an object.
    pub fn root(kind: Kind) -> Self {
        Self { kind, parent: "", field: "" }
    }

    /// A field below.
    pub fn field(self, field: &'a str) -> SchemaNode<'a> {
        SchemaNode { kind: self.kind, parent: self.field, field }
    }

    /// How the list here is merged by apply.
    pub fn list(self) -> ListRule {
        use ListRule::{Atomic, Keyed, Set};
        let in_container =
            matches!(self.parent, "containers" | "initContainers" | "ephemeralContainers");
        match self.field {
            "containers"
            | "initContainers"
            | "ephemeralContainers"
            | "volumes"
            | "schedulingGates"
            | "resourceClaims" => Keyed(&["name"]),
            "env" if in_container => Keyed(&["name"]),
            "volumeMounts" => Keyed(&["mountPath"]),
            "volumeDevices" => Keyed(&["devicePath"]),
            "ports" if in_container => Keyed(&["containerPort", "protocol"]),
            "ports" if self.kind == Kind::Service && self.parent == "spec" => {
                Keyed(&["port", "protocol"])
            }
            "imagePullSecrets" if self.kind != Kind::ServiceAccount => Keyed(&["name"]),
            "secrets" if self.kind == Kind::ServiceAccount => Keyed(&["name"]),
            "hostAliases" | "podIPs" => Keyed(&["ip"]),
            "topologySpreadConstraints" => Keyed(&["topologyKey", "whenUnsatisfiable"]),
            "conditions" | "addresses" if self.parent == "status" => Keyed(&["type"]),
            "ownerReferences" => Keyed(&["uid"]),
            "claims" if self.parent == "resources" => Keyed(&["name"]),
            "finalizers" if self.parent == "metadata" => Set,
            "podCIDRs" => Set,
            _ => Atomic,
        }
    }

    /// How the list here is merged by a strategic merge patch, which has keys of its own.
    pub fn strategic_list(self) -> ListRule {
        use ListRule::{Atomic, Keyed};
        match self.list() {
            Keyed(["containerPort", _]) => Keyed(&["containerPort"]),
            Keyed(["port", _]) => Keyed(&["port"]),
            Keyed(["topologyKey", _]) => Keyed(&["topologyKey"]),
            _ if matches!(self.field, "podIPs" | "hostIPs") => Keyed(&["ip"]),
            _ if self.field == "claims" => Atomic,
            rule => rule,
        }
    }

    /// Whether a strategic merge patch replaces the object here.
    pub fn strategic_replace(self) -> bool {
        self.kind == Kind::PodDisruptionBudget && self.field == "selector"
    }

    /// Whether the field here is part of every object, be it empty, and so never new.
    pub fn always_there(self) -> bool {
        match self.field {
            "" | "spec" | "status" | "metadata" | "template" | "strategy" | "updateStrategy"
            | "containers" | "loadBalancer" => true,
            "resources" => self.parent == "spec",
            _ => false,
        }
    }

    /// Whether the object here is owned as a whole.
    pub fn atomic_object(self) -> bool {
        match self.field {
            "selector" | "nodeSelector" | "labelSelector" | "namespaceSelector" | "podSelector"
            | "scopeSelector" | "matchLabels" => true,
            "secretKeyRef" | "configMapKeyRef" | "fieldRef" | "resourceFieldRef" | "fileKeyRef"
            | "secretRef" | "configMapRef" => true,
            "claimRef" | "targetRef" | "roleRef" | "dataSource" | "involvedObject" | "related" => {
                true
            }
            field if field.ends_with("SecretRef") => true,
            "ownerReferences" | "imagePullSecrets" => true,
            "secrets" => self.kind == Kind::ServiceAccount,
            "requiredDuringSchedulingIgnoredDuringExecution" => true,
            "required" => self.parent == "nodeAffinity",
            "port" | "resource" if self.kind == Kind::Ingress => true,
            "data" => self.kind == Kind::ControllerRevision,
            _ => false,
        }
    }
}

/// The key of an item of a keyed list, as `fieldsV1` writes it.
/// `protocol` may be left out and is TCP then.
pub fn element(keys: &[&str], item: &Value) -> Option<String> {
    let object = item.as_object()?;
    let mut parts = Vec::new();
    for key in keys {
        let value = match object.get(*key) {
            Some(value) if !value.is_null() => value.clone(),
            _ if *key == "protocol" => Value::from("TCP"),
            _ => return None,
        };
        parts.push(format!("{}:{value}", Value::from(*key)));
    }
    parts.sort();
    Some(format!("k:{{{}}}", parts.join(",")))
}

/// The key of a scalar in a set.
pub fn set_element(item: &Value) -> String {
    format!("v:{item}")
}
