//! What the caller may do: everything but what the cluster file denies.

use axum::response::Response;
use http::Method;
use serde_json::{Value, json};

use super::{Api, ApiRequest, answer::reply, path::Review};
use crate::{access::Access, error::ApiError, spec::ClusterSpec};

/// Whether the cluster file denies a verb on a resource.
pub fn is_denied(spec: &ClusterSpec, verb: &str, resource: &str) -> bool {
    spec.denied
        .iter()
        .any(|d| (d.verb == "*" || d.verb == verb) && (d.resource == "*" || d.resource == resource))
}

/// Answers a question about the caller.
pub fn answer(api: &Api, asked: &ApiRequest, review: Review) -> Result<Response, ApiError> {
    if asked.method != Method::POST {
        return Err(ApiError::method_not_allowed());
    }
    let mut body = asked.json()?;
    if !body.is_object() {
        body = json!({});
    }
    let (group, kind) = match review {
        Review::Access => ("authorization.k8s.io/v1", "SelfSubjectAccessReview"),
        Review::Rules => ("authorization.k8s.io/v1", "SelfSubjectRulesReview"),
        Review::Whoami => ("authentication.k8s.io/v1", "SelfSubjectReview"),
    };
    body["apiVersion"] = json!(group);
    body["kind"] = json!(kind);
    let user = asked.user.as_deref();
    let cluster = api.lock();
    body["status"] = match review {
        Review::Access => access(&cluster.spec, user, &body["spec"]),
        Review::Rules => rules(&cluster.spec),
        Review::Whoami => {
            let name = user.map_or("kubesim-admin", |user| user.user.as_str());
            json!({"userInfo": {"username": name, "groups": if user.is_some() { json!(["system:authenticated"]) } else { json!(["system:masters", "system:authenticated"]) }}})
        }
    };
    Ok(reply(201, &body, &[]))
}

fn access(spec: &ClusterSpec, user: Option<&Access>, asked: &Value) -> Value {
    let attributes = &asked["resourceAttributes"];
    let text = |field: &str| attributes[field].as_str().unwrap_or_default();
    let resource = match text("subresource") {
        "" => text("resource").to_owned(),
        sub => format!("{}/{sub}", text("resource")),
    };
    let granted = user.is_none_or(|user| user.allows(text("verb"), text("group"), &resource));
    let denied = is_denied(spec, text("verb"), &resource);
    let reason = if denied { "denied by the cluster file" } else { "" };
    json!({"allowed": granted && !denied, "reason": reason})
}

fn rules(spec: &ClusterSpec) -> Value {
    let all = json!([{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}]);
    json!({
        "resourceRules": if spec.denied.is_empty() { all } else { json!([]) },
        "nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["*"]}],
        "incomplete": !spec.denied.is_empty(),
    })
}
