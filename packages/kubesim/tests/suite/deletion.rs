//! Deletion: finalizers, grace, owners and their dependents.

use k8s_openapi::api::{
    apps::v1::{Deployment, ReplicaSet},
    core::v1::{ConfigMap, Pod},
};
use kube::api::{DeleteParams, ListParams, Patch, PatchParams};
use serde_json::{Value, json};

use crate::support::{
    Fixture, condition, deployment, eventually, gone, pod_on, raw, refusal, until,
};

fn owned(name: &str, owner: &ConfigMap, block: bool) -> Value {
    json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": name, "ownerReferences": [{
            "apiVersion": "v1", "kind": "ConfigMap", "blockOwnerDeletion": block,
            "name": owner.metadata.name, "uid": owner.metadata.uid,
        }]},
    })
}

#[tokio::test]
async fn a_finalizer_holds_an_object_until_it_is_taken_off() {
    let f = Fixture::new().await;
    let api = f.api::<ConfigMap>();
    f.create::<ConfigMap>(json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": "m", "finalizers": ["souk.test/hold"]}, "data": {"a": "1"},
    }))
    .await
    .unwrap();
    let going = api.delete("m", &DeleteParams::default()).await.unwrap().left().unwrap();
    assert!(going.metadata.deletion_timestamp.is_some());
    let more = json!({"metadata": {"finalizers": ["souk.test/hold", "souk.test/more"]}});
    let status = refusal(api.patch("m", &PatchParams::default(), &Patch::Merge(more)).await);
    assert_eq!(status.code, 422);
    assert!(status.message.contains("no new finalizers can be added"), "{}", status.message);
    // It can still be changed, and does not come back to life.
    let change = json!({"data": {"a": "2"}, "metadata": {"deletionTimestamp": null}});
    let after = api.patch("m", &PatchParams::default(), &Patch::Merge(change)).await.unwrap();
    assert!(after.metadata.deletion_timestamp.is_some());
    let free = json!({"metadata": {"finalizers": null}});
    api.patch("m", &PatchParams::default(), &Patch::Merge(free)).await.unwrap();
    assert_eq!(api.get_opt("m").await.unwrap(), None);
}

#[tokio::test]
async fn dependents_go_after_their_owner() {
    let f = Fixture::new().await;
    let owner = f.config_map("owner", json!({})).await;
    f.create::<ConfigMap>(owned("child", &owner, true)).await.unwrap();
    f.api::<ConfigMap>().delete("owner", &DeleteParams::background()).await.unwrap();
    gone(&f.api::<ConfigMap>(), "child").await;
}

#[tokio::test]
async fn dependents_go_before_an_owner_that_is_deleted_in_the_foreground() {
    let f = Fixture::new().await;
    let api = f.api::<ConfigMap>();
    let owner = f.config_map("owner", json!({})).await;
    let mut child = owned("child", &owner, true);
    child["metadata"]["finalizers"] = json!(["souk.test/hold"]);
    f.create::<ConfigMap>(child).await.unwrap();
    // The collector has to have seen the child first.
    f.create::<ConfigMap>(owned("other", &owner, true)).await.unwrap();
    eventually("a foreground deletion that takes the children", || async {
        api.delete("owner", &DeleteParams::foreground()).await.unwrap();
        let child = raw(&api.get_opt("child").await.unwrap());
        child["metadata"]["deletionTimestamp"].is_string().then_some(())
    })
    .await;
    let waiting = raw(&api.get("owner").await.unwrap());
    assert_eq!(waiting["metadata"]["finalizers"], json!(["foregroundDeletion"]));
    let free = json!({"metadata": {"finalizers": null}});
    api.patch("child", &PatchParams::default(), &Patch::Merge(free)).await.unwrap();
    gone(&api, "owner").await;
    gone(&api, "other").await;
}

#[tokio::test]
async fn orphans_stay_without_their_owner() {
    let f = Fixture::new().await;
    let mut body = deployment("web", 0, "app:1");
    body["spec"]["revisionHistoryLimit"] = json!(1);
    f.create::<Deployment>(body).await.unwrap();
    let sets = f.api::<ReplicaSet>();
    let set = eventually("the replica set", || async {
        sets.list(&ListParams::default()).await.unwrap().items.pop()
    })
    .await;
    f.api::<Deployment>().delete("web", &DeleteParams::orphan()).await.unwrap();
    gone(&f.api::<Deployment>(), "web").await;
    let name = set.metadata.name.unwrap();
    let left =
        until(&sets, &name, "an orphan", |s| s["metadata"]["ownerReferences"].is_null()).await;
    assert!(left["metadata"]["deletionTimestamp"].is_null());
}

#[tokio::test]
async fn a_deployment_takes_its_pods_with_it() {
    let f = Fixture::new().await;
    f.ready_for_pods().await;
    f.create::<Deployment>(deployment("web", 2, "app:1")).await.unwrap();
    let pods = f.api::<Pod>();
    let two = || async {
        (pods.list(&ListParams::default()).await.unwrap().items.len() == 2).then_some(())
    };
    eventually("two pods", two).await;
    f.api::<Deployment>().delete("web", &DeleteParams::background()).await.unwrap();
    eventually("the end of the pods", || async {
        pods.list(&ListParams::default()).await.unwrap().items.is_empty().then_some(())
    })
    .await;
    assert!(f.api::<ReplicaSet>().list(&ListParams::default()).await.unwrap().items.is_empty());
}

#[tokio::test]
async fn an_object_of_an_owner_that_never_was_is_collected() {
    let f = Fixture::new().await;
    let mut ghost = f.config_map("ghost", json!({})).await;
    ghost.metadata.uid = Some("00000000-0000-0000-0000-000000000000".into());
    f.create::<ConfigMap>(owned("child", &ghost, false)).await.unwrap();
    gone(&f.api::<ConfigMap>(), "child").await;
}

#[tokio::test]
async fn a_running_pod_gets_its_grace_and_then_goes() {
    let f = Fixture::new().await;
    f.ready_for_pods().await;
    let node = f.node("grace", json!({"cpu": "4", "memory": "4Gi", "pods": "10"}), json!({})).await;
    f.create::<Pod>(pod_on("p", &node, json!({"cpu": "1"}))).await.unwrap();
    let pods = f.api::<Pod>();
    until(&pods, "p", "a ready pod", |p| condition(p, "Ready")["status"] == "True").await;
    let going = pods.delete("p", &DeleteParams::default()).await.unwrap().left().unwrap();
    assert!(going.metadata.deletion_timestamp.is_some());
    assert_eq!(going.metadata.deletion_grace_period_seconds, Some(30));
    gone(&pods, "p").await;
}

#[tokio::test]
async fn a_pod_without_a_node_goes_at_once() {
    let f = Fixture::new().await;
    f.ready_for_pods().await;
    let mut body = crate::support::pod("p", "app:1");
    body["spec"]["nodeSelector"] = json!({"no": "where"});
    f.create::<Pod>(body).await.unwrap();
    f.api::<Pod>().delete("p", &DeleteParams::default()).await.unwrap();
    assert_eq!(f.pod("p").await, None);
}
