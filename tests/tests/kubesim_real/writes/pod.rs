//! Templates of pods.

use rand::{Rng as _, rngs::StdRng};
use serde_json::{Value, json};

use super::{map, one_of, set, some_of};

pub fn spec(rng: &mut StdRng, whole: bool) -> Value {
    let mut pod = json!({});
    let mut containers = Vec::new();
    for name in ["main", "side"] {
        if (whole && name == "main") || rng.gen_bool(0.7) {
            containers.push(container(rng, name, whole));
        }
    }
    if rng.gen_bool(0.3) {
        containers.reverse();
    }
    if !containers.is_empty() {
        pod["containers"] = json!(containers);
    }
    if rng.gen_bool(0.1) {
        pod["initContainers"] = json!([container(rng, "before", true)]);
    }
    if let Some(selector) = map(rng, "n") {
        pod["nodeSelector"] = selector;
    }
    let tolerations = some_of(
        rng,
        &[
            json!({ "key": "gpu", "operator": "Exists" }),
            json!({ "key": "x", "operator": "Equal", "value": "1", "effect": "NoSchedule" }),
        ],
    );
    let size = one_of(rng, &["1Gi", "1024Mi"]);
    let volumes = some_of(
        rng,
        &[
            json!({ "name": "scratch", "emptyDir": { "sizeLimit": size } }),
            json!({ "name": "settings", "configMap": { "name": "one" } }),
            json!({ "name": "keys", "secret": { "secretName": "one", "items": [{ "key": "a", "path": "b" }] } }),
            json!({ "name": "memory", "emptyDir": { "medium": "Memory" } }),
        ],
    );
    let grace = 10 * rng.gen_range(1..4);
    set(
        rng,
        &mut pod,
        0.3,
        json!({
            "tolerations": tolerations,
            "volumes": volumes,
            "terminationGracePeriodSeconds": grace,
        }),
    );
    let model = one_of(rng, &["a100", "h100"]);
    let user = 1_000 * rng.gen_range(0..2);
    set(
        rng,
        &mut pod,
        0.15,
        json!({
            "automountServiceAccountToken": false,
            "enableServiceLinks": false,
            "serviceAccountName": "one",
            "imagePullSecrets": [{ "name": "registry" }],
            "hostAliases": [{ "ip": "192.0.2.1", "hostnames": ["a.example"] }],
            "securityContext": { "runAsUser": user, "seccompProfile": { "type": "RuntimeDefault" } },
            "affinity": { "nodeAffinity": { "requiredDuringSchedulingIgnoredDuringExecution": {
                "nodeSelectorTerms": [{ "matchExpressions": [
                    { "key": "gpu", "operator": "In", "values": [model] },
                ] }],
            } } },
            "topologySpreadConstraints": [{
                "maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": { "matchLabels": { "app": "one" } },
            }],
        }),
    );
    pod
}

fn container(rng: &mut StdRng, name: &str, whole: bool) -> Value {
    let mut container = json!({ "name": name });
    if whole || rng.gen_bool(0.8) {
        let image = one_of(rng, &["app:1", "app:2", "app", "registry.example/app:latest"]);
        container["image"] = json!(image);
    }
    if rng.gen_bool(0.5) {
        let variables: Vec<Value> = ["A", "B", "C"]
            .map(|name| json!({ "name": name, "value": one_of(rng, &["0", "1", ""]) }))
            .into_iter()
            .chain([
                json!({ "name": "KEY", "valueFrom": { "secretKeyRef": { "name": "one", "key": "a" } } }),
                json!({ "name": "IP", "valueFrom": { "fieldRef": { "fieldPath": "status.podIP" } } }),
            ])
            .collect();
        container["env"] = some_of(rng, &variables);
    }
    if rng.gen_bool(0.5) {
        let cpu = one_of(rng, &[json!("500m"), json!("0.5"), json!("1"), json!("1000m"), json!(1)]);
        let memory = one_of(rng, &["1Gi", "1024Mi", "512Mi"]);
        container["resources"] = json!({});
        set(
            rng,
            &mut container["resources"],
            0.6,
            json!({
                "limits": { "cpu": cpu, "memory": memory, "nvidia.com/gpu": 1 },
                "requests": { "cpu": "0.25", "memory": "512Mi" },
            }),
        );
    }
    let ports = some_of(
        rng,
        &[
            json!({ "containerPort": 80 }),
            json!({ "containerPort": 53, "protocol": "UDP" }),
            json!({ "containerPort": 53, "protocol": "TCP" }),
            json!({ "containerPort": 443, "name": "tls", "protocol": "TCP" }),
        ],
    );
    let word = rng.gen_range(0..2).to_string();
    set(
        rng,
        &mut container,
        0.3,
        json!({
            "command": ["serve", word],
            "ports": ports,
            "securityContext": {
                "allowPrivilegeEscalation": false,
                "capabilities": { "drop": ["ALL"], "add": ["CHOWN"] },
            },
        }),
    );
    let seconds = rng.gen_range(1..3);
    set(
        rng,
        &mut container,
        0.1,
        json!({
            "envFrom": [{ "secretRef": { "name": "one" } }],
            "imagePullPolicy": "Always",
            "readinessProbe": { "httpGet": { "port": 80 }, "periodSeconds": seconds },
            "livenessProbe": { "exec": { "command": ["true"] } },
            "lifecycle": { "preStop": { "sleep": { "seconds": seconds } } },
            "volumeMounts": [{ "name": "scratch", "mountPath": "/scratch" }],
            "workingDir": "/",
            "tty": true,
        }),
    );
    container
}
