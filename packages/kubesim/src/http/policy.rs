//! The admission policy of users that have one: they write in their own namespaces alone.

use serde_json::Value;

use super::{Api, ApiRequest, path::Target};
use crate::{access::Access, error::ApiError, kinds::Kind, store::ObjectKey};

/// Refuses what the policy of the caller refuses.
pub fn admits(
    api: &Api,
    asked: &ApiRequest,
    target: &Target,
    access: &Access,
) -> Result<(), ApiError> {
    let method = asked.method.as_str();
    if method == "GET" {
        return Ok(());
    }
    let name = target.name.clone().unwrap_or_default();
    let body = asked.json()?;
    let fine = if target.kind == Kind::Namespace {
        let key = ObjectKey::new("", &*name);
        let before = api.lock().store.get(Kind::Namespace, &key).cloned();
        let before = before.as_ref().map(|found| found["metadata"]["labels"].clone());
        match (method, before) {
            ("POST", _) => access.owns(&body["metadata"]["labels"]),
            // Applying makes what is not there; else the registry says that there is none.
            ("PATCH", None) if asked.content_type.contains("apply-patch") => {
                access.owns(&body["metadata"]["labels"])
            }
            (_, None) => return Ok(()),
            ("PUT", Some(before)) => {
                access.owns(&before) && access.owns(&body["metadata"]["labels"])
            }
            ("PATCH", Some(before)) => access.owns(&before) && keeps_labels(access, &body),
            (_, Some(before)) => access.owns(&before),
        }
    } else {
        let namespace = ObjectKey::new("", target.namespace.clone().unwrap_or_default());
        let namespace = api.lock().store.get(Kind::Namespace, &namespace).cloned();
        namespace.is_some_and(|found| access.owns(&found["metadata"]["labels"]))
    };
    if fine {
        return Ok(());
    }
    let named = body["metadata"]["name"].as_str().unwrap_or_default();
    let name = if name.is_empty() { named } else { &name };
    let Access { policy, message, .. } = access;
    let why = format!(
        "ValidatingAdmissionPolicy '{policy}' with binding '{policy}' denied request: {message}"
    );
    Err(ApiError::forbidden(target.kind, name, why))
}

/// Whether a patch leaves the user's labels as they are.
fn keeps_labels(access: &Access, patch: &Value) -> bool {
    if let Some(steps) = patch.as_array() {
        let touches = |step: &Value| {
            let path = step["path"].as_str().unwrap_or_default();
            path.is_empty() || path == "/metadata" || path.starts_with("/metadata/labels")
        };
        return !steps.iter().any(touches);
    }
    let labels = &patch["metadata"]["labels"];
    let changes = |(key, value): (&String, &String)| {
        labels.get(key.as_str()).is_some_and(|patched| *patched != **value)
    };
    !access.labels.iter().any(changes)
}
