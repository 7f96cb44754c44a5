//! Pods that fail by their image names or for missing objects: what an agent has to report.

use k8s_openapi::api::{
    apps::v1::Deployment,
    core::v1::{Event, Node, Pod, Secret},
};
use kube::api::{DeleteParams, ListParams, Patch, PatchParams};
use serde_json::{Value, json};

use crate::support::{Fixture, condition, deployment, eventually, fast, gone, pod, until};

async fn fixture() -> Fixture {
    let f = Fixture::simulated(fast()).await;
    f.ready_for_pods().await;
    f
}

fn container(pod: &Value) -> &Value {
    &pod["status"]["containerStatuses"][0]
}

/// Waits for an event with a word in its message.
async fn event(f: &Fixture, name: &str, reason: &str, word: &str) {
    let fields =
        ListParams::default().fields(&format!("involvedObject.name={name},reason={reason}"));
    eventually("the event", || async {
        let all = f.api::<Event>().list(&fields).await.unwrap().items;
        all.into_iter().find(|e| e.message.as_deref().is_some_and(|m| m.contains(word)))
    })
    .await;
}

#[tokio::test]
async fn a_crashing_container_is_started_again_and_backs_off() {
    let f = fixture().await;
    f.create::<Pod>(pod("p", "app:crashloop")).await.unwrap();
    let p = until(&f.api::<Pod>(), "p", "two restarts", |p| {
        container(p)["restartCount"].as_i64() >= Some(2)
            && container(p)["state"]["waiting"]["reason"] == "CrashLoopBackOff"
    })
    .await;
    assert_eq!(container(&p)["lastState"]["terminated"]["exitCode"], 1);
    assert_eq!(condition(&p, "Ready")["status"], "False");
    assert_eq!(p["status"]["phase"], "Running");
    event(&f, "p", "BackOff", "restarting failed container").await;
}

#[tokio::test]
async fn a_container_that_needs_too_much_memory_is_killed_for_it() {
    let f = fixture().await;
    f.create::<Pod>(pod("p", "app:oomkill")).await.unwrap();
    let p = until(&f.api::<Pod>(), "p", "a kill", |p| {
        container(p)["lastState"]["terminated"].is_object()
    })
    .await;
    let end = &container(&p)["lastState"]["terminated"];
    assert_eq!((&end["reason"], &end["exitCode"]), (&json!("OOMKilled"), &json!(137)));
}

#[tokio::test]
async fn an_image_that_cannot_be_pulled_is_named() {
    let f = fixture().await;
    f.create::<Pod>(pod("p", "registry.test/errimagepull:1")).await.unwrap();
    let pods = f.api::<Pod>();
    let p = until(&pods, "p", "the back-off", |p| {
        container(p)["state"]["waiting"]["reason"] == "ImagePullBackOff"
    })
    .await;
    assert_eq!(p["status"]["phase"], "Pending");
    let message = container(&p)["state"]["waiting"]["message"].as_str().unwrap();
    assert!(message.contains("registry.test/errimagepull:1"), "{message}");
    event(&f, "p", "Failed", "errimagepull").await;
}

#[tokio::test]
async fn a_pod_that_never_gets_ready_holds_up_its_deployment() {
    let f = fixture().await;
    f.create::<Deployment>(deployment("web", 1, "app:neverready")).await.unwrap();
    until(&f.api::<Deployment>(), "web", "a running pod that is not ready", |d| {
        d["status"]["replicas"] == 1 && condition(d, "Available")["status"] == "False"
    })
    .await;
    let labels = ListParams::default().labels("app=web");
    eventually("a running pod", || async {
        let p = f.api::<Pod>().list(&labels).await.unwrap().items.pop()?;
        (p.status?.phase? == "Running").then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_pod_waits_for_the_secret_that_it_reads() {
    let f = fixture().await;
    let mut body = pod("p", "app:1");
    body["spec"]["containers"][0]["env"] =
        json!([{"name": "K", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]);
    f.create::<Pod>(body).await.unwrap();
    let pods = f.api::<Pod>();
    let p = until(&pods, "p", "the complaint", |p| {
        container(p)["state"]["waiting"]["reason"] == "CreateContainerConfigError"
    })
    .await;
    assert_eq!(container(&p)["state"]["waiting"]["message"], "secret \"s\" not found");
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"k": "v"}});
    f.create::<Secret>(secret).await.unwrap();
    until(&pods, "p", "readiness", |p| condition(p, "Ready")["status"] == "True").await;
}

#[tokio::test]
async fn a_pod_waits_for_the_volume_that_it_mounts() {
    let f = fixture().await;
    let mut body = pod("p", "app:1");
    body["spec"]["volumes"] = json!([{"name": "v", "secret": {"secretName": "s"}}]);
    f.create::<Pod>(body).await.unwrap();
    event(&f, "p", "FailedMount", "secret \"s\" not found").await;
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}});
    f.create::<Secret>(secret).await.unwrap();
    until(&f.api::<Pod>(), "p", "readiness", |p| condition(p, "Ready")["status"] == "True").await;
}

