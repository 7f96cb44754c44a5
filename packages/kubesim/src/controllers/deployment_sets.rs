//! How a deployment sees its replica sets.

use serde_json::Value;

use super::rollout::Set;
use crate::store::Object;

/// Label of a replica set's pods: a hash of their template.
pub const HASH: &str = "pod-template-hash";

/// A template without the label that the controller adds.
fn plain(template: &Value) -> Value {
    let mut template = template.clone();
    if let Some(labels) = template["metadata"]["labels"].as_object_mut() {
        labels.remove(HASH);
    }
    template
}

/// The set that has the deployment's present template.
pub fn current<'s>(deployment: &Value, sets: &'s [Object]) -> Option<&'s Object> {
    let template = &deployment["spec"]["template"];
    sets.iter().find(|s| plain(&s["spec"]["template"]) == *template)
}

/// Whether all old pods end before new ones start.
pub fn is_recreate(deployment: &Value) -> bool {
    deployment["spec"]["strategy"]["type"] == "Recreate"
}

/// The numbers that a rollout looks at.
pub fn view(set: &Value) -> Set {
    Set {
        wanted: set["spec"]["replicas"].as_i64().unwrap_or(0),
        replicas: set["status"]["replicas"].as_i64().unwrap_or(0),
        available: set["status"]["availableReplicas"].as_i64().unwrap_or(0),
    }
}
