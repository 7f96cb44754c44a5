//! Secrets and config maps that a pod refers to and that are not there.

use std::collections::HashMap;

use serde_json::Value;

use crate::{
    kinds::Kind,
    store::{ObjectKey, Store},
    validate::array,
};

/// What a pod lacks.
#[derive(Debug, Default)]
pub struct Missing {
    /// A volume that cannot be mounted, and why.
    pub volume: Option<String>,
    containers: HashMap<String, String>,
}

impl Missing {
    /// What a container lacks.
    pub fn of(&self, container: &str) -> Option<&str> {
        self.containers.get(container).map(String::as_str)
    }
}

/// Looks for everything that a pod refers to.
pub fn missing(store: &Store, pod: &Value) -> Missing {
    let namespace = pod["metadata"]["namespace"].as_str().unwrap_or_default();
    let mut missing = Missing::default();
    for volume in array(&pod["spec"]["volumes"]) {
        let (secret, map) = (&volume["secret"], &volume["configMap"]);
        let lacks = object(store, namespace, Kind::Secret, &secret["secretName"], secret)
            .or_else(|| object(store, namespace, Kind::ConfigMap, &map["name"], map));
        if let Some(what) = lacks {
            let name = volume["name"].as_str().unwrap_or_default();
            missing.volume = Some(format!("{name:?} : {what}"));
            return missing;
        }
    }
    for list in ["initContainers", "containers"] {
        for container in array(&pod["spec"][list]) {
            if let Some(what) = environment(store, namespace, container) {
                let name = container["name"].as_str().unwrap_or_default();
                missing.containers.insert(name.to_owned(), what);
            }
        }
    }
    missing
}

fn environment(store: &Store, namespace: &str, container: &Value) -> Option<String> {
    let kinds = [
        (Kind::Secret, "secretRef", "secretKeyRef"),
        (Kind::ConfigMap, "configMapRef", "configMapKeyRef"),
    ];
    for source in array(&container["envFrom"]) {
        for (kind, whole, _) in kinds {
            let reference = &source[whole];
            if let Some(what) = object(store, namespace, kind, &reference["name"], reference) {
                return Some(what);
            }
        }
    }
    for variable in array(&container["env"]) {
        for (kind, _, key) in kinds {
            let reference = &variable["valueFrom"][key];
            if reference.is_null() || reference["optional"] == true {
                continue;
            }
            if let Some(what) = object(store, namespace, kind, &reference["name"], reference) {
                return Some(what);
            }
            let name = reference["name"].as_str().unwrap_or_default();
            let wanted = reference["key"].as_str().unwrap_or_default();
            let found = store.get(kind, &ObjectKey::new(namespace, name));
            if found.is_some_and(|o| o["data"].get(wanted).is_none()) {
                return Some(format!(
                    "couldn't find key {wanted} in {} {namespace}/{name}",
                    kind.info().kind
                ));
            }
        }
    }
    None
}

/// Says that an object is not there, if it is named, demanded and absent.
fn object(
    store: &Store,
    namespace: &str,
    kind: Kind,
    name: &Value,
    reference: &Value,
) -> Option<String> {
    let name = name.as_str()?;
    let absent = store.get(kind, &ObjectKey::new(namespace, name)).is_none();
    (absent && reference["optional"] != true)
        .then(|| format!("{} {name:?} not found", kind.info().kind.to_lowercase()))
}
