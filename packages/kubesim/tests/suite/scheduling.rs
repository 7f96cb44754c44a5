//! Where pods go, and what a pod without a place says.

use k8s_openapi::api::core::v1::{Event, Node, Pod};
use kube::api::{DeleteParams, ListParams, Patch, PatchParams};
use serde_json::{Value, json};

use crate::support::{Fixture, condition, eventually, pod_on, until};

/// Waits until the scheduler refuses a pod for a reason; it may have had another before.
async fn refused(f: &Fixture, name: &str, reason: &str) -> String {
    let pod = until(&f.api::<Pod>(), name, reason, |p| {
        let message = condition(p, "PodScheduled")["message"].as_str().unwrap_or_default();
        condition(p, "PodScheduled")["reason"] == "Unschedulable" && message.contains(reason)
    })
    .await;
    assert_eq!(pod["status"]["phase"], "Pending");
    assert_eq!(condition(&pod, "PodScheduled")["status"], "False");
    condition(&pod, "PodScheduled")["message"].as_str().unwrap().to_owned()
}

async fn placed(f: &Fixture, name: &str) -> Value {
    until(&f.api::<Pod>(), name, "a node", |p| p["spec"]["nodeName"].is_string()).await
}

#[tokio::test]
async fn a_pod_that_asks_for_too_much_waits_and_says_of_what() {
    let f = Fixture::new().await;
    f.ready_for_pods().await;
    let room = json!({"cpu": "2", "memory": "2Gi", "pods": "10"});
    let node = f.node("small", room, json!({})).await;
    f.create::<Pod>(pod_on("big", &node, json!({"cpu": "3", "memory": "1Gi"}))).await.unwrap();
    let message = refused(&f, "big", "1 Insufficient cpu").await;
    assert!(message.contains("nodes are available"), "{message}");
    eventually("the event", || async {
        let fields =
            ListParams::default().fields("involvedObject.name=big,reason=FailedScheduling");
        f.api::<Event>().list(&fields).await.unwrap().items.pop()
    })
    .await;
}

#[tokio::test]
async fn room_that_is_freed_goes_to_a_pod_that_waits() {
    let f = Fixture::new().await;
    f.ready_for_pods().await;
    let node = f.node("one", json!({"cpu": "2", "memory": "2Gi", "pods": "10"}), json!({})).await;
    f.create::<Pod>(pod_on("first", &node, json!({"cpu": "1500m"}))).await.unwrap();
    placed(&f, "first").await;
    f.create::<Pod>(pod_on("second", &node, json!({"cpu": "1"}))).await.unwrap();
    refused(&f, "second", "Insufficient cpu").await;
    let now = DeleteParams::default().grace_period(0);
    f.api::<Pod>().delete("first", &now).await.unwrap();
    placed(&f, "second").await;
}

#[tokio::test]
async fn a_gpu_goes_once_and_only_to_the_model_that_was_asked() {
    let f = Fixture::new().await;
    f.ready_for_pods().await;
    let room = json!({"cpu": "8", "memory": "8Gi", "pods": "10", "nvidia.com/gpu": "1"});
    let label = "nvidia.com/gpu.product";
    f.node("a100", room.clone(), json!({label: "NVIDIA-A100-SXM4-80GB"})).await;
    let h100 = f.node("h100", room, json!({label: "NVIDIA-H100-80GB-HBM3"})).await;
    let ask = |name: &str| {
        let mut body = pod_on(name, &h100, json!({"nvidia.com/gpu": "1"}));
        body["spec"].as_object_mut().unwrap().remove("nodeSelector");
        body["spec"]["affinity"] = json!({"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {
            "nodeSelectorTerms": [{"matchExpressions": [
                {"key": label, "operator": "In", "values": ["NVIDIA-H100-80GB-HBM3"]},
                {"key": "test", "operator": "In", "values": [h100.metadata.name]},
            ]}],
        }}});
        body
    };
    f.create::<Pod>(ask("first")).await.unwrap();
    assert_eq!(placed(&f, "first").await["spec"]["nodeName"], json!(h100.metadata.name));
    f.create::<Pod>(ask("second")).await.unwrap();
    let message = refused(&f, "second", "Insufficient nvidia.com/gpu").await;
    assert!(message.contains("didn't match Pod's node affinity/selector"), "{message}");
}

#[tokio::test]
async fn a_taint_keeps_out_who_does_not_tolerate_it() {
    let f = Fixture::new().await;
    f.ready_for_pods().await;
    let node =
        f.node("tainted", json!({"cpu": "2", "memory": "2Gi", "pods": "10"}), json!({})).await;
    let mut body = pod_on("p", &node, json!({"cpu": "1"}));
    body["spec"].as_object_mut().unwrap().remove("tolerations");
    f.create::<Pod>(body).await.unwrap();
    refused(&f, "p", "untolerated taint").await;
}

#[tokio::test]
async fn a_cordoned_node_takes_nothing_new_until_it_is_opened() {
    let f = Fixture::new().await;
    f.ready_for_pods().await;
    let node =
        f.node("closed", json!({"cpu": "2", "memory": "2Gi", "pods": "10"}), json!({})).await;
    let nodes = f.all::<Node>();
    let name = node.metadata.name.clone().unwrap();
    let cordon = |on: bool| Patch::Merge(json!({"spec": {"unschedulable": on}}));
    nodes.patch(&name, &PatchParams::default(), &cordon(true)).await.unwrap();
    until(&nodes, &name, "the taint of a cordon", |n| {
        n["spec"]["taints"].to_string().contains("node.kubernetes.io/unschedulable")
    })
    .await;
    let mut body = pod_on("p", &node, json!({"cpu": "1"}));
    body["spec"]["tolerations"] = json!([{"key": "test", "operator": "Exists"}]);
    f.create::<Pod>(body).await.unwrap();
    refused(&f, "p", "unschedulable").await;
    nodes.patch(&name, &PatchParams::default(), &cordon(false)).await.unwrap();
    placed(&f, "p").await;
}

#[tokio::test]
async fn the_number_of_pods_on_a_node_is_limited() {
    let f = Fixture::new().await;
    f.ready_for_pods().await;
    let node = f.node("few", json!({"cpu": "8", "memory": "8Gi", "pods": "1"}), json!({})).await;
    f.create::<Pod>(pod_on("first", &node, json!({"cpu": "1"}))).await.unwrap();
    placed(&f, "first").await;
    f.create::<Pod>(pod_on("second", &node, json!({"cpu": "1"}))).await.unwrap();
    refused(&f, "second", "Too many pods").await;
}
