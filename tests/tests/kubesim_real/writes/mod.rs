//! Random writes: small objects of few fields and values, so that managers meet often.

use rand::{Rng as _, rngs::StdRng, seq::SliceRandom as _};
use serde_json::{Map, Value, json};

/// Who writes.
pub const MANAGERS: [&str; 4] = ["agent", "injector", "editor", "scaler"];

/// What is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    ConfigMap,
    Service,
    Deployment,
}

/// How it is written.
#[derive(Clone, Debug)]
pub enum How {
    Apply { force: bool },
    Merge,
    Strategic,
    Replace,
    Delete,
}

/// One write to the one object of its kind.
#[derive(Clone, Debug)]
pub struct Write {
    pub kind: Kind,
    pub manager: &'static str,
    pub how: How,
    pub body: Value,
}

impl Kind {
    pub const ALL: [Self; 3] = [Self::ConfigMap, Self::Service, Self::Deployment];

    /// API version, kind and plural.
    pub const fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::ConfigMap => ("v1", "ConfigMap", "configmaps"),
            Self::Service => ("v1", "Service", "services"),
            Self::Deployment => ("apps/v1", "Deployment", "deployments"),
        }
    }
}

/// The next write.
pub fn write(rng: &mut StdRng, kind: Kind) -> Write {
    let manager = MANAGERS.choose(rng).copied().unwrap_or(MANAGERS[0]);
    let how = match rng.gen_range(0..20) {
        0..=10 => How::Apply { force: rng.gen_bool(0.4) },
        11..=13 => How::Merge,
        14..=16 => How::Strategic,
        17..=18 => How::Replace,
        _ => How::Delete,
    };
    let whole = matches!(how, How::Replace);
    let mut body = match kind {
        Kind::ConfigMap => config_map(rng),
        Kind::Service => service(rng, whole),
        Kind::Deployment => deployment(rng, whole),
    };
    let (version, word, _) = kind.words();
    body["apiVersion"] = json!(version);
    body["kind"] = json!(word);
    let metadata = &mut body["metadata"];
    metadata["name"] = json!("one");
    if let Some(labels) = map(rng, "l") {
        metadata["labels"] = labels;
    }
    if let Some(annotations) = map(rng, "n") {
        metadata["annotations"] = annotations;
    }
    if matches!(how, How::Merge | How::Strategic) && rng.gen_bool(0.4) {
        let key = ["labels", "annotations"].choose(rng).copied().unwrap_or("labels");
        body["metadata"][key] = json!({ "la": null, "nb": null });
    }
    Write { kind, manager, how, body }
}

/// A map of a few keys and values; often none.
fn map(rng: &mut StdRng, prefix: &str) -> Option<Value> {
    if rng.gen_bool(0.5) {
        return None;
    }
    let mut map = Map::new();
    for _ in 0..rng.gen_range(0..4) {
        let key = ["a", "b", "c"].choose(rng).copied().unwrap_or("a");
        map.insert(format!("{prefix}{key}"), json!(rng.gen_range(0..3).to_string()));
    }
    Some(Value::Object(map))
}

fn some_of(rng: &mut StdRng, all: &[Value]) -> Vec<Value> {
    all.iter().filter(|_| rng.gen_bool(0.5)).cloned().collect()
}

fn config_map(rng: &mut StdRng) -> Value {
    let mut body = json!({ "metadata": {} });
    if let Some(data) = map(rng, "") {
        body["data"] = data;
    }
    body
}

fn service(rng: &mut StdRng, whole: bool) -> Value {
    let target = 8_080 + rng.gen_range(0..2);
    let all = [
        json!({ "name": "web", "port": 80, "targetPort": target }),
        json!({ "name": "tls", "port": 443, "protocol": "TCP" }),
        json!({ "name": "dns", "port": 53, "protocol": "UDP" }),
        json!({ "name": "dns-tcp", "port": 53, "protocol": "TCP" }),
    ];
    let mut ports = some_of(rng, &all);
    if ports.is_empty() && whole {
        ports.push(all[0].clone());
    }
    let mut spec = json!({});
    if !ports.is_empty() {
        spec["ports"] = json!(ports);
    }
    if let Some(selector) = map(rng, "s") {
        spec["selector"] = selector;
    }
    if rng.gen_bool(0.3) {
        let affinity = ["None", "ClientIP"].choose(rng).copied();
        spec["sessionAffinity"] = json!(affinity);
    }
    json!({ "metadata": {}, "spec": spec })
}

