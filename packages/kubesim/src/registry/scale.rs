//! The scale subresource of workloads.

use serde_json::{Value, json};

use super::{patch::Patch, update::Ownership, write::WriteOptions};
use crate::{
    apply::{Manager, Managers, Operation, Part},
    cluster::Cluster,
    error::ApiError,
    kinds::Kind,
    patch::patched,
    store::ObjectKey,
};

/// A workload seen as a `Scale`.
pub fn view(object: &Value) -> Value {
    let metadata = &object["metadata"];
    let mut scale = json!({
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {
            "name": metadata["name"],
            "namespace": metadata["namespace"],
            "uid": metadata["uid"],
            "resourceVersion": metadata["resourceVersion"],
            "creationTimestamp": metadata["creationTimestamp"],
        },
        "spec": {},
        "status": {"replicas": object["status"]["replicas"].as_i64().unwrap_or(0)},
    });
    // Zero is left out, as everywhere in this kind.
    if let Some(replicas) = object["spec"]["replicas"].as_i64().filter(|r| *r != 0) {
        scale["spec"]["replicas"] = json!(replicas);
    }
    let labels = object["spec"]["selector"]["matchLabels"].as_object();
    let selector: Vec<String> = labels
        .into_iter()
        .flatten()
        .map(|(k, v)| format!("{k}={}", v.as_str().unwrap_or_default()))
        .collect();
    scale["status"]["selector"] = json!(selector.join(","));
    scale
}

impl Cluster {
    /// A workload's scale.
    pub fn scale(&self, kind: Kind, key: &ObjectKey) -> Result<Value, ApiError> {
        Ok(view(&*self.store.require(kind, key)?))
    }

    /// Replaces or patches a workload's scale.
    pub fn set_scale(
        &mut self,
        kind: Kind,
        key: &ObjectKey,
        write: Result<Value, Patch>,
        options: &WriteOptions,
    ) -> Result<Value, ApiError> {
        let live = self.store.require(kind, key)?;
        let scale = match write {
            Ok(whole) => whole,
            Err(patch) => patched(kind, patch.how, &view(&live), &patch.body)?,
        };
        let replicas = match &scale["spec"]["replicas"] {
            Value::Null => 0,
            number => number
                .as_i64()
                .ok_or_else(|| ApiError::bad_request("spec.replicas must be a number"))?,
        };
        let mut object = Value::clone(&live);
        object["spec"]["replicas"] = json!(replicas);
        if let Some(version) = scale["metadata"].get("resourceVersion") {
            object["metadata"]["resourceVersion"] = version.clone();
        }
        let manager = Manager::new(&options.manager, Operation::Update, kind, Part::Scale);
        let ownership = Ownership::Write(manager, Managers::of(&live));
        let object = self.change(kind, &live, Part::Scale, object, ownership, options)?;
        Ok(view(&object))
    }
}
