//! What is refused, with reasons that a person can act on.

use k8s_openapi::api::{
    apps::v1::{Deployment, ReplicaSet, StatefulSet},
    core::v1::{ConfigMap, LimitRange, Pod, ResourceQuota, Service},
    networking::v1::{Ingress, NetworkPolicy},
};
use kube::api::{ListParams, Patch, PatchParams};
use serde_json::{Value, json};

use crate::support::{
    Fixture, condition, deployment, eventually, new_namespace, pod, push, raw, refusal, until,
};

/// Fields that a refusal names.
fn fields<T: std::fmt::Debug>(result: kube::Result<T>) -> Vec<String> {
    let status = refusal(result);
    assert_eq!((status.code, status.reason.as_str()), (422, "Invalid"), "{}", status.message);
    status.details.unwrap().causes.into_iter().map(|c| c.field).collect()
}

#[tokio::test]
async fn an_invalid_pod_is_refused_by_the_names_of_its_fields() {
    let f = Fixture::new().await;
    f.ready_for_pods().await;
    type Spoil = fn(&mut Value);
    let table: [(Spoil, &str); 12] = [
        (|p| p["spec"]["containers"][0]["image"] = json!(""), "spec.containers[0].image"),
        (|p| p["spec"]["containers"][0]["name"] = json!("No_Name"), "spec.containers[0].name"),
        (|p| p["spec"]["containers"] = json!([]), "spec.containers"),
        (
            |p| {
                let same = p["spec"]["containers"][0].clone();
                push(&mut p["spec"]["containers"], same);
            },
            "spec.containers[1].name",
        ),
        (
            |p| p["spec"]["containers"][0]["ports"] = json!([{"containerPort": 70000}]),
            "spec.containers[0].ports[0].containerPort",
        ),
        (
            |p| {
                p["spec"]["containers"][0]["volumeMounts"] =
                    json!([{"name": "none", "mountPath": "/x"}])
            },
            "spec.containers[0].volumeMounts[0].name",
        ),
        (
            |p| {
                p["spec"]["containers"][0]["resources"] =
                    json!({"requests": {"cpu": "2"}, "limits": {"cpu": "1"}})
            },
            "spec.containers[0].resources.requests",
        ),
        (
            |p| {
                p["spec"]["containers"][0]["resources"] =
                    json!({"requests": {"nvidia.com/gpu": "1"}})
            },
            "spec.containers[0].resources.limits",
        ),
        (|p| p["metadata"]["labels"] = json!({"a b": "c"}), "metadata.labels"),
        (|p| p["spec"]["restartPolicy"] = json!("Sometimes"), "spec.restartPolicy"),
        (
            |p| p["spec"]["containers"][0]["readinessProbe"] = json!({"periodSeconds": 5}),
            "spec.containers[0].readinessProbe",
        ),
        (
            |p| {
                let probe = json!({"exec": {"command": ["true"]}});
                p["spec"]["initContainers"] =
                    json!([{"name": "first", "image": "app:1", "livenessProbe": probe}]);
            },
            "spec.initContainers[0].livenessProbe",
        ),
    ];
    for (spoil, field) in table {
        let mut body = pod("p", "app:1");
        spoil(&mut body);
        let found = fields(f.create::<Pod>(body).await);
        assert!(found.iter().any(|x| x == field), "{field} not in {found:?}");
    }
}

#[tokio::test]
async fn a_selector_must_match_its_template_and_stays() {
    let f = Fixture::new().await;
    let mut body = deployment("web", 0, "app:1");
    body["spec"]["template"]["metadata"]["labels"] = json!({"app": "other"});
    let found = fields(f.create::<Deployment>(body).await);
    assert_eq!(found, ["spec.template.metadata.labels"]);
    f.create::<Deployment>(deployment("web", 0, "app:1")).await.unwrap();
    let patch = Patch::Merge(json!({"spec": {
        "selector": {"matchLabels": {"b": "1"}}, "template": {"metadata": {"labels": {"b": "1"}}},
    }}));
    let found = fields(f.api::<Deployment>().patch("web", &PatchParams::default(), &patch).await);
    assert_eq!(found, ["spec.selector"]);
}

