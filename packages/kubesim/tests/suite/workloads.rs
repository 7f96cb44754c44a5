//! Deployments and stateful sets to ready pods, and from one template to the next.

use futures::StreamExt;
use k8s_openapi::api::{
    apps::v1::{Deployment, ReplicaSet, StatefulSet},
    core::v1::Pod,
};
use kube::api::{ListParams, Patch, PatchParams, WatchEvent, WatchParams};
use serde_json::{Value, json};

use crate::support::{Fixture, condition, deployment, eventually, raw, until};

/// A deployment whose pods only use the given node.
fn placed(mut body: Value, node: &k8s_openapi::api::core::v1::Node) -> Value {
    let spec = &mut body["spec"]["template"]["spec"];
    spec["nodeSelector"] = json!({"test": node.metadata.name});
    spec["tolerations"] = json!([{"key": "test", "operator": "Exists"}]);
    body
}

async fn fixture() -> (Fixture, k8s_openapi::api::core::v1::Node) {
    let f = Fixture::new().await;
    f.ready_for_pods().await;
    let node =
        f.node("work", json!({"cpu": "64", "memory": "64Gi", "pods": "110"}), json!({})).await;
    (f, node)
}

#[tokio::test]
async fn a_deployment_becomes_available() {
    let (f, node) = fixture().await;
    f.apply::<Deployment>("agent", placed(deployment("web", 3, "app:1"), &node)).await.unwrap();
    let done = until(&f.api::<Deployment>(), "web", "availability", |d| {
        d["status"]["availableReplicas"] == 3
            && condition(d, "Progressing")["reason"] == "NewReplicaSetAvailable"
    })
    .await;
    let status = &done["status"];
    assert_eq!(status["observedGeneration"], done["metadata"]["generation"]);
    for field in ["replicas", "readyReplicas", "updatedReplicas"] {
        assert_eq!(status[field], 3, "{field}");
    }
    assert_eq!(condition(&done, "Available")["status"], "True");
    assert_eq!(done["metadata"]["annotations"]["deployment.kubernetes.io/revision"], "1");
    let pods = f.api::<Pod>().list(&ListParams::default().labels("app=web")).await.unwrap();
    assert_eq!(pods.items.len(), 3);
    for pod in pods {
        let pod = raw(&pod);
        assert_eq!(pod["spec"]["nodeName"], json!(node.metadata.name));
        assert_eq!(pod["status"]["phase"], "Running");
        assert!(pod["status"]["podIP"].is_string());
        assert_eq!(pod["status"]["containerStatuses"][0]["ready"], true);
        assert_eq!(pod["metadata"]["ownerReferences"][0]["kind"], "ReplicaSet");
    }
}

#[tokio::test]
async fn a_new_template_rolls_out_without_falling_below_the_least() {
    let (f, node) = fixture().await;
    let mut body = placed(deployment("web", 4, "app:1"), &node);
    body["spec"]["strategy"] =
        json!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 1}});
    let api = f.api::<Deployment>();
    f.apply::<Deployment>("agent", body.clone()).await.unwrap();
    let first = until(&api, "web", "availability", |d| d["status"]["availableReplicas"] == 4).await;
    let version = first["metadata"]["resourceVersion"].as_str().unwrap();
    let mut stream = api.watch(&WatchParams::default(), version).await.unwrap().boxed();
    body["spec"]["template"]["spec"]["containers"][0]["image"] = json!("app:2");
    f.apply::<Deployment>("agent", body).await.unwrap();
    loop {
        let WatchEvent::Modified(now) = stream.next().await.unwrap().unwrap() else { continue };
        let now = raw(&now);
        let count = |field: &str| now["status"][field].as_i64().unwrap_or(0);
        assert!(count("availableReplicas") >= 3, "{now:#}");
        // The status counts pods that are known to be gone a moment later.
        let sets = f.api::<ReplicaSet>().list(&ListParams::default()).await.unwrap().items;
        let wanted = sets.iter().filter_map(|set| set.spec.as_ref()?.replicas).sum::<i32>();
        assert!(wanted <= 5, "{wanted} pods are wanted");
        let seen = now["status"]["observedGeneration"] == now["metadata"]["generation"];
        if seen
            && now["metadata"]["generation"] == 2
            && count("updatedReplicas") == 4
            && count("replicas") == 4
            && count("availableReplicas") == 4
        {
            break;
        }
    }
    let pods = f.api::<Pod>();
    eventually("pods of the new template alone", || async {
        let all = pods.list(&ListParams::default()).await.unwrap().items;
        let new = |p: &Pod| raw(p)["spec"]["containers"][0]["image"] == "app:2";
        (all.len() == 4 && all.iter().all(new)).then_some(())
    })
    .await;
    assert_eq!(f.api::<ReplicaSet>().list(&ListParams::default()).await.unwrap().items.len(), 2);
}