fn deployment(rng: &mut StdRng, whole: bool) -> Value {
    let mut pod = json!({});
    let mut containers = Vec::new();
    for name in ["main", "side"] {
        if (whole && name == "main") || rng.gen_bool(0.7) {
            containers.push(container(rng, name, whole));
        }
    }
    if !containers.is_empty() {
        pod["containers"] = json!(containers);
    }
    if let Some(selector) = map(rng, "n") {
        pod["nodeSelector"] = selector;
    }
    if rng.gen_bool(0.3) {
        let all = [
            json!({ "key": "gpu", "operator": "Exists" }),
            json!({ "key": "x", "operator": "Equal", "value": "1", "effect": "NoSchedule" }),
        ];
        pod["tolerations"] = json!(some_of(rng, &all));
    }
    if rng.gen_bool(0.3) {
        pod["terminationGracePeriodSeconds"] = json!(10 * rng.gen_range(1..4));
    }
    if rng.gen_bool(0.3) {
        let all = [
            json!({ "name": "scratch", "emptyDir": { "sizeLimit": "1Gi" } }),
            json!({ "name": "settings", "configMap": { "name": "one" } }),
        ];
        pod["volumes"] = json!(some_of(rng, &all));
    }
    // The controller of a paused deployment annotates nothing at moments of its own.
    let mut spec = json!({
        "paused": true,
        "template": { "metadata": { "labels": { "app": "one" } }, "spec": pod },
    });
    if whole || rng.gen_bool(0.7) {
        spec["selector"] = json!({ "matchLabels": { "app": "one" } });
    }
    if whole || rng.gen_bool(0.6) {
        spec["replicas"] = json!(0);
        spec["minReadySeconds"] = json!(rng.gen_range(0..3));
    }
    if rng.gen_bool(0.3) {
        spec["strategy"] = json!({
            "type": "RollingUpdate", "rollingUpdate": { "maxSurge": rng.gen_range(0..2) },
        });
    }
    json!({ "metadata": {}, "spec": spec })
}

fn container(rng: &mut StdRng, name: &str, whole: bool) -> Value {
    let mut container = json!({ "name": name });
    if whole || rng.gen_bool(0.8) {
        container["image"] = json!(format!("app:{}", rng.gen_range(1..4)));
    }
    if rng.gen_bool(0.5) {
        let variables: Vec<Value> = ["A", "B", "C"]
            .map(|name| json!({ "name": name, "value": rng.gen_range(0..3).to_string() }))
            .to_vec();
        container["env"] = json!(some_of(rng, &variables));
    }
    if rng.gen_bool(0.4) {
        let cpu = ["500m", "0.5", "1", "1000m"].choose(rng).copied();
        let memory = ["1Gi", "1024Mi", "512Mi"].choose(rng).copied();
        container["resources"] = json!({ "limits": { "cpu": cpu, "memory": memory } });
    }
    if rng.gen_bool(0.3) {
        container["command"] = json!(["serve", rng.gen_range(0..2).to_string()]);
    }
    if rng.gen_bool(0.4) {
        let all = [
            json!({ "containerPort": 80 }),
            json!({ "containerPort": 53, "protocol": "UDP" }),
            json!({ "containerPort": 443, "name": "tls", "protocol": "TCP" }),
        ];
        container["ports"] = json!(some_of(rng, &all));
    }
    if rng.gen_bool(0.3) {
        container["securityContext"] = json!({
            "allowPrivilegeEscalation": false,
            "capabilities": { "drop": ["ALL"] },
        });
    }
    container
}
