//! Deployments, replica sets and stateful sets.

use serde_json::{Value, json};

use super::{array, immutable, labels, pod, text};
use crate::{error::Cause, kinds::Kind, selector::LabelSelector};

/// What is wrong with a workload.
pub fn workload(kind: Kind, new: &Value, old: Option<&Value>, causes: &mut Vec<Cause>) {
    let spec = &new["spec"];
    if spec["replicas"].as_i64().is_some_and(|r| r < 0) {
        let why = "must be greater than or equal to 0";
        causes.push(Cause::invalid("spec.replicas", &spec["replicas"], why));
    }
    let selector = &spec["selector"];
    if selector.is_null() {
        causes.push(Cause::required("spec.selector", ""));
    } else if selector.as_object().is_some_and(|s| s.is_empty()) {
        let why = "empty selector is invalid for deployment";
        causes.push(Cause::invalid("spec.selector", selector, why));
    } else {
        labels(causes, "spec.selector.matchLabels", &selector["matchLabels"]);
    }
    let template = &spec["template"];
    labels(causes, "spec.template.metadata.labels", &template["metadata"]["labels"]);
    let selects = LabelSelector::of_object(selector)
        .is_some_and(|s| s.is_empty() || s.matches(&template["metadata"]["labels"]));
    if !selects {
        let why = "`selector` does not match template `labels`";
        causes.push(Cause::invalid(
            "spec.template.metadata.labels",
            &template["metadata"]["labels"],
            why,
        ));
    }
    let claims: Vec<&str> =
        array(&spec["volumeClaimTemplates"]).map(|c| text(&c["metadata"], "name")).collect();
    pod::spec(&template["spec"], "spec.template.spec", &claims, causes);
    if template["spec"]["restartPolicy"].as_str().is_some_and(|p| p != "Always") {
        causes.push(Cause::not_supported(
            "spec.template.spec.restartPolicy",
            &template["spec"]["restartPolicy"],
            &["Always"],
        ));
    }
    match kind {
        Kind::Deployment => strategy(&spec["strategy"], causes),
        Kind::StatefulSet => stateful(spec, causes),
        _ => {}
    }
    let Some(old) = old else { return };
    if kind == Kind::StatefulSet {
        stateful_update(spec, &old["spec"], causes);
    } else {
        immutable(causes, "spec.selector", selector, &old["spec"]["selector"]);
    }
}

fn strategy(strategy: &Value, causes: &mut Vec<Cause>) {
    match text(strategy, "type") {
        "RollingUpdate" => {
            let none = |v: &Value| matches!(v.as_str(), Some("0%")) || v.as_i64() == Some(0);
            let rolling = &strategy["rollingUpdate"];
            if none(&rolling["maxSurge"]) && none(&rolling["maxUnavailable"]) {
                let why = "may not be 0 when `maxSurge` is 0";
                let field = "spec.strategy.rollingUpdate.maxUnavailable";
                causes.push(Cause::invalid(field, &rolling["maxUnavailable"], why));
            }
        }
        "Recreate" => {
            if strategy["rollingUpdate"].is_object() {
                let why = "may not be specified when strategy `type` is 'Recreate'";
                causes.push(Cause::forbidden("spec.strategy.rollingUpdate", why));
            }
        }
        _ => causes.push(Cause::not_supported(
            "spec.strategy",
            strategy,
            &["Recreate", "RollingUpdate"],
        )),
    }
}

fn stateful(spec: &Value, causes: &mut Vec<Cause>) {
    let policies = ["OrderedReady", "Parallel"];
    if !policies.contains(&text(spec, "podManagementPolicy")) {
        let field = "spec.podManagementPolicy";
        causes.push(Cause::not_supported(field, &spec["podManagementPolicy"], &policies));
    }
    let rolling = &spec["updateStrategy"]["rollingUpdate"];
    if spec["updateStrategy"]["type"] == "OnDelete" && rolling.is_object() {
        let why = "only allowed for updateStrategy 'RollingUpdate'";
        causes.push(Cause::invalid("spec.updateStrategy.rollingUpdate", rolling, why));
    }
    let kinds = ["RollingUpdate", "OnDelete"];
    if !kinds.contains(&text(&spec["updateStrategy"], "type")) {
        let field = "spec.updateStrategy.type";
        causes.push(Cause::not_supported(field, &spec["updateStrategy"]["type"], &kinds));
    }
    for (i, claim) in array(&spec["volumeClaimTemplates"]).enumerate() {
        if text(&claim["metadata"], "name").is_empty() {
            causes
                .push(Cause::required(format!("spec.volumeClaimTemplates[{i}].metadata.name"), ""));
        }
        let at = format!("spec.volumeClaimTemplates[{i}].spec");
        super::storage::claim_spec(&claim["spec"], &at, causes);
    }
}

fn stateful_update(new: &Value, old: &Value, causes: &mut Vec<Cause>) {
    const FREE: &[&str] = &[
        "replicas",
        "ordinals",
        "template",
        "updateStrategy",
        "revisionHistoryLimit",
        "persistentVolumeClaimRetentionPolicy",
        "minReadySeconds",
    ];
    let fixed = |spec: &Value| {
        let mut spec = spec.as_object().cloned().unwrap_or_default();
        spec.retain(|name, _| !FREE.contains(&name.as_str()));
        json!(spec)
    };
    if fixed(new) != fixed(old) {
        causes.push(Cause::forbidden(
            "spec",
            "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', \
             'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and \
             'minReadySeconds' are forbidden",
        ));
    }
}
