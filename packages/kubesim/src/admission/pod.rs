//! What a new pod gets from service account, runtime class and the usual tolerations.

use serde_json::{Value, json};

use crate::{
    cluster::Cluster, error::ApiError, kinds::Kind, names, store::ObjectKey, validate::array,
};

/// Completes a new pod, or says what it refers to that is not there.
pub fn complete(cluster: &Cluster, pod: &mut Value) -> Result<(), ApiError> {
    let name = pod["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    let namespace = pod["metadata"]["namespace"].as_str().unwrap_or_default().to_owned();
    let spec = &mut pod["spec"];

    let account = match spec["serviceAccountName"].as_str() {
        Some(account) if !account.is_empty() => account.to_owned(),
        _ => "default".to_owned(),
    };
    let Some(found) =
        cluster.store.get(Kind::ServiceAccount, &ObjectKey::new(&*namespace, &*account))
    else {
        let why = format!(
            "error looking up service account {namespace}/{account}: serviceaccount {account:?} not found"
        );
        return Err(ApiError::forbidden(Kind::Pod, &name, why));
    };
    spec["serviceAccountName"] = json!(account);
    spec["serviceAccount"] = json!(account);
    let own_secrets = array(&spec["imagePullSecrets"]).next().is_some();
    if !own_secrets && found["imagePullSecrets"].is_array() {
        spec["imagePullSecrets"] = found["imagePullSecrets"].clone();
    }

    let automatic = spec["automountServiceAccountToken"]
        .as_bool()
        .or_else(|| found["automountServiceAccountToken"].as_bool());
    if automatic != Some(false) {
        mount_token(spec);
    }

    if let Some(class) = spec["runtimeClassName"].as_str().map(str::to_owned) {
        let Some(class_object) =
            cluster.store.get(Kind::RuntimeClass, &ObjectKey::new("", &*class))
        else {
            let why = format!("pod rejected: RuntimeClass {class:?} not found");
            return Err(ApiError::forbidden(Kind::Pod, &name, why));
        };
        if let Some(overhead) = class_object["overhead"].get("podFixed") {
            spec["overhead"] = overhead.clone();
        }
        for (key, value) in
            class_object["scheduling"]["nodeSelector"].as_object().into_iter().flatten()
        {
            spec["nodeSelector"][key.as_str()] = value.clone();
        }
    }

    let class = spec["priorityClassName"].as_str().filter(|c| !c.is_empty()).map(str::to_owned);
    spec["priority"] = match class {
        None => json!(0),
        Some(class) => match cluster.store.get(Kind::PriorityClass, &ObjectKey::new("", &*class)) {
            Some(found) => found["value"].clone(),
            None => {
                let why = format!("no PriorityClass with name {class} was found");
                return Err(ApiError::forbidden(Kind::Pod, &name, why));
            }
        },
    };
    spec["preemptionPolicy"] = json!("PreemptLowerPriority");

    let mut tolerations: Vec<Value> = array(&spec["tolerations"]).cloned().collect();
    for key in ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"] {
        let covered = tolerations.iter().any(|t| {
            let matches_key = t["key"] == key || t["key"].as_str().is_none_or(str::is_empty);
            let effect = t["effect"].as_str().unwrap_or_default();
            matches_key && (effect.is_empty() || effect == "NoExecute")
        });
        if !covered {
            tolerations.push(json!({
                "key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300,
            }));
        }
    }
    spec["tolerations"] = json!(tolerations);
    Ok(())
}

/// The volume by which a pod's containers get the token of its service account.
fn mount_token(spec: &mut Value) {
    const PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
    let name = format!("kube-api-access-{}", names::suffix(5));
    let mut mounted = false;
    for list in ["initContainers", "containers"] {
        let containers = spec.get_mut(list).and_then(Value::as_array_mut);
        for container in containers.into_iter().flatten() {
            let mut mounts: Vec<Value> = array(&container["volumeMounts"]).cloned().collect();
            if mounts.iter().all(|m| m["mountPath"] != PATH) {
                mounts.push(json!({"name": name, "mountPath": PATH, "readOnly": true}));
                container["volumeMounts"] = json!(mounts);
                mounted = true;
            }
        }
    }
    if !mounted {
        return;
    }
    let mut volumes: Vec<Value> = array(&spec["volumes"]).cloned().collect();
    volumes.push(json!({
        "name": name,
        "projected": {
            "defaultMode": 420,
            "sources": [
                {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
                {"configMap": {
                    "items": [{"key": "ca.crt", "path": "ca.crt"}], "name": "kube-root-ca.crt",
                }},
                {"downwardAPI": {"items": [{
                    "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"},
                    "path": "namespace",
                }]}},
            ],
        },
    }));
    spec["volumes"] = json!(volumes);
}