#[tokio::test]
async fn other_kinds_are_checked_too() {
    let f = Fixture::new().await;
    let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web_1"}, "spec": {"ports": [{"port": 80}]}});
    let found = fields(f.create::<Service>(service).await);
    assert_eq!(found, ["metadata.name"]);
    let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {"ports": [{"port": 80}, {"port": 81}]}});
    let found = fields(f.create::<Service>(service).await);
    assert_eq!(found, ["spec.ports[0].name", "spec.ports[1].name"]);
    let ingress = json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "web"},
        "spec": {"rules": [{"host": "Bad_Host", "http": {"paths": [{"path": "/", "backend": {"service": {"name": "web", "port": {"number": 80}}}}]}}]},
    });
    let found = fields(f.create::<Ingress>(ingress).await);
    assert_eq!(found, ["spec.rules[0].host", "spec.rules[0].http.paths[0].pathType"]);
    let policy = json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "web"},
        "spec": {"podSelector": {}, "egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["192.168.0.0/16"]}}]}]},
    });
    let found = fields(f.create::<NetworkPolicy>(policy).await);
    assert_eq!(found, ["spec.egress[0].to[0].ipBlock.except[0]"]);
    let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "m"}, "data": {"a/b": "1"}});
    let found = fields(f.create::<ConfigMap>(map).await);
    assert_eq!(found, ["data[a/b]"]);
}

#[tokio::test]
async fn a_wrong_type_is_a_bad_request() {
    let f = Fixture::new().await;
    let mut body = deployment("web", 0, "app:1");
    body["spec"]["minReadySeconds"] = json!(0);
    f.create::<Deployment>(body).await.unwrap();
    let patch = Patch::Merge(json!({"spec": {"minReadySeconds": "soon"}}));
    let status = refusal(f.api::<Deployment>().patch("web", &PatchParams::default(), &patch).await);
    assert!(matches!(status.code, 400 | 422), "{status:?}");
}

#[tokio::test]
async fn a_stateful_set_is_checked_and_keeps_its_claim_templates() {
    let f = Fixture::new().await;
    let body = |size: &str| {
        json!({
            "apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "db"},
            "spec": {
                "replicas": 0, "serviceName": "db", "selector": {"matchLabels": {"app": "db"}},
                "template": {"metadata": {"labels": {"app": "db"}}, "spec": {"containers": [{"name": "db", "image": "db:1", "volumeMounts": [{"name": "data", "mountPath": "/data"}]}]}},
                "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}}}],
            },
        })
    };
    let mut torn = body("1Gi");
    torn["spec"]["updateStrategy"] = json!({"type": "OnDelete", "rollingUpdate": {"partition": 1}});
    let found = fields(f.create::<StatefulSet>(torn).await);
    assert_eq!(found, ["spec.updateStrategy.rollingUpdate"]);
    f.apply::<StatefulSet>("agent", body("1Gi")).await.unwrap();
    f.apply::<StatefulSet>("agent", body("1024Mi")).await.unwrap();
    assert_eq!(fields(f.apply::<StatefulSet>("agent", body("2Gi")).await), ["spec"]);
}

fn quota(hard: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "q"}, "spec": {"hard": hard}})
}

async fn with_quota(hard: Value) -> Fixture {
    let f = Fixture::new().await;
    f.ready_for_pods().await;
    f.create::<ResourceQuota>(quota(hard)).await.unwrap();
    until(&f.api::<ResourceQuota>(), "q", "the quota's count", |q| q["status"]["used"].is_object())
        .await;
    f
}

#[tokio::test]
async fn a_quota_stops_what_exceeds_it() {
    let f = with_quota(json!({"requests.cpu": "1", "pods": "5"})).await;
    let ask = |name: &str, cpu: &str| {
        let mut body = pod(name, "app:1");
        body["spec"]["containers"][0]["resources"] = json!({"requests": {"cpu": cpu}});
        body
    };
    f.create::<Pod>(ask("a", "600m")).await.unwrap();
    let status = refusal(f.create::<Pod>(ask("b", "600m")).await);
    assert_eq!((status.code, status.reason.as_str()), (403, "Forbidden"));
    let expected = "exceeded quota: q, requested: requests.cpu=600m, used: requests.cpu=600m, limited: requests.cpu=1";
    assert!(status.message.contains(expected), "{}", status.message);
    f.create::<Pod>(ask("c", "400m")).await.unwrap();
    until(&f.api::<ResourceQuota>(), "q", "the count", |q| {
        q["status"]["used"]["requests.cpu"] == "1"
    })
    .await;
    let status = refusal(f.create::<Pod>(pod("d", "app:1")).await);
    assert!(status.message.contains("must specify requests.cpu for: main"), "{}", status.message);
}

#[tokio::test]
async fn a_workload_says_when_a_quota_stops_its_pods() {
    let f = with_quota(json!({"pods": "1"})).await;
    f.create::<Deployment>(deployment("web", 2, "app:1")).await.unwrap();
    let sets = f.api::<ReplicaSet>();
    let set = eventually("the failure of the set", || async {
        let all = sets.list(&ListParams::default()).await.unwrap().items;
        all.iter().map(raw).find(|s| condition(s, "ReplicaFailure")["status"] == "True")
    })
    .await;
    let message = condition(&set, "ReplicaFailure")["message"].as_str().unwrap();
    assert!(message.contains("exceeded quota: q"), "{message}");
    until(&f.api::<Deployment>(), "web", "the failure of the deployment", |d| {
        condition(d, "ReplicaFailure")["reason"] == "FailedCreate"
    })
    .await;
}

