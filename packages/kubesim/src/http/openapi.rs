//! As much of the API's description as kubectl needs to leave validation to the server:
//! which kinds can be patched, and that patches take `fieldValidation`.

use axum::response::Response;
use serde_json::{Map, Value, json};

use super::{answer::reply, discovery};
use crate::{error::ApiError, kinds::Kind};

/// Answers a path below `/openapi`.
pub fn answer(path: &str) -> Result<Response, ApiError> {
    let rest = path.strip_prefix("/openapi/v3").ok_or_else(ApiError::no_such_path)?;
    let rest = rest.trim_matches('/');
    if rest.is_empty() {
        return Ok(reply(200, &index(), &[]));
    }
    let (group, version) = match rest.split('/').collect::<Vec<_>>().as_slice() {
        ["api", version] => (String::new(), (*version).to_owned()),
        ["apis", group, version] => ((*group).to_owned(), (*version).to_owned()),
        _ => return Err(ApiError::no_such_path()),
    };
    let document = document(&group, &version).ok_or_else(ApiError::no_such_path)?;
    Ok(reply(200, &document, &[]))
}

fn index() -> Value {
    let mut paths = Map::new();
    paths.insert("api/v1".into(), json!({"serverRelativeURL": "/openapi/v3/api/v1"}));
    for (group, version) in discovery::groups() {
        let name = format!("apis/{group}/{version}");
        paths.insert(name.clone(), json!({"serverRelativeURL": format!("/openapi/v3/{name}")}));
    }
    json!({"paths": paths})
}

fn document(group: &str, version: &str) -> Option<Value> {
    let kinds: Vec<Kind> = Kind::ALL
        .iter()
        .copied()
        .filter(|k| k.info().group == group && k.info().version == version)
        .collect();
    if kinds.is_empty() && !discovery::groups().contains_key(group) {
        return None;
    }
    let (mut paths, mut schemas) = (Map::new(), Map::new());
    let root = if group.is_empty() {
        format!("/api/{version}")
    } else {
        format!("/apis/{group}/{version}")
    };
    for kind in kinds {
        let info = kind.info();
        let scope = if info.namespaced { "/namespaces/{namespace}" } else { "" };
        let identity = json!({"group": info.group, "version": info.version, "kind": info.kind});
        let parameter =
            |name: &str| json!({"name": name, "in": "query", "schema": {"type": "string"}});
        let operation = json!({
            "x-kubernetes-action": "patch",
            "x-kubernetes-group-version-kind": identity,
            "parameters": [parameter("dryRun"), parameter("fieldManager"), parameter("fieldValidation"), parameter("force")],
            "responses": {"200": {"description": "OK"}},
        });
        paths
            .insert(format!("{root}{scope}/{}/{{name}}", info.plural), json!({"patch": operation}));
        schemas.insert(
            format!("kubesim.{}.{}.{}", info.group, info.version, info.kind),
            json!({"type": "object", "x-kubernetes-group-version-kind": [identity]}),
        );
    }
    Some(json!({
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes (simulated)", "version": crate::bootstrap::VERSION},
        "paths": paths,
        "components": {"schemas": schemas},
    }))
}
