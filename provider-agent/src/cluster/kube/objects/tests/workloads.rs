//! Replicas, volumes, GPUs and what bounds them.

use serde_json::{Value, json};

use super::{Kind, Lease};

#[test]
fn a_volume_that_outlives_pods_is_a_claim_of_its_own_that_a_stateful_set_mounts() {
    let lease = Lease::new();
    let claims = lease.objects().into_iter().filter(|one| one.kind == Kind::PersistentVolumeClaim);
    let claims: Vec<_> = claims.collect();
    assert_eq!(claims.len(), 1);
    let claim = lease.object(Kind::PersistentVolumeClaim, &claims[0].name);
    assert_eq!(claim["spec"]["storageClassName"], "fast-ssd");
    assert_eq!(claim["spec"]["resources"]["requests"]["storage"], (10u64 << 30).to_string());
    let label = |name: &str| claim["metadata"]["labels"][format!("souk.market/{name}")].clone();
    let labels = ["replica", "volume", "service", "class"].map(label);
    assert_eq!(labels, ["db", "data", "db", "beta2"].map(Value::from));
    let db = lease.object(Kind::StatefulSet, "db");
    assert_eq!(db["spec"]["volumeClaimTemplates"], Value::Null);
    let pod = &db["spec"]["template"]["spec"];
    let source = json!({ "claimName": claims[0].name });
    let volume = json!({ "name": "data", "persistentVolumeClaim": source });
    assert!(pod["volumes"].as_array().unwrap().contains(&volume), "{}", pod["volumes"]);
    let mounts = pod["containers"][0]["volumeMounts"].as_array().unwrap().iter();
    let mut paths: Vec<&str> = mounts.map(|one| one["mountPath"].as_str().unwrap()).collect();
    paths.sort_unstable();
    assert_eq!(paths, ["/scratch", "/var/lib/data"]);
    for stateless in ["web", "train"] {
        lease.object(Kind::Deployment, stateless);
    }
}

#[test]
fn nothing_immutable_of_a_replica_changes_with_its_services_name() {
    let mut lease = Lease::new();
    let before = lease.object(Kind::StatefulSet, "db");
    lease.claims = lease.objects().iter().filter_map(as_made).collect();
    let db = lease.group.services.iter_mut().find(|service| service.name == "db").unwrap();
    db.name = "store".into();
    let after = lease.object(Kind::StatefulSet, "db");
    let fixed = |set: &Value| {
        ["serviceName", "selector", "podManagementPolicy"].map(|key| set["spec"][key].clone())
    };
    assert_eq!(fixed(&after), fixed(&before));
    let labels = &after["spec"]["template"]["metadata"]["labels"];
    assert_eq!(labels["souk.market/service"], "store");
    let selector = after["spec"]["selector"]["matchLabels"].as_object().unwrap();
    assert!(selector.iter().all(|(key, value)| labels[key] == *value), "{labels}");
    let volumes = |set: &Value| set["spec"]["template"]["spec"]["volumes"].clone();
    assert_eq!(volumes(&after), volumes(&before));
}

/// A claim as the cluster has it after it was applied.
fn as_made(object: &super::Object) -> Option<super::Claim> {
    if object.kind != Kind::PersistentVolumeClaim {
        return None;
    }
    let label = |wanted: &str| {
        let found = object.labels.iter().find(|(key, _)| *key == format!("souk.market/{wanted}"));
        found.map(|(_, value)| value.as_str().into())
    };
    let spec = &object.body["spec"];
    Some(super::Claim {
        name: object.name.as_str().into(),
        replica: label("replica"),
        pool: label("pool"),
        volume: label("volume"),
        class: label("class"),
        service: object.service.as_deref().map(Into::into),
        storage_class: spec["storageClassName"].as_str().map(Into::into),
        size: spec["resources"]["requests"]["storage"].as_str()?.parse().ok()?,
        created: None,
    })
}

#[test]
fn a_volume_in_memory_counts_as_memory_and_not_as_disk() {
    let lease = Lease::new();
    let pod = lease.template("db")["spec"].clone();
    let size = (64u64 << 20).to_string();
    let scratch = json!({ "medium": "Memory", "sizeLimit": size });
    assert_eq!(pod["volumes"][0], json!({ "name": "scratch", "emptyDir": scratch }));
    let limits = &pod["containers"][0]["resources"]["limits"];
    assert_eq!(limits["memory"], ((1u64 << 30) + (64 << 20)).to_string());
    assert_eq!(limits["ephemeral-storage"], (2u64 << 30).to_string());
}

#[test]
fn the_quota_is_the_sum_of_what_was_paid_for() {
    let quota = Lease::new().object(Kind::ResourceQuota, "lease");
    let (mi, gi) = (1u64 << 20, 1u64 << 30);
    let memory = 3 * 256 * mi + (gi + 64 * mi) + 2 * 8 * gi;
    assert_eq!(
        quota["spec"]["hard"],
        json!({
            "pods": "6",
            "limits.cpu": "10500m",
            "limits.memory": memory.to_string(),
            "limits.ephemeral-storage": (3 * gi + 2 * gi + 2 * 4 * gi).to_string(),
            "persistentvolumeclaims": "1",
            "requests.storage": (10 * gi).to_string(),
            "requests.nvidia.com/gpu": "4",
            "services.nodeports": "1",
            "services.loadbalancers": "0",
            "services": "200",
            "secrets": "200",
            "count/deployments.apps": "100",
            "count/statefulsets.apps": "100",
            "count/ingresses.networking.k8s.io": "202",
        })
    );
}

