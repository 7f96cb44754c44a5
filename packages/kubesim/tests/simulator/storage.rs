//! Claims and volumes of the simulated provisioner.

use k8s_openapi::api::{
    apps::v1::StatefulSet,
    core::v1::{Event, PersistentVolume, PersistentVolumeClaim, Pod},
};
use kube::api::{DeleteParams, ListParams, Patch, PatchParams};
use serde_json::{Value, json};
use souk_kubesim::{ClusterSpec, StorageClassSpec};

use crate::support::{Fixture, condition, eventually, fast, gone, pod, raw, refusal, until};

fn claim(name: &str, class: Option<&str>) -> Value {
    let mut body = json!({
        "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": name},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    });
    if let Some(class) = class {
        body["spec"]["storageClassName"] = json!(class);
    }
    body
}

fn using(name: &str, claim: &str) -> Value {
    let mut body = pod(name, "app:1");
    body["spec"]["volumes"] =
        json!([{"name": "data", "persistentVolumeClaim": {"claimName": claim}}]);
    body
}

async fn fixture() -> Fixture {
    let mut late = StorageClassSpec::new("late", false);
    late.wait_for_first_consumer = true;
    let mut kept = StorageClassSpec::new("kept", false);
    (kept.retain, kept.allow_expansion) = (true, false);
    let storage_classes = vec![StorageClassSpec::new("standard", true), late, kept];
    let f = Fixture::simulated(ClusterSpec { storage_classes, ..fast() }).await;
    f.ready_for_pods().await;
    f
}

async fn bound(f: &Fixture, name: &str) -> Value {
    let api = f.api::<PersistentVolumeClaim>();
    until(&api, name, "a volume", |c| c["status"]["phase"] == "Bound").await
}

#[tokio::test]
async fn a_claim_without_a_class_gets_the_default_one_and_a_volume() {
    let f = fixture().await;
    f.create::<PersistentVolumeClaim>(claim("c", None)).await.unwrap();
    let claim = bound(&f, "c").await;
    assert_eq!(claim["spec"]["storageClassName"], "standard");
    assert_eq!(claim["status"]["capacity"]["storage"], "1Gi");
    let volume = f
        .all::<PersistentVolume>()
        .get(claim["spec"]["volumeName"].as_str().unwrap())
        .await
        .unwrap();
    assert_eq!(raw(&volume)["spec"]["claimRef"]["uid"], claim["metadata"]["uid"]);
}

#[tokio::test]
async fn a_claim_of_a_class_that_is_not_there_waits_and_tells_why() {
    let f = fixture().await;
    f.create::<PersistentVolumeClaim>(claim("c", Some("gold"))).await.unwrap();
    f.create::<Pod>(using("p", "c")).await.unwrap();
    let waiting = until(&f.api::<Pod>(), "p", "the scheduler's word", |p| {
        condition(p, "PodScheduled")["reason"] == "Unschedulable"
    })
    .await;
    let message = condition(&waiting, "PodScheduled")["message"].as_str().unwrap();
    assert!(message.contains("unbound immediate PersistentVolumeClaims"), "{message}");
    let event = eventually("the event", || async {
        let fields =
            ListParams::default().fields("involvedObject.name=c,reason=ProvisioningFailed");
        f.api::<Event>().list(&fields).await.unwrap().items.pop()
    })
    .await;
    assert_eq!(event.message.as_deref(), Some("storageclass.storage.k8s.io \"gold\" not found"));
    let c = raw(&f.api::<PersistentVolumeClaim>().get("c").await.unwrap());
    assert_eq!(c["status"]["phase"], "Pending");
}

#[tokio::test]
async fn a_late_class_binds_when_a_pod_comes() {
    let f = fixture().await;
    f.create::<PersistentVolumeClaim>(claim("c", Some("late"))).await.unwrap();
    eventually("the wait for a consumer", || async {
        let fields =
            ListParams::default().fields("involvedObject.name=c,reason=WaitForFirstConsumer");
        f.api::<Event>().list(&fields).await.unwrap().items.pop()
    })
    .await;
    f.create::<Pod>(using("p", "c")).await.unwrap();
    bound(&f, "c").await;
    until(&f.api::<Pod>(), "p", "readiness", |p| condition(p, "Ready")["status"] == "True").await;
}

