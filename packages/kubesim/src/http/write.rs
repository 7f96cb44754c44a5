//! Requests that write.

use axum::response::Response;
use serde_json::{Value, json};

use super::{
    Api, ApiRequest,
    answer::reply,
    read::{ObjectFilter, chosen},
};
use crate::{
    apply::Part,
    error::ApiError,
    kinds::Kind,
    patch::PatchType,
    registry::{DeleteOptions, Deleted, Patch, Written},
    store::ObjectKey,
};

fn written(asked: &ApiRequest, kind: Kind, written: &Written) -> Response {
    let code = if written.created { 201 } else { 200 };
    reply(code, &asked.form().object(kind, &written.object), &written.warnings)
}

pub fn create(
    api: &Api,
    asked: &ApiRequest,
    kind: Kind,
    namespace: &str,
) -> Result<Response, ApiError> {
    let options = asked.params.write_options("CreateOptions", false)?;
    let done = api.lock().create(kind, namespace, asked.json()?, &options)?;
    Ok(written(asked, kind, &done))
}

pub fn update(
    api: &Api,
    asked: &ApiRequest,
    kind: Kind,
    key: &ObjectKey,
    part: Part,
) -> Result<Response, ApiError> {
    let options = asked.params.write_options("UpdateOptions", false)?;
    let done = api.lock().update(kind, key, part, asked.json()?, &options)?;
    Ok(written(asked, kind, &done))
}

/// The patch that a request carries.
pub fn patch_of(asked: &ApiRequest) -> Result<Patch, ApiError> {
    Ok(Patch { how: PatchType::of(&asked.content_type)?, body: asked.json()? })
}

pub fn patch(
    api: &Api,
    asked: &ApiRequest,
    kind: Kind,
    key: &ObjectKey,
    part: Part,
) -> Result<Response, ApiError> {
    let patch = patch_of(asked)?;
    let options = asked.params.write_options("PatchOptions", patch.how == PatchType::Apply)?;
    let done = api.lock().patch(kind, key, part, patch, &options)?;
    Ok(written(asked, kind, &done))
}

/// Options of a deletion, from body and query.
pub fn delete_options(asked: &ApiRequest) -> Result<DeleteOptions, ApiError> {
    let mut options = DeleteOptions::of(&asked.json()?)?;
    if let Some(policy) = asked.params.get("propagationPolicy") {
        options.set_propagation(policy)?;
    }
    if let Some(seconds) = asked.params.number("gracePeriodSeconds")? {
        options.grace = Some(seconds);
    }
    options.dry_run |= asked.params.get("dryRun") == Some("All");
    Ok(options)
}

pub fn delete(
    api: &Api,
    asked: &ApiRequest,
    kind: Kind,
    key: &ObjectKey,
) -> Result<Response, ApiError> {
    let options = delete_options(asked)?;
    let deleted = api.lock().delete(kind, key, &options)?;
    let body = match deleted {
        Deleted::Going(object) => asked.form().object(kind, &object),
        Deleted::Gone(object) if returns_object(kind) => asked.form().object(kind, &object),
        Deleted::Gone(object) => success(kind, &object),
    };
    Ok(reply(200, &body, &[]))
}

/// Kinds whose deletion answers with the object also when it is gone.
fn returns_object(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Pod
            | Kind::PersistentVolumeClaim
            | Kind::PersistentVolume
            | Kind::ResourceQuota
            | Kind::ServiceAccount
            | Kind::Service
            | Kind::StorageClass
    )
}

fn success(kind: Kind, object: &Value) -> Value {
    let info = kind.info();
    let mut details = json!({
        "name": object["metadata"]["name"],
        "kind": info.plural,
        "uid": object["metadata"]["uid"],
    });
    if !info.group.is_empty() {
        details["group"] = json!(info.group);
    }
    json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details})
}

pub fn delete_collection(
    api: &Api,
    asked: &ApiRequest,
    kind: Kind,
    namespace: Option<&str>,
) -> Result<Response, ApiError> {
    if matches!(kind, Kind::Namespace | Kind::Service) {
        return Err(ApiError::method_not_allowed());
    }
    let options = delete_options(asked)?;
    let choice = ObjectFilter::of(asked, kind, namespace)?;
    let mut cluster = api.lock();
    let objects = chosen(&cluster, kind, &choice);
    for (key, _) in &objects {
        match cluster.delete(kind, key, &options) {
            Ok(_) => {}
            Err(error) if error.code == 404 => {}
            Err(error) => return Err(error),
        }
    }
    let metadata = json!({"resourceVersion": cluster.store.version().to_string()});
    let items: Vec<&Value> = objects.iter().map(|(_, o)| &**o).collect();
    Ok(reply(200, &asked.form().list(kind, &items, &metadata), &[]))
}