#[tokio::test]
async fn init_containers_run_first_and_a_failing_one_holds_up_the_rest() {
    let f = fixture().await;
    let mut good = pod("good", "app:1");
    good["spec"]["initContainers"] = json!([{"name": "prepare", "image": "tool:1"}]);
    let mut bad = pod("bad", "app:1");
    bad["spec"]["initContainers"] = json!([{"name": "prepare", "image": "tool:crashloop"}]);
    f.create::<Pod>(good).await.unwrap();
    f.create::<Pod>(bad).await.unwrap();
    let pods = f.api::<Pod>();
    let good =
        until(&pods, "good", "readiness", |p| condition(p, "Ready")["status"] == "True").await;
    let init = &good["status"]["initContainerStatuses"][0]["state"]["terminated"];
    assert_eq!(init["reason"], "Completed");
    let bad = until(&pods, "bad", "the crash loop", |p| {
        p["status"]["initContainerStatuses"][0]["state"]["waiting"]["reason"] == "CrashLoopBackOff"
    })
    .await;
    assert_eq!(bad["status"]["phase"], "Pending");
    assert_eq!(condition(&bad, "Initialized")["status"], "False");
}

#[tokio::test]
async fn a_pod_that_is_not_restarted_ends_for_good() {
    let f = fixture().await;
    for (name, image, phase) in
        [("a", "job:completes", "Succeeded"), ("b", "job:crashloop", "Failed")]
    {
        let mut body = pod(name, image);
        body["spec"]["restartPolicy"] = json!("Never");
        f.create::<Pod>(body).await.unwrap();
        until(&f.api::<Pod>(), name, "its end", |p| p["status"]["phase"] == phase).await;
    }
}

#[tokio::test]
async fn pods_of_a_node_that_is_removed_go_with_it() {
    let f = fixture().await;
    f.create::<Deployment>(deployment("web", 2, "app:1")).await.unwrap();
    until(&f.api::<Deployment>(), "web", "availability", |d| d["status"]["availableReplicas"] == 2)
        .await;
    f.all::<Node>().delete("node-1", &DeleteParams::default()).await.unwrap();
    eventually("all pods on the other node", || async {
        let all = f.api::<Pod>().list(&ListParams::default()).await.unwrap().items;
        let there = |p: &Pod| p.spec.clone().unwrap().node_name.as_deref() == Some("node-2");
        (all.len() == 2 && all.iter().all(there)).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_pod_with_a_finalizer_ends_and_waits_for_it() {
    let f = fixture().await;
    let mut body = pod("p", "app:1");
    body["metadata"]["finalizers"] = json!(["souk.test/hold"]);
    f.create::<Pod>(body).await.unwrap();
    let pods = f.api::<Pod>();
    until(&pods, "p", "readiness", |p| condition(p, "Ready")["status"] == "True").await;
    pods.delete("p", &DeleteParams::default()).await.unwrap();
    until(&pods, "p", "its end", |p| p["status"]["phase"] == "Succeeded").await;
    let free = Patch::Merge(json!({"metadata": {"finalizers": null}}));
    pods.patch("p", &PatchParams::default(), &free).await.unwrap();
    gone(&pods, "p").await;
}
