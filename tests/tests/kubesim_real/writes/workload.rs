//! Workloads. None has replicas if it says so, and no controller writes outside of status.

use rand::{Rng as _, rngs::StdRng};
use serde_json::{Value, json};

use super::{one_of, pod, set};

pub fn deployment(rng: &mut StdRng, whole: bool) -> Value {
    let mut spec = workload(rng, whole);
    // The controller of a paused deployment annotates nothing at moments of its own.
    spec["paused"] = json!(true);
    let surge = one_of(rng, &[json!(0), json!(1), json!("25%")]);
    if rng.gen_bool(0.3) {
        spec["strategy"] = one_of(
            rng,
            &[
                json!({ "type": "RollingUpdate", "rollingUpdate": { "maxSurge": surge } }),
                json!({ "rollingUpdate": { "maxUnavailable": surge } }),
                json!({ "type": "Recreate" }),
            ],
        );
    }
    json!({ "metadata": {}, "spec": spec })
}

pub fn stateful_set(rng: &mut StdRng, whole: bool) -> Value {
    let mut spec = workload(rng, whole);
    if whole || rng.gen_bool(0.7) {
        spec["serviceName"] = json!("one");
    }
    if rng.gen_bool(0.3) {
        spec["updateStrategy"] = one_of(
            rng,
            &[
                json!({ "type": "OnDelete" }),
                json!({ "type": "RollingUpdate", "rollingUpdate": { "partition": 1 } }),
            ],
        );
    }
    if whole || rng.gen_bool(0.8) {
        // In an atomic list the API server compares what it has in memory: there an equal quantity in
        // other words is a change of owner, and so is an empty list for none.
        let size = one_of(rng, &["1Gi", "2Gi"]);
        spec["volumeClaimTemplates"] = json!([{
            "metadata": { "name": "data" },
            "spec": {
                "accessModes": ["ReadWriteOnce"],
                "resources": { "requests": { "storage": size } },
            },
        }]);
    }
    set(rng, &mut spec, 0.05, json!({ "podManagementPolicy": "Parallel" }));
    json!({ "metadata": {}, "spec": spec })
}

fn workload(rng: &mut StdRng, whole: bool) -> Value {
    let mut spec = json!({
        "template": {
            "metadata": { "labels": { "app": "one" } },
            "spec": pod::spec(rng, whole),
        },
    });
    if whole || rng.gen_bool(0.8) {
        spec["selector"] = json!({ "matchLabels": { "app": "one" } });
    }
    if whole || rng.gen_bool(0.6) {
        spec["replicas"] = json!(0);
        spec["minReadySeconds"] = json!(rng.gen_range(0..3));
    }
    set(rng, &mut spec, 0.1, json!({ "revisionHistoryLimit": 3 }));
    spec
}