#[tokio::test]
async fn scaling_to_nothing_and_back_is_a_suspension() {
    let (f, node) = fixture().await;
    f.apply::<Deployment>("agent", placed(deployment("web", 2, "app:1"), &node)).await.unwrap();
    let api = f.api::<Deployment>();
    until(&api, "web", "availability", |d| d["status"]["availableReplicas"] == 2).await;
    let scale = |n: i32| Patch::Merge(json!({"spec": {"replicas": n}}));
    let done = api.patch_scale("web", &PatchParams::default(), &scale(0)).await.unwrap();
    assert_eq!(done.spec.unwrap().replicas.unwrap_or(0), 0);
    eventually("no pods", || async {
        f.api::<Pod>().list(&ListParams::default()).await.unwrap().items.is_empty().then_some(())
    })
    .await;
    until(&api, "web", "an empty status", |d| {
        d["status"]["replicas"].as_i64().unwrap_or(0) == 0
            && condition(d, "Available")["status"] == "True"
    })
    .await;
    api.patch_scale("web", &PatchParams::default(), &scale(2)).await.unwrap();
    until(&api, "web", "availability", |d| d["status"]["availableReplicas"] == 2).await;
}

#[tokio::test]
async fn a_pod_that_is_deleted_is_replaced() {
    let (f, node) = fixture().await;
    f.apply::<Deployment>("agent", placed(deployment("web", 1, "app:1"), &node)).await.unwrap();
    let api = f.api::<Deployment>();
    until(&api, "web", "availability", |d| d["status"]["availableReplicas"] == 1).await;
    let pods = f.api::<Pod>();
    let old = pods.list(&ListParams::default()).await.unwrap().items.remove(0).metadata;
    pods.delete(&old.name.unwrap(), &Default::default()).await.unwrap();
    eventually("another pod", || async {
        let all = pods.list(&ListParams::default()).await.unwrap().items;
        all.into_iter()
            .find(|p| p.metadata.uid != old.uid && condition(&raw(p), "Ready")["status"] == "True")
    })
    .await;
}

#[tokio::test]
async fn a_rollout_that_stands_still_says_so_after_its_deadline() {
    let (f, node) = fixture().await;
    let mut body = placed(deployment("web", 1, "app:1"), &node);
    body["spec"]["progressDeadlineSeconds"] = json!(1);
    body["spec"]["template"]["spec"]["nodeSelector"] = json!({"no": "where"});
    f.apply::<Deployment>("agent", body).await.unwrap();
    let late = until(&f.api::<Deployment>(), "web", "the deadline", |d| {
        condition(d, "Progressing")["reason"] == "ProgressDeadlineExceeded"
    })
    .await;
    assert_eq!(condition(&late, "Progressing")["status"], "False");
    assert_eq!(condition(&late, "Available")["status"], "False");
}

#[tokio::test]
async fn recreate_ends_the_old_pods_before_it_starts_new_ones() {
    let (f, node) = fixture().await;
    let mut body = placed(deployment("web", 2, "app:1"), &node);
    body["spec"]["strategy"] = json!({"type": "Recreate"});
    f.apply::<Deployment>("agent", body.clone()).await.unwrap();
    let api = f.api::<Deployment>();
    until(&api, "web", "availability", |d| d["status"]["availableReplicas"] == 2).await;
    let pods = f.api::<Pod>();
    let list = pods.list(&ListParams::default()).await.unwrap();
    let version = list.metadata.resource_version.unwrap();
    let mut living: std::collections::BTreeMap<String, String> = list
        .items
        .iter()
        .map(|p| {
            (p.metadata.name.clone().unwrap(), raw(p)["spec"]["containers"][0]["image"].to_string())
        })
        .collect();
    let mut stream = pods.watch(&WatchParams::default(), &version).await.unwrap().boxed();
    body["spec"]["template"]["spec"]["containers"][0]["image"] = json!("app:2");
    f.apply::<Deployment>("agent", body).await.unwrap();
    loop {
        match stream.next().await.unwrap().unwrap() {
            WatchEvent::Added(p) => {
                living.insert(
                    p.metadata.name.clone().unwrap(),
                    raw(&p)["spec"]["containers"][0]["image"].to_string(),
                );
            }
            WatchEvent::Deleted(p) => {
                living.remove(&p.metadata.name.unwrap());
            }
            _ => {}
        }
        let kinds: std::collections::BTreeSet<&String> = living.values().collect();
        assert!(kinds.len() <= 1, "old and new pods at once: {living:?}");
        if living.len() == 2 && living.values().all(|i| i.contains("app:2")) {
            break;
        }
    }
}