#[test]
fn a_suspended_lease_has_no_replicas_and_keeps_everything_else() {
    let (mut lease, running) = (Lease::new(), Lease::new().objects());
    lease.running = false;
    let suspended = lease.objects();
    assert_eq!(suspended.len(), running.len());
    for (before, after) in running.iter().zip(&suspended) {
        let mut expected = before.clone();
        if matches!(before.kind, Kind::Deployment | Kind::StatefulSet) {
            assert_eq!(after.body["spec"]["replicas"], 0, "{}", after.name);
            expected.body["spec"]["replicas"] = json!(0);
        }
        assert_eq!(*after, expected, "{:?} {}", after.kind, after.name);
    }
}

#[test]
fn replicas_are_as_ordered_and_never_more_for_an_update() {
    let lease = Lease::new();
    for (kind, name, replicas) in
        [(Kind::Deployment, "web", 3), (Kind::StatefulSet, "db", 1), (Kind::Deployment, "train", 2)]
    {
        let workload = lease.object(kind, name);
        assert_eq!(workload["spec"]["replicas"], replicas, "{name}");
        if kind == Kind::Deployment {
            assert_eq!(workload["spec"]["strategy"]["rollingUpdate"]["maxSurge"], 0, "{name}");
        }
    }
}

#[test]
fn a_gpu_is_of_the_model_that_was_offered() {
    let lease = Lease::new();
    let pod = lease.template("train")["spec"].clone();
    let resources = &pod["containers"][0]["resources"];
    assert_eq!(resources["limits"]["nvidia.com/gpu"], "2");
    assert_eq!(resources["requests"]["nvidia.com/gpu"], "2");
    // What was set aside when the bid was made, not all that it may use.
    assert_eq!(resources["limits"]["cpu"], "4000m");
    assert_eq!(resources["requests"]["cpu"], "2000m");
    let terms = &pod["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
        ["nodeSelectorTerms"];
    assert_eq!(terms[0]["matchExpressions"][0]["values"], json!(["NVIDIA-H100-80GB-HBM3"]));
    // Nodes with the same product whose devices are shares are none that were offered.
    assert_eq!(
        terms[0]["matchExpressions"][1],
        json!({"key": "nvidia.com/gpu.sharing-strategy", "operator": "NotIn",
            "values": ["mps", "time-slicing"]})
    );
    // The node that was reserved is preferred, so that pods lie as densely as was planned.
    let wishes =
        &pod["affinity"]["nodeAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"];
    let node = &lease.placements[0].node;
    assert_eq!(wishes[0]["preference"]["matchFields"][0]["values"], json!([node]));
    for other in ["web", "db"] {
        let pod = lease.template(other)["spec"].clone();
        assert_eq!(pod["affinity"], Value::Null, "{other}");
        let limits = &pod["containers"][0]["resources"]["limits"];
        assert_eq!(limits["nvidia.com/gpu"], Value::Null, "{other}");
    }
}

#[test]
fn each_replica_with_volumes_is_a_stateful_set_whose_pods_kubernetes_runs() {
    let mut lease = Lease::new();
    let db = lease.group.services.iter_mut().find(|service| service.name == "db").unwrap();
    db.count = 12;
    db.name = format!("{}-db", "a".repeat(58));
    let objects = lease.objects();
    let sets: Vec<_> = objects.iter().filter(|one| one.kind == Kind::StatefulSet).collect();
    assert_eq!(sets.len(), 12);
    for set in sets {
        assert_eq!(set.body["spec"]["replicas"], 1);
        // A label of the pod is this name, `-` and a hash of ten characters.
        assert!(set.name.len() <= 52, "{}", set.name);
    }
    let claims = objects.iter().filter(|one| one.kind == Kind::PersistentVolumeClaim);
    assert_eq!(claims.count(), 12);
}

#[test]
fn pods_run_on_the_providers_own_nodes_of_the_tenants_architecture() {
    let mut lease = Lease::new();
    assert_eq!(lease.template("web")["spec"]["nodeSelector"], serde_json::Value::Null);
    lease.cluster.node_selector = [("example.com/market".to_owned(), "souk".to_owned())].into();
    let db = lease.group.services.iter_mut().find(|service| service.name == "db").unwrap();
    let arch = souk_sdl::Attribute { key: "arch".into(), value: "arm64".into() };
    db.resources.cpu.attributes.push(arch);
    for (service, expected) in [
        ("web", json!({ "example.com/market": "souk" })),
        ("db", json!({ "example.com/market": "souk", "kubernetes.io/arch": "arm64" })),
    ] {
        assert_eq!(lease.template(service)["spec"]["nodeSelector"], expected, "{service}");
    }
}

#[test]
fn images_are_pulled_when_the_provider_says() {
    let mut lease = Lease::new();
    let policy =
        |lease: &Lease| lease.template("web")["spec"]["containers"][0]["imagePullPolicy"].clone();
    assert_eq!(policy(&lease), "Always");
    lease.cluster.image_pull_policy = crate::config::ImagePullPolicy::Never;
    assert_eq!(policy(&lease), "Never");
}
