//! Namespaces: what a new one has, and how one ends.

use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Pod, ServiceAccount};
use kube::{
    Api,
    api::{DeleteParams, Patch, PatchParams, PostParams},
};
use serde_json::json;

use crate::support::{Fixture, condition, gone, pod, raw, refusal, typed, until};

#[tokio::test]
async fn a_new_namespace_is_active_labelled_and_furnished() {
    let f = Fixture::new().await;
    let namespace = raw(&f.all::<Namespace>().get(&f.namespace).await.unwrap());
    assert_eq!(namespace["status"]["phase"], "Active");
    assert_eq!(namespace["spec"]["finalizers"], json!(["kubernetes"]));
    assert_eq!(
        namespace["metadata"]["labels"]["kubernetes.io/metadata.name"],
        f.namespace.as_str()
    );
    until(&f.api::<ServiceAccount>(), "default", "a service account", |a| a.is_object()).await;
    until(&f.api::<ConfigMap>(), "kube-root-ca.crt", "the certificate", |m| m.is_object()).await;
}

#[tokio::test]
async fn a_deleted_namespace_is_emptied_and_goes() {
    let f = Fixture::new().await;
    f.config_map("m", json!({})).await;
    let namespaces = f.all::<Namespace>();
    namespaces.delete(&f.namespace, &DeleteParams::default()).await.unwrap();
    gone(&namespaces, &f.namespace).await;
    assert_eq!(f.api::<ConfigMap>().get_opt("m").await.unwrap(), None);
}

#[tokio::test]
async fn a_terminating_namespace_takes_nothing_new_and_says_what_holds_it() {
    let f = Fixture::new().await;
    f.create::<ConfigMap>(json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": "held", "finalizers": ["souk.test/hold"]},
    }))
    .await
    .unwrap();
    let namespaces = f.all::<Namespace>();
    namespaces.delete(&f.namespace, &DeleteParams::default()).await.unwrap();
    let stuck = until(&namespaces, &f.namespace, "the report of what is left", |n| {
        condition(n, "NamespaceFinalizersRemaining")["status"] == "True"
    })
    .await;
    assert_eq!(stuck["status"]["phase"], "Terminating");
    let message = condition(&stuck, "NamespaceFinalizersRemaining")["message"].as_str().unwrap();
    assert!(message.contains("souk.test/hold"), "{message}");
    let body = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "late"}});
    let status = refusal(f.create::<ConfigMap>(body.clone()).await);
    assert_eq!((status.code, status.reason.as_str()), (403, "Forbidden"));
    assert_eq!(status.details.unwrap().causes[0].reason, "NamespaceTerminating");
    let applied = f.apply::<ConfigMap>("agent", body).await;
    assert_eq!(refusal(applied).code, 403, "apply must not slip in either");
    let free = json!({"metadata": {"finalizers": null}});
    f.api::<ConfigMap>().patch("held", &PatchParams::default(), &Patch::Merge(free)).await.unwrap();
    gone(&namespaces, &f.namespace).await;
}

#[tokio::test]
async fn a_pod_that_does_not_go_keeps_all_else_while_the_namespace_says_that_all_is_removed() {
    let f = Fixture::new().await;
    f.ready_for_pods().await;
    f.config_map("m", json!({})).await;
    let mut held = pod("held", "app:1");
    held["metadata"]["finalizers"] = json!(["souk.test/hold"]);
    held["spec"]["nodeSelector"] = json!({"no": "where"});
    f.create::<Pod>(held).await.unwrap();
    let namespaces = f.all::<Namespace>();
    namespaces.delete(&f.namespace, &DeleteParams::default()).await.unwrap();
    let said = until(&namespaces, &f.namespace, "conditions", |n| {
        condition(n, "NamespaceContentRemaining")["status"] == "False"
    })
    .await;
    let message = condition(&said, "NamespaceContentRemaining")["message"].as_str().unwrap();
    assert_eq!(message, "All content successfully removed");
    assert_eq!(condition(&said, "NamespaceFinalizersRemaining")["status"], "False");
    let map = raw(&f.api::<ConfigMap>().get("m").await.unwrap());
    assert!(map["metadata"]["deletionTimestamp"].is_null());
    assert!(raw(&f.pod("held").await.unwrap())["metadata"]["deletionTimestamp"].is_string());
    let free = json!({"metadata": {"finalizers": null}});
    f.api::<Pod>().patch("held", &PatchParams::default(), &Patch::Merge(free)).await.unwrap();
    gone(&namespaces, &f.namespace).await;
}

#[tokio::test]
async fn nothing_is_created_in_a_namespace_that_is_not_there() {
    let f = Fixture::new().await;
    let nowhere: Api<ConfigMap> = Api::namespaced(f.client.clone(), "souk-test-nowhere");
    let body = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "m"}});
    let status = refusal(nowhere.create(&PostParams::default(), &typed(body)).await);
    assert_eq!(status.code, 404);
    assert_eq!(status.message, "namespaces \"souk-test-nowhere\" not found");
}

#[tokio::test]
async fn a_namespace_can_be_created_again_after_its_end() {
    let f = Fixture::new().await;
    let namespaces = f.all::<Namespace>();
    f.config_map("m", json!({})).await;
    namespaces.delete(&f.namespace, &DeleteParams::default()).await.unwrap();
    gone(&namespaces, &f.namespace).await;
    let body = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": f.namespace}});
    namespaces.create(&PostParams::default(), &typed(body)).await.unwrap();
    assert_eq!(f.api::<ConfigMap>().get_opt("m").await.unwrap(), None);
    f.config_map("m", json!({})).await;
}