fn stateful(name: &str, replicas: i32, node: &k8s_openapi::api::core::v1::Node) -> Value {
    placed(
        json!({
            "apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": name},
            "spec": {
                "replicas": replicas, "serviceName": name,
                "selector": {"matchLabels": {"app": name}},
                "template": {
                    "metadata": {"labels": {"app": name}},
                    "spec": {"containers": [{"name": "main", "image": "db:1"}]},
                },
            },
        }),
        node,
    )
}

#[tokio::test]
async fn a_stateful_set_starts_its_pods_one_after_the_other() {
    let (f, node) = fixture().await;
    let pods = f.api::<Pod>();
    let list = pods.list(&ListParams::default()).await.unwrap();
    let version = list.metadata.resource_version.unwrap();
    let mut stream = pods.watch(&WatchParams::default(), &version).await.unwrap().boxed();
    f.apply::<StatefulSet>("agent", stateful("db", 3, &node)).await.unwrap();
    let mut ready = std::collections::BTreeSet::new();
    loop {
        match stream.next().await.unwrap().unwrap() {
            WatchEvent::Added(p) => {
                let number: usize =
                    p.metadata.name.unwrap().strip_prefix("db-").unwrap().parse().unwrap();
                assert_eq!(ready.len(), number, "pod {number} did not wait for those before it");
            }
            WatchEvent::Modified(p) if condition(&raw(&p), "Ready")["status"] == "True" => {
                ready.insert(p.metadata.name.unwrap());
            }
            _ => {}
        }
        if ready.len() == 3 {
            break;
        }
    }
    let done = until(&f.api::<StatefulSet>(), "db", "readiness", |s| {
        s["status"]["readyReplicas"] == 3
            && s["status"]["currentRevision"] == s["status"]["updateRevision"]
    })
    .await;
    assert_eq!(done["status"]["observedGeneration"], done["metadata"]["generation"]);
    let first = raw(&pods.get("db-0").await.unwrap());
    assert_eq!(first["metadata"]["labels"]["statefulset.kubernetes.io/pod-name"], "db-0");
    assert_eq!(first["spec"]["hostname"], "db-0");
}

#[tokio::test]
async fn a_stateful_set_is_updated_from_its_last_pod_and_scaled_down_likewise() {
    let (f, node) = fixture().await;
    f.apply::<StatefulSet>("agent", stateful("db", 2, &node)).await.unwrap();
    let api = f.api::<StatefulSet>();
    until(&api, "db", "readiness", |s| s["status"]["readyReplicas"] == 2).await;
    let mut body = stateful("db", 2, &node);
    body["spec"]["template"]["spec"]["containers"][0]["image"] = json!("db:2");
    body["spec"]["updateStrategy"] =
        json!({"type": "RollingUpdate", "rollingUpdate": {"partition": 1}});
    f.apply::<StatefulSet>("agent", body).await.unwrap();
    let pods = f.api::<Pod>();
    let image = |p: &Value| p["spec"]["containers"][0]["image"].clone();
    until(&pods, "db-1", "the new template", |p| {
        image(p) == "db:2" && condition(p, "Ready")["status"] == "True"
    })
    .await;
    assert_eq!(image(&raw(&pods.get("db-0").await.unwrap())), "db:1", "the partition holds");
    let mut body = stateful("db", 1, &node);
    body["spec"]["template"]["spec"]["containers"][0]["image"] = json!("db:2");
    f.apply::<StatefulSet>("agent", body).await.unwrap();
    crate::support::gone(&pods, "db-1").await;
    until(&pods, "db-0", "the new template", |p| {
        image(p) == "db:2" && condition(p, "Ready")["status"] == "True"
    })
    .await;
}
