//! Random writes: small objects of few fields and values, so that managers meet often.

mod network;
mod plain;
mod pod;
mod workload;

use std::fmt;

use rand::{Rng as _, rngs::StdRng, seq::SliceRandom as _};
use serde_json::{Map, Value, json};

/// Who writes.
pub const MANAGERS: [&str; 4] = ["agent", "injector", "editor", "scaler"];

/// What is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    ConfigMap,
    Secret,
    Service,
    Deployment,
    StatefulSet,
    Ingress,
    NetworkPolicy,
    ResourceQuota,
    LimitRange,
    ServiceAccount,
}

/// How it is written.
#[derive(Clone, Debug)]
pub enum How {
    Apply { force: bool },
    Merge,
    Strategic,
    Json,
    Create,
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

impl fmt::Display for Write {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {:?} {}", self.manager, self.how, self.body)
    }
}

impl Kind {
    pub const ALL: [Self; 10] = [
        Self::ConfigMap,
        Self::Secret,
        Self::Service,
        Self::Deployment,
        Self::StatefulSet,
        Self::Ingress,
        Self::NetworkPolicy,
        Self::ResourceQuota,
        Self::LimitRange,
        Self::ServiceAccount,
    ];

    /// API version, kind and plural.
    pub const fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::ConfigMap => ("v1", "ConfigMap", "configmaps"),
            Self::Secret => ("v1", "Secret", "secrets"),
            Self::Service => ("v1", "Service", "services"),
            Self::Deployment => ("apps/v1", "Deployment", "deployments"),
            Self::StatefulSet => ("apps/v1", "StatefulSet", "statefulsets"),
            Self::Ingress => ("networking.k8s.io/v1", "Ingress", "ingresses"),
            Self::NetworkPolicy => ("networking.k8s.io/v1", "NetworkPolicy", "networkpolicies"),
            Self::ResourceQuota => ("v1", "ResourceQuota", "resourcequotas"),
            Self::LimitRange => ("v1", "LimitRange", "limitranges"),
            Self::ServiceAccount => ("v1", "ServiceAccount", "serviceaccounts"),
        }
    }
}

/// The next write.
pub fn write(rng: &mut StdRng, kind: Kind) -> Write {
    let manager = one_of(rng, &MANAGERS);
    let how = match rng.gen_range(0..24) {
        0..=11 => How::Apply { force: rng.gen_bool(0.6) },
        12..=14 => How::Merge,
        15..=17 => How::Strategic,
        18..=19 => How::Replace,
        20 => How::Create,
        21..=22 => How::Json,
        _ => How::Delete,
    };
    if matches!(how, How::Json) {
        return Write { kind, manager, how, body: operations(rng) };
    }
    // Whether it has to be an object of its own.
    let whole = matches!(how, How::Replace | How::Create);
    let mut body = match kind {
        Kind::ConfigMap => plain::config_map(rng),
        Kind::Secret => plain::secret(rng),
        Kind::Service => network::service(rng, whole),
        Kind::Deployment => workload::deployment(rng, whole),
        Kind::StatefulSet => workload::stateful_set(rng, whole),
        Kind::Ingress => network::ingress(rng, whole),
        Kind::NetworkPolicy => network::policy(rng),
        Kind::ResourceQuota => plain::resource_quota(rng),
        Kind::LimitRange => plain::limit_range(rng),
        Kind::ServiceAccount => plain::service_account(rng),
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
        let key = one_of(rng, &["labels", "annotations"]);
        metadata[key] = json!({ "la": null, "nb": null });
    }
    if rng.gen_bool(0.1) {
        nothing(rng, &mut body);
    }
    Write { kind, manager, how, body }
}

/// Puts null for some field of the desired state, or of the object.
fn nothing(rng: &mut StdRng, body: &mut Value) {
    let place = if body["spec"].is_object() { &mut body["spec"] } else { body };
    let fields: Vec<String> = place.as_object().unwrap().keys().cloned().collect();
    let known = ["metadata", "apiVersion", "kind", "paused", "template", "limits", "hard"];
    let fields: Vec<String> = fields.into_iter().filter(|f| !known.contains(&&**f)).collect();
    if let Some(field) = fields.choose(rng) {
        place[field] = Value::Null;
    }
}

/// A JSON patch of the metadata.
fn operations(rng: &mut StdRng) -> Value {
    let value = rng.gen_range(0..3).to_string();
    let all = [
        json!([{ "op": "add", "path": "/metadata/labels", "value": { "la": value } }]),
        json!([{ "op": "add", "path": "/metadata/labels/lb", "value": value }]),
        json!([{ "op": "replace", "path": "/metadata/labels/la", "value": value }]),
        json!([{ "op": "remove", "path": "/metadata/annotations" }]),
        json!([
            { "op": "test", "path": "/metadata/annotations/na", "value": value },
            { "op": "copy", "from": "/metadata/annotations/na", "path": "/metadata/annotations/nc" },
        ]),
    ];
    one_of(rng, &all)
}

fn one_of<T: Clone>(rng: &mut StdRng, all: &[T]) -> T {
    all.choose(rng).unwrap().clone()
}

fn some_of(rng: &mut StdRng, all: &[Value]) -> Value {
    all.iter().filter(|_| rng.gen_bool(0.5)).cloned().collect()
}

/// A map of a few keys and values; often none.
fn map(rng: &mut StdRng, prefix: &str) -> Option<Value> {
    if rng.gen_bool(0.5) {
        return None;
    }
    let mut map = Map::new();
    for _ in 0..rng.gen_range(0..4) {
        let key = one_of(rng, &["a", "b", "c"]);
        map.insert(format!("{prefix}{key}"), json!(rng.gen_range(0..3).to_string()));
    }
    Some(Value::Object(map))
}

/// Sets some of these fields.
fn set(rng: &mut StdRng, object: &mut Value, chance: f64, fields: Value) {
    for (name, value) in fields.as_object().unwrap() {
        if rng.gen_bool(chance) {
            object[name] = value.clone();
        }
    }
}
