//! What happens to an object between its reading and its storing because of the rest of the
//! cluster: namespaces, classes, service accounts, limits, quotas, pod security, addresses.

mod ingress;
mod limit_range;
mod pod;
mod pod_security;
mod quota;
mod services;

use serde_json::{Value, json};

pub use quota::usage;

use crate::{
    cluster::Cluster,
    defaults,
    error::{ApiError, Cause},
    kinds::Kind,
    store::ObjectKey,
    validate::array,
};

/// Objects are created in namespaces that exist and stay.
pub fn namespace(cluster: &Cluster, kind: Kind, key: &ObjectKey) -> Result<(), ApiError> {
    if !kind.namespaced() {
        return Ok(());
    }
    let namespace = cluster.store.require(Kind::Namespace, &ObjectKey::new("", &*key.namespace))?;
    if namespace["metadata"]["deletionTimestamp"].is_null() {
        return Ok(());
    }
    let why = format!(
        "unable to create new content in namespace {} because it is being terminated",
        key.namespace
    );
    let mut error = ApiError::forbidden(kind, &key.name, why);
    error.details.causes.push(Cause {
        reason: "NamespaceTerminating",
        field: "metadata.namespace".into(),
        message: format!("namespace {} is being terminated", key.namespace),
    });
    Err(error)
}

/// Fills a new object in from the cluster.
pub fn mutate(cluster: &Cluster, kind: Kind, object: &mut Value) -> Result<(), ApiError> {
    match kind {
        Kind::Pod => {
            pod::complete(cluster, object)?;
            limit_range::fill(cluster, object);
            object["status"]["qosClass"] = json!(defaults::quality_of_service(&object["spec"]));
        }
        Kind::PersistentVolumeClaim => {
            if object["spec"].get("storageClassName").is_none()
                && let Some(class) = default_class(
                    cluster,
                    Kind::StorageClass,
                    "storageclass.kubernetes.io/is-default-class",
                )
            {
                object["spec"]["storageClassName"] = json!(class);
            }
            finalizer(object, "kubernetes.io/pvc-protection");
        }
        Kind::PersistentVolume => finalizer(object, "kubernetes.io/pv-protection"),
        Kind::Ingress => {
            if object["spec"].get("ingressClassName").is_none()
                && let Some(class) = default_class(
                    cluster,
                    Kind::IngressClass,
                    "ingressclass.kubernetes.io/is-default-class",
                )
            {
                object["spec"]["ingressClassName"] = json!(class);
            }
        }
        _ => {}
    }
    Ok(())
}

/// Refuses a change for what comes up before the object is looked at.
pub fn before_update(kind: Kind, object: &Value) -> Result<(), ApiError> {
    match kind {
        Kind::Service => services::no_port_twice(object),
        _ => Ok(()),
    }
}

/// Gives services their addresses and ports.
pub fn allocate(
    cluster: &Cluster,
    kind: Kind,
    object: &mut Value,
    old: Option<&Value>,
) -> Result<(), ApiError> {
    match kind {
        Kind::Service => services::allocate(cluster, object, old),
        _ => Ok(()),
    }
}

/// Refuses what the rest of the cluster does not allow.
pub fn validate(
    cluster: &Cluster,
    kind: Kind,
    object: &Value,
    old: Option<&Value>,
    warnings: &mut Vec<String>,
) -> Result<(), ApiError> {
    match kind {
        Kind::Pod if old.is_none() => {
            limit_range::check(cluster, kind, object)?;
            pod_security::check(cluster, object)?;
        }
        Kind::Deployment | Kind::StatefulSet | Kind::ReplicaSet => {
            pod_security::warn(cluster, object, warnings);
        }
        Kind::Ingress => ingress::unique(cluster, object)?,
        Kind::PersistentVolumeClaim => {
            limit_range::check(cluster, kind, object)?;
            if let Some(old) = old {
                expansion(cluster, object, old)?;
            }
        }
        _ => {}
    }
    quota::check(cluster, kind, object, old)
}

/// Claims grow only where their class allows it.
fn expansion(cluster: &Cluster, new: &Value, old: &Value) -> Result<(), ApiError> {
    let size = |o: &Value| crate::quantity::nano_of(&o["spec"]["resources"]["requests"]["storage"]);
    if size(new) <= size(old) {
        return Ok(());
    }
    let class = ObjectKey::new("", new["spec"]["storageClassName"].as_str().unwrap_or_default());
    let allowed = cluster
        .store
        .get(Kind::StorageClass, &class)
        .is_some_and(|c| c["allowVolumeExpansion"] == true);
    if allowed {
        return Ok(());
    }
    let why = "only dynamically provisioned pvc can be resized and the storageclass that \
               provisions the pvc must support resize";
    let name = new["metadata"]["name"].as_str().unwrap_or_default();
    Err(ApiError::forbidden(Kind::PersistentVolumeClaim, name, why))
}

fn default_class(cluster: &Cluster, kind: Kind, annotation: &str) -> Option<String> {
    cluster
        .store
        .all(kind)
        .find(|(_, class)| class["metadata"]["annotations"][annotation] == "true")
        .map(|(key, _)| key.name.clone())
}

fn finalizer(object: &mut Value, name: &str) {
    if !array(&object["metadata"]["finalizers"]).any(|f| f == name) {
        let mut all: Vec<Value> = array(&object["metadata"]["finalizers"]).cloned().collect();
        all.push(json!(name));
        object["metadata"]["finalizers"] = json!(all);
    }
}