#[tokio::test]
async fn a_limit_range_fills_in_and_forbids() {
    let f = Fixture::new().await;
    f.ready_for_pods().await;
    f.create::<LimitRange>(json!({
        "apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "l"},
        "spec": {"limits": [{
            "type": "Container",
            "default": {"cpu": "500m"}, "defaultRequest": {"cpu": "100m"}, "max": {"cpu": "2"},
        }]},
    }))
    .await
    .unwrap();
    let filled = eventually("defaults of the limit range", || async {
        let name = format!("p{}", rand_suffix());
        let made = raw(&f.create::<Pod>(pod(&name, "app:1")).await.unwrap());
        let resources = made["spec"]["containers"][0]["resources"].clone();
        resources["limits"].is_object().then_some(resources)
    })
    .await;
    assert_eq!(filled, json!({"limits": {"cpu": "500m"}, "requests": {"cpu": "100m"}}));
    let mut body = pod("big", "app:1");
    body["spec"]["containers"][0]["resources"] = json!({"limits": {"cpu": "3"}});
    let status = refusal(f.create::<Pod>(body).await);
    assert_eq!(status.code, 403);
    assert!(
        status.message.contains("maximum cpu usage per Container is 2, but limit is 3"),
        "{}",
        status.message
    );
}

fn rand_suffix() -> u128 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos()
}

#[tokio::test]
async fn pod_security_is_enforced_by_the_label_of_the_namespace() {
    let mut f = Fixture::new().await;
    for (level, spoil, word) in [
        ("baseline", json!({"hostNetwork": true}), "host namespaces"),
        ("baseline", json!({"volumes": [{"name": "v", "hostPath": {"path": "/"}}]}), "hostPath"),
        ("restricted", json!({}), "allowPrivilegeEscalation != false"),
    ] {
        let labels = json!({"pod-security.kubernetes.io/enforce": level});
        f.namespace = new_namespace(&f.client, labels).await;
        f.ready_for_pods().await;
        let mut body = pod("p", "app:1");
        for (field, value) in spoil.as_object().unwrap() {
            body["spec"][field] = value.clone();
        }
        let status = refusal(f.create::<Pod>(body).await);
        assert_eq!(status.code, 403);
        let start = format!("violates PodSecurity \"{level}:latest\"");
        assert!(
            status.message.contains(&start) && status.message.contains(word),
            "{}",
            status.message
        );
    }
    // The last namespace is restricted: a pod that keeps the rules gets in.
    let mut body = pod("good", "app:1");
    body["spec"]["securityContext"] =
        json!({"runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"}});
    body["spec"]["containers"][0]["securityContext"] =
        json!({"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}});
    f.create::<Pod>(body).await.unwrap();
}

#[tokio::test]
async fn the_capabilities_of_ordinary_images_are_baseline() {
    let mut f = Fixture::new().await;
    f.namespace =
        new_namespace(&f.client, json!({"pod-security.kubernetes.io/enforce": "baseline"})).await;
    f.ready_for_pods().await;
    let mut body = pod("p", "app:1");
    body["spec"]["containers"][0]["securityContext"] = json!({
        "allowPrivilegeEscalation": false,
        "seccompProfile": {"type": "RuntimeDefault"},
        "capabilities": {
            "drop": ["ALL"],
            "add": ["CHOWN", "DAC_OVERRIDE", "FOWNER", "SETUID", "SETGID", "KILL", "NET_BIND_SERVICE"],
        },
    });
    f.create::<Pod>(body.clone()).await.unwrap();
    body["metadata"]["name"] = json!("q");
    body["spec"]["containers"][0]["securityContext"]["capabilities"]["add"] = json!(["NET_ADMIN"]);
    let status = refusal(f.create::<Pod>(body).await);
    assert!(status.message.contains("non-default capabilities"), "{}", status.message);
}

#[tokio::test]
async fn a_pod_needs_its_service_account_and_runtime_class() {
    let f = Fixture::new().await;
    f.ready_for_pods().await;
    let mut body = pod("p", "app:1");
    body["spec"]["serviceAccountName"] = json!("nobody");
    let status = refusal(f.create::<Pod>(body).await);
    assert_eq!(status.code, 403);
    assert!(status.message.contains("serviceaccount \"nobody\" not found"), "{}", status.message);
    let mut body = pod("p", "app:1");
    body["spec"]["runtimeClassName"] = json!("none");
    let status = refusal(f.create::<Pod>(body).await);
    assert_eq!(status.code, 403);
    assert!(status.message.contains("RuntimeClass \"none\" not found"), "{}", status.message);
}
