//! Addresses and ports of services.

use k8s_openapi::api::core::v1::Service;
use kube::api::{DeleteParams, Patch, PatchParams, PostParams};
use serde_json::json;

use crate::support::{Fixture, eventually, raw, refusal, service, typed};

#[tokio::test]
async fn every_service_gets_an_address_of_its_own_and_keeps_it() {
    let f = Fixture::new().await;
    let address = |s: &Service| s.spec.clone().unwrap().cluster_ip.unwrap();
    let a = f.create::<Service>(service("a", "ClusterIP", json!({"port": 80}))).await.unwrap();
    let b = f.create::<Service>(service("b", "ClusterIP", json!({"port": 80}))).await.unwrap();
    assert_ne!(address(&a), address(&b));
    // A replacement that says nothing of the address keeps it.
    let mut body = service("a", "ClusterIP", json!({"port": 81}));
    body["metadata"]["resourceVersion"] = json!(a.metadata.resource_version);
    let after =
        f.api::<Service>().replace("a", &PostParams::default(), &typed(body)).await.unwrap();
    assert_eq!(address(&after), address(&a));
    let patch = Patch::Merge(
        json!({"spec": {"clusterIP": "10.96.200.200", "clusterIPs": ["10.96.200.200"]}}),
    );
    let status = refusal(f.api::<Service>().patch("a", &PatchParams::default(), &patch).await);
    assert_eq!(status.code, 422);
    let mut headless = service("c", "ClusterIP", json!({"port": 80}));
    headless["spec"]["clusterIP"] = json!("None");
    assert_eq!(address(&f.create::<Service>(headless).await.unwrap()), "None");
}

#[tokio::test]
async fn a_node_port_is_given_once() {
    let f = Fixture::new().await;
    let a = raw(&f.create::<Service>(service("a", "NodePort", json!({"port": 80}))).await.unwrap());
    let port = a["spec"]["ports"][0]["nodePort"].as_i64().unwrap();
    assert!((30_000..=32_767).contains(&port));
    let taken = service("b", "NodePort", json!({"port": 80, "nodePort": port}));
    let status = refusal(f.create::<Service>(taken.clone()).await);
    assert_eq!(status.code, 422);
    assert!(status.message.contains("provided port is already allocated"), "{}", status.message);
    f.api::<Service>().delete("a", &DeleteParams::default()).await.unwrap();
    eventually("the port to be free", || async { f.create::<Service>(taken.clone()).await.ok() })
        .await;
}

#[tokio::test]
async fn a_node_port_survives_an_apply_that_leaves_it_open() {
    let f = Fixture::new().await;
    let body = service("a", "NodePort", json!({"port": 80}));
    let first = raw(&f.apply::<Service>("agent", body.clone()).await.unwrap());
    let again = raw(&f.apply::<Service>("agent", body).await.unwrap());
    assert_eq!(first["spec"], again["spec"]);
    assert_eq!(first["metadata"]["resourceVersion"], again["metadata"]["resourceVersion"]);
    let closed = raw(&f
        .apply::<Service>("agent", service("a", "ClusterIP", json!({"port": 80})))
        .await
        .unwrap());
    assert!(closed["spec"]["ports"][0]["nodePort"].is_null());
    assert!(closed["spec"]["externalTrafficPolicy"].is_null());
}
