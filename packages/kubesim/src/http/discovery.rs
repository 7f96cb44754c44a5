//! Which groups, versions and kinds there are.

use std::collections::BTreeMap;

use axum::response::Response;
use serde_json::{Value, json};

use super::answer::reply;
use crate::{bootstrap::VERSION, error::ApiError, kinds::Kind};

/// Groups that only answer questions about the caller.
const REVIEWS: &[(&str, &str, &str)] = &[
    ("authorization.k8s.io", "selfsubjectaccessreviews", "SelfSubjectAccessReview"),
    ("authorization.k8s.io", "selfsubjectrulesreviews", "SelfSubjectRulesReview"),
    ("authentication.k8s.io", "selfsubjectreviews", "SelfSubjectReview"),
];

/// Answers a path of discovery.
pub fn answer(path: &str) -> Result<Response, ApiError> {
    let parts: Vec<&str> = path.split('/').filter(|p| !p.is_empty()).collect();
    let body = match parts.as_slice() {
        [] => {
            let mut paths = vec!["/api".to_owned(), "/api/v1".into(), "/apis".into()];
            paths.extend(
                groups()
                    .into_iter()
                    .flat_map(|(g, v)| [format!("/apis/{g}"), format!("/apis/{g}/{v}")]),
            );
            json!({"paths": paths})
        }
        ["version"] => version(),
        ["api"] => {
            json!({"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []})
        }
        ["api", "v1"] => resources("", "v1"),
        ["apis"] => {
            let groups: Vec<Value> = groups().iter().map(|(g, v)| group(g, v)).collect();
            json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
        }
        ["apis", name] => {
            let groups = groups();
            let version = groups.get(*name).ok_or_else(ApiError::no_such_path)?;
            let mut body = group(name, version);
            body["kind"] = json!("APIGroup");
            body["apiVersion"] = json!("v1");
            body
        }
        ["apis", name, version] if groups().get(*name) == Some(version) => resources(name, version),
        _ => return Err(ApiError::no_such_path()),
    };
    Ok(reply(200, &body, &[]))
}

/// The version document.
fn version() -> Value {
    json!({
        "major": "1", "minor": "36",
        "gitVersion": VERSION, "gitCommit": "", "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z", "goVersion": "", "compiler": "rustc",
        "platform": "linux/amd64",
    })
}

/// Named groups with their one version.
pub fn groups() -> BTreeMap<&'static str, &'static str> {
    let mut groups: BTreeMap<_, _> = Kind::ALL
        .iter()
        .map(|k| k.info())
        .filter(|info| !info.group.is_empty())
        .map(|info| (info.group, info.version))
        .collect();
    groups.extend(REVIEWS.iter().map(|(group, _, _)| (*group, "v1")));
    groups
}

fn group(name: &str, version: &str) -> Value {
    let version = json!({"groupVersion": format!("{name}/{version}"), "version": version});
    json!({"name": name, "versions": [version], "preferredVersion": version})
}

fn resources(group: &str, version: &str) -> Value {
    let mut list = Vec::new();
    for kind in Kind::ALL {
        let info = kind.info();
        if info.group != group || info.version != version {
            continue;
        }
        let mut verbs =
            vec!["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
        if matches!(kind, Kind::Namespace | Kind::Service) {
            verbs.retain(|v| *v != "deletecollection");
        }
        let mut entry = json!({
            "name": info.plural,
            "singularName": info.kind.to_lowercase(),
            "namespaced": info.namespaced,
            "kind": info.kind,
            "verbs": verbs,
        });
        if !info.short.is_empty() {
            entry["shortNames"] = json!(info.short);
        }
        if matches!(
            kind,
            Kind::Pod | Kind::Service | Kind::Deployment | Kind::ReplicaSet | Kind::StatefulSet
        ) {
            entry["categories"] = json!(["all"]);
        }
        list.push(entry);
        let mut part = |name: &str, kind: &str, verbs: &[&str], of: Option<(&str, &str)>| {
            let mut entry = json!({
                "name": format!("{}/{name}", info.plural), "singularName": "",
                "namespaced": info.namespaced, "kind": kind, "verbs": verbs,
            });
            if let Some((group, version)) = of {
                entry["group"] = json!(group);
                entry["version"] = json!(version);
            }
            list.push(entry);
        };
        let writes = &["get", "patch", "update"];
        if info.status {
            part("status", info.kind, writes, None);
        }
        if info.scale {
            part("scale", "Scale", writes, Some(("autoscaling", "v1")));
        }
        match kind {
            Kind::Pod => {
                part("log", "Pod", &["get"], None);
                part("eviction", "Eviction", &["create"], Some(("policy", "v1")));
            }
            Kind::Namespace => part("finalize", "Namespace", &["update"], None),
            _ => {}
        }
    }
    for (of, plural, kind) in REVIEWS {
        if *of == group {
            list.push(json!({
                "name": plural, "singularName": kind.to_lowercase(), "namespaced": false,
                "kind": kind, "verbs": ["create"],
            }));
        }
    }
    let group_version =
        if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
    json!({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": list})
}
