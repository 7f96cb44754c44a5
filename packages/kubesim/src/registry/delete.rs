//! Deleting: at once, after a grace period, or when the last finalizer is gone.

use serde_json::{Value, json};

use super::{update::Ownership, write::WriteOptions};
use crate::{
    apply::{Managers, Part},
    clock,
    cluster::Cluster,
    error::{ApiError, Cause},
    kinds::Kind,
    store::{Object, ObjectKey},
};

/// What becomes of the objects that a deleted one owns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Propagation {
    /// They are deleted afterwards.
    #[default]
    Background,
    /// They are deleted first.
    Foreground,
    /// They stay, without their owner.
    Orphan,
}

/// The body and parameters of a DELETE request.
#[derive(Clone, Debug, Default)]
pub struct DeleteOptions {
    /// Seconds that a pod gets to end.
    pub grace: Option<i64>,
    /// What becomes of dependents.
    pub propagation: Propagation,
    /// The object must have this uid.
    pub uid: Option<String>,
    /// The object must have this resource version.
    pub version: Option<String>,
    /// Whether to check only.
    pub dry_run: bool,
}

impl DeleteOptions {
    /// From a `DeleteOptions` body.
    pub fn of(body: &Value) -> Result<Self, ApiError> {
        let mut options = Self {
            grace: body["gracePeriodSeconds"].as_i64(),
            uid: body["preconditions"]["uid"].as_str().map(str::to_owned),
            version: body["preconditions"]["resourceVersion"].as_str().map(str::to_owned),
            dry_run: body["dryRun"].as_array().is_some_and(|d| d.iter().any(|x| x == "All")),
            ..Self::default()
        };
        match body["propagationPolicy"].as_str() {
            Some(policy) => options.set_propagation(policy)?,
            None if body["orphanDependents"] == true => options.propagation = Propagation::Orphan,
            None => {}
        }
        Ok(options)
    }

    /// Sets the propagation by its name.
    pub fn set_propagation(&mut self, policy: &str) -> Result<(), ApiError> {
        self.propagation = match policy {
            "Background" => Propagation::Background,
            "Foreground" => Propagation::Foreground,
            "Orphan" => Propagation::Orphan,
            other => {
                let supported = &["Foreground", "Background", "Orphan", "nil"];
                let cause = Cause::not_supported("propagationPolicy", &json!(other), supported);
                return Err(ApiError::invalid_options("DeleteOptions", vec![cause]));
            }
        };
        Ok(())
    }
}

/// What a deletion came to.
#[derive(Debug)]
pub enum Deleted {
    /// The object is gone; its last state.
    Gone(Object),
    /// The object is on its way out.
    Going(Object),
}

impl Cluster {
    /// Deletes an object, or starts to.
    pub fn delete(
        &mut self,
        kind: Kind,
        key: &ObjectKey,
        options: &DeleteOptions,
    ) -> Result<Deleted, ApiError> {
        let live = self.store.require(kind, key)?;
        preconditions(kind, &live, options)?;
        if kind == Kind::Namespace {
            return self.delete_namespace(key, &live, options);
        }
        let metadata = &live["metadata"];
        let mut finalizers: Vec<Value> =
            metadata["finalizers"].as_array().cloned().unwrap_or_default();
        finalizers.retain(|f| f != "foregroundDeletion" && f != "orphan");
        match options.propagation {
            Propagation::Foreground => finalizers.push(json!("foregroundDeletion")),
            Propagation::Orphan => finalizers.push(json!("orphan")),
            Propagation::Background => {}
        }
        let grace = if kind == Kind::Pod { pod_grace(&live, options.grace) } else { 0 };
        if finalizers.is_empty() && grace == 0 {
            if !options.dry_run {
                self.erase(kind, key);
            }
            return Ok(Deleted::Gone(live));
        }
        let already = !metadata["deletionTimestamp"].is_null();
        let left = metadata["deletionGracePeriodSeconds"].as_i64().unwrap_or(0);
        if already && grace >= left && json!(finalizers) == metadata["finalizers"] {
            return Ok(Deleted::Going(live));
        }
        let mut object = Value::clone(&live);
        if !finalizers.is_empty() {
            object["metadata"]["finalizers"] = json!(finalizers);
        }
        if !already || grace < left {
            let end = clock::later(clock::now(), grace);
            object["metadata"]["deletionTimestamp"] = json!(clock::seconds(end));
            object["metadata"]["deletionGracePeriodSeconds"] = json!(grace);
            if kind.info().generation {
                let next = metadata["generation"].as_i64().unwrap_or(0) + 1;
                object["metadata"]["generation"] = json!(next);
            }
        }
        Ok(Deleted::Going(self.commit(kind, object, options.dry_run)))
    }

    fn delete_namespace(
        &mut self,
        key: &ObjectKey,
        live: &Object,
        options: &DeleteOptions,
    ) -> Result<Deleted, ApiError> {
        if matches!(key.name.as_str(), "default" | "kube-system" | "kube-public") {
            let why = "this namespace may not be deleted";
            return Err(ApiError::forbidden(Kind::Namespace, &key.name, why));
        }
        if !live["metadata"]["deletionTimestamp"].is_null() {
            return Ok(Deleted::Going(live.clone()));
        }
        let mut object = Value::clone(live);
        object["metadata"]["deletionTimestamp"] = json!(clock::seconds(clock::now()));
        object["status"]["phase"] = json!("Terminating");
        Ok(Deleted::Going(self.commit(Kind::Namespace, object, options.dry_run)))
    }

    /// Replaces a namespace's own finalizers, as its `finalize` subresource does.
    pub fn finalize_namespace(
        &mut self,
        key: &ObjectKey,
        body: &Value,
    ) -> Result<Object, ApiError> {
        let live = self.store.require(Kind::Namespace, key)?;
        let mut object = Value::clone(&live);
        object["spec"]["finalizers"] = body["spec"].get("finalizers").cloned().unwrap_or(json!([]));
        object["metadata"]["resourceVersion"] =
            body["metadata"].get("resourceVersion").cloned().unwrap_or(Value::Null);
        let ownership = Ownership::Settled(Managers::of(&live));
        self.change(Kind::Namespace, &live, Part::Main, object, ownership, &WriteOptions::default())
    }
}

fn preconditions(kind: Kind, live: &Value, options: &DeleteOptions) -> Result<(), ApiError> {
    let metadata = &live["metadata"];
    let name = metadata["name"].as_str().unwrap_or_default();
    for (what, wanted, field, hint) in [
        ("UID", &options.uid, "uid", "deleted and then recreated"),
        ("ResourceVersion", &options.version, "resourceVersion", "modified"),
    ] {
        if let Some(wanted) = wanted
            && metadata[field] != wanted.as_str()
        {
            let found = metadata[field].as_str().unwrap_or_default();
            let why = format!(
                "the {what} in the precondition ({wanted}) does not match the {what} in record \
                 ({found}). The object might have been {hint}"
            );
            return Err(ApiError::conflict(kind, name, why));
        }
    }
    Ok(())
}

/// Seconds until a pod must be gone; 0 when nothing of it runs.
fn pod_grace(pod: &Value, asked: Option<i64>) -> i64 {
    let ended = matches!(pod["status"]["phase"].as_str(), Some("Succeeded" | "Failed"));
    if pod["spec"]["nodeName"].as_str().is_none_or(str::is_empty) || ended {
        return 0;
    }
    asked.or_else(|| pod["spec"]["terminationGracePeriodSeconds"].as_i64()).unwrap_or(30).max(0)
}