#[tokio::test]
async fn a_claim_in_use_is_not_taken_away() {
    let f = fixture().await;
    f.create::<PersistentVolumeClaim>(claim("c", None)).await.unwrap();
    f.create::<Pod>(using("p", "c")).await.unwrap();
    until(&f.api::<Pod>(), "p", "readiness", |p| condition(p, "Ready")["status"] == "True").await;
    let api = f.api::<PersistentVolumeClaim>();
    let going = api.delete("c", &DeleteParams::default()).await.unwrap().left().unwrap();
    assert!(going.metadata.deletion_timestamp.is_some());
    let volume = going.spec.unwrap().volume_name.unwrap();
    f.api::<Pod>().delete("p", &DeleteParams::default()).await.unwrap();
    gone(&api, "c").await;
    gone(&f.all::<PersistentVolume>(), &volume).await;
}

#[tokio::test]
async fn a_retained_volume_outlives_its_claim() {
    let f = fixture().await;
    f.create::<PersistentVolumeClaim>(claim("c", Some("kept"))).await.unwrap();
    let volume = bound(&f, "c").await["spec"]["volumeName"].as_str().unwrap().to_owned();
    f.api::<PersistentVolumeClaim>().delete("c", &DeleteParams::default()).await.unwrap();
    until(&f.all::<PersistentVolume>(), &volume, "its release", |v| {
        v["status"]["phase"] == "Released"
    })
    .await;
}

#[tokio::test]
async fn a_claim_grows_where_its_class_allows_it_and_never_shrinks() {
    let f = fixture().await;
    let api = f.api::<PersistentVolumeClaim>();
    let size = |s: &str| Patch::Merge(json!({"spec": {"resources": {"requests": {"storage": s}}}}));
    for class in ["standard", "kept"] {
        f.create::<PersistentVolumeClaim>(claim(class, Some(class))).await.unwrap();
        bound(&f, class).await;
    }
    api.patch("standard", &PatchParams::default(), &size("2Gi")).await.unwrap();
    until(&api, "standard", "more room", |c| c["status"]["capacity"]["storage"] == "2Gi").await;
    assert_eq!(
        refusal(api.patch("standard", &PatchParams::default(), &size("1Gi")).await).code,
        422
    );
    assert_eq!(refusal(api.patch("kept", &PatchParams::default(), &size("2Gi")).await).code, 403);
}

#[tokio::test]
async fn claims_of_a_stateful_set_stay_or_go_as_it_says() {
    let f = fixture().await;
    let body = |name: &str, policy: &str| {
        json!({
            "apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": name},
            "spec": {
                "replicas": 2, "serviceName": name, "selector": {"matchLabels": {"app": name}},
                "persistentVolumeClaimRetentionPolicy": {"whenDeleted": policy, "whenScaled": "Retain"},
                "template": {"metadata": {"labels": {"app": name}}, "spec": {"containers": [
                    {"name": "db", "image": "db:1", "volumeMounts": [{"name": "data", "mountPath": "/data"}]},
                ]}},
                "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": {
                    "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}},
                }}],
            },
        })
    };
    let sets = f.api::<StatefulSet>();
    let claims = f.api::<PersistentVolumeClaim>();
    for (name, policy) in [("keep", "Retain"), ("drop", "Delete")] {
        f.apply::<StatefulSet>("agent", body(name, policy)).await.unwrap();
        until(&sets, name, "readiness", |s| s["status"]["readyReplicas"] == 2).await;
        bound(&f, &format!("data-{name}-1")).await;
        sets.delete(name, &DeleteParams::background()).await.unwrap();
    }
    gone(&claims, "data-drop-0").await;
    gone(&claims, "data-drop-1").await;
    assert!(claims.get_opt("data-keep-1").await.unwrap().is_some());
    // A set of the same name finds its data again.
    let before = raw(&claims.get("data-keep-0").await.unwrap());
    f.apply::<StatefulSet>("agent", body("keep", "Retain")).await.unwrap();
    until(&sets, "keep", "readiness", |s| s["status"]["readyReplicas"] == 2).await;
    let after = raw(&claims.get("data-keep-0").await.unwrap());
    assert_eq!(before["metadata"]["uid"], after["metadata"]["uid"]);
}
