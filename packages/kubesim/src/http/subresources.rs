//! Parts of objects: status, scale, logs, eviction, and those that are not simulated.

use axum::response::Response;
use serde_json::json;

use super::{Api, ApiRequest, answer::reply, logs, read, write};
use crate::{
    apply::Part,
    error::{ApiError, Cause},
    kinds::Kind,
    selector::LabelSelector,
    store::ObjectKey,
};

/// Answers a request on a part of an object.
pub fn answer(
    api: &Api,
    asked: &ApiRequest,
    kind: Kind,
    key: &ObjectKey,
    part: &str,
) -> Result<Response, ApiError> {
    let info = kind.info();
    match (part, asked.method.as_str()) {
        ("status", method) if info.status => match method {
            "GET" => read::get(api, asked, kind, key),
            "PUT" => write::update(api, asked, kind, key, Part::Status),
            "PATCH" => write::patch(api, asked, kind, key, Part::Status),
            _ => Err(ApiError::method_not_allowed()),
        },
        ("scale", method) if info.scale => scale(api, asked, kind, key, method),
        ("finalize", "PUT") if kind == Kind::Namespace => {
            let object = api.lock().finalize_namespace(key, &asked.json()?)?;
            Ok(reply(200, &object, &[]))
        }
        ("log", "GET") if kind == Kind::Pod => logs::answer(api, asked, key),
        ("eviction", "POST") if kind == Kind::Pod => evict(api, asked, key),
        ("exec" | "attach" | "portforward" | "proxy", _) if kind == Kind::Pod => {
            api.lock().store.require(kind, key)?;
            Err(ApiError::not_implemented(format!(
                "pods/{part} is not simulated: nothing runs inside a simulated pod; use a real cluster"
            )))
        }
        _ => Err(ApiError::no_such_path()),
    }
}

fn scale(
    api: &Api,
    asked: &ApiRequest,
    kind: Kind,
    key: &ObjectKey,
    method: &str,
) -> Result<Response, ApiError> {
    let write = match method {
        "GET" => return Ok(reply(200, &api.lock().scale(kind, key)?, &[])),
        "PUT" => Ok(asked.json()?),
        "PATCH" => Err(write::patch_of(asked)?),
        _ => return Err(ApiError::method_not_allowed()),
    };
    let options = asked.params.write_options("UpdateOptions", false)?;
    let scale = api.lock().set_scale(kind, key, write, &options)?;
    Ok(reply(200, &scale, &[]))
}

/// Deletes a pod unless a disruption budget forbids it.
fn evict(api: &Api, asked: &ApiRequest, key: &ObjectKey) -> Result<Response, ApiError> {
    let body = asked.json()?;
    let options = crate::registry::DeleteOptions::of(&body["deleteOptions"])?;
    let mut cluster = api.lock();
    let pod = cluster.store.require(Kind::Pod, key)?;
    let forbidding =
        cluster.store.within(Kind::PodDisruptionBudget, &key.namespace).find(|(_, b)| {
            let selects = LabelSelector::of_object(&b["spec"]["selector"])
                .is_some_and(|s| s.matches(&pod["metadata"]["labels"]));
            selects && b["status"]["disruptionsAllowed"].as_i64().unwrap_or(0) <= 0
        });
    if let Some((budget, _)) = forbidding {
        let message = "Cannot evict pod as it would violate the pod's disruption budget.";
        let mut error = ApiError::new(429, "TooManyRequests", message);
        error.details.causes.push(Cause {
            reason: "DisruptionBudget",
            field: String::new(),
            message: format!("The disruption budget {} allows no disruption now", budget.name),
        });
        return Err(error);
    }
    cluster.delete(Kind::Pod, key, &options)?;
    let body = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201});
    Ok(reply(201, &body, &[]))
}
