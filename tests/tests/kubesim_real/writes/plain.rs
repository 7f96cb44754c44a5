//! Objects of few fields: data, and limits of a namespace.

use rand::{Rng as _, rngs::StdRng};
use serde_json::{Value, json};

use super::{map, one_of, set, some_of};

pub fn config_map(rng: &mut StdRng) -> Value {
    let mut body = json!({ "metadata": {} });
    if let Some(data) = map(rng, "") {
        body["data"] = data;
    }
    set(rng, &mut body, 0.1, json!({ "binaryData": { "x": "MA==" } }));
    let finalizers = some_of(rng, &[json!("souk.test/a"), json!("souk.test/b")]);
    set(rng, &mut body["metadata"], 0.3, json!({ "finalizers": finalizers }));
    body
}

pub fn secret(rng: &mut StdRng) -> Value {
    let mut body = json!({ "metadata": {} });
    let encoded = ["MA==", "MQ=="];
    let (a, b) = (one_of(rng, &encoded), one_of(rng, &encoded));
    if rng.gen_bool(0.5) {
        body["data"] = json!({});
        set(rng, &mut body["data"], 0.5, json!({ "a": a, "b": b }));
    }
    if let Some(text) = map(rng, "").filter(|_| rng.gen_bool(0.4)) {
        body["stringData"] = text;
    }
    set(rng, &mut body, 0.2, json!({ "type": "Opaque" }));
    body
}

pub fn resource_quota(rng: &mut StdRng) -> Value {
    let cpu = one_of(rng, &[json!("2"), json!("2000m"), json!(2), json!("2.0")]);
    let memory = one_of(rng, &["1Gi", "1024Mi", "1073741824"]);
    // One limit is always owned, or it would be for the quota controller's pace to say whether the
    // object has owners at all.
    let mut spec = json!({ "hard": { "pods": "1k" } });
    set(
        rng,
        &mut spec["hard"],
        0.5,
        json!({
            "limits.cpu": cpu, "requests.memory": memory, "count/secrets": 5,
        }),
    );
    json!({ "metadata": {}, "spec": spec })
}

pub fn limit_range(rng: &mut StdRng) -> Value {
    let mut limits = Vec::new();
    for kind in ["Container", "Pod"] {
        let mut limit = json!({ "type": kind });
        // All in canonical form, for the reason that the templates of claims give.
        let most = one_of(rng, &["1", "1500m"]);
        set(
            rng,
            &mut limit,
            0.5,
            json!({
                "max": { "cpu": most }, "min": { "cpu": "100m" }, "maxLimitRequestRatio": { "cpu": "2" },
            }),
        );
        if kind == "Container" {
            set(
                rng,
                &mut limit,
                0.3,
                json!({
                    "default": { "cpu": "500m", "memory": "1Gi" }, "defaultRequest": { "cpu": "200m" },
                }),
            );
        }
        limits.push(limit);
    }
    // At least one, since no limits are written as null.
    if rng.gen_bool(0.5) {
        limits.remove(rng.gen_range(0..2));
    }
    json!({ "metadata": {}, "spec": { "limits": limits } })
}

pub fn service_account(rng: &mut StdRng) -> Value {
    let mut body = json!({ "metadata": {} });
    let secrets = some_of(rng, &[json!({ "name": "a" }), json!({ "name": "b" })]);
    set(
        rng,
        &mut body,
        0.4,
        json!({
            "secrets": secrets, "imagePullSecrets": secrets, "automountServiceAccountToken": false,
        }),
    );
    body
}
