//! Who stands behind a service, and addresses from outside.

use k8s_openapi::api::{
    core::v1::{Endpoints, Pod, Service},
    discovery::v1::EndpointSlice,
    networking::v1::Ingress,
};
use kube::api::{DeleteParams, ListParams};
use serde_json::{Value, json};

use crate::support::{Fixture, eventually, fast, pod, raw, service, until};

#[tokio::test]
async fn endpoints_follow_the_pods_that_are_ready() {
    let f = Fixture::simulated(fast()).await;
    f.ready_for_pods().await;
    let web = service("web", "ClusterIP", json!({"port": 80, "targetPort": "http"}));
    f.create::<Service>(web).await.unwrap();
    let labelled = |name: &str, image: &str| {
        let mut body = pod(name, image);
        body["metadata"]["labels"] = json!({"app": "web"});
        body["spec"]["containers"][0]["ports"] = json!([{"name": "http", "containerPort": 8080}]);
        body
    };
    f.create::<Pod>(labelled("good", "app:1")).await.unwrap();
    f.create::<Pod>(labelled("slow", "app:neverready")).await.unwrap();
    let endpoints = f.api::<Endpoints>();
    let found = until(&endpoints, "web", "one ready and one waiting address", |e| {
        let subset = &e["subsets"][0];
        subset["addresses"][0]["targetRef"]["name"] == "good"
            && subset["notReadyAddresses"][0]["targetRef"]["name"] == "slow"
    })
    .await;
    assert_eq!(found["subsets"][0]["ports"][0]["port"], 8080);
    let slices = ListParams::default().labels("kubernetes.io/service-name=web");
    eventually("the slice", || async {
        let slice = raw(&f.api::<EndpointSlice>().list(&slices).await.unwrap().items.pop()?);
        (slice["endpoints"].as_array()?.len() == 2).then_some(())
    })
    .await;
    f.api::<Pod>().delete("good", &DeleteParams::default()).await.unwrap();
    until(&endpoints, "web", "no ready address", |e| e["subsets"][0]["addresses"].is_null()).await;
}

#[tokio::test]
async fn a_load_balancer_gets_an_address_of_the_pool_and_gives_it_back() {
    let mut spec = fast();
    spec.load_balancers.count = 1;
    let f = Fixture::simulated(spec).await;
    let api = f.api::<Service>();
    f.create::<Service>(service("a", "LoadBalancer", json!({"port": 80}))).await.unwrap();
    let has = |s: &Value| s["status"]["loadBalancer"]["ingress"][0]["ip"].is_string();
    let a = until(&api, "a", "an address", has).await;
    f.create::<Service>(service("b", "LoadBalancer", json!({"port": 80}))).await.unwrap();
    api.delete("a", &DeleteParams::default()).await.unwrap();
    let b = until(&api, "b", "the address", has).await;
    assert_eq!(a["status"], b["status"]);
}

#[tokio::test]
async fn an_ingress_gets_the_address_of_its_class() {
    let f = Fixture::simulated(fast()).await;
    let body = |class: &str| {
        json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": class},
            "spec": {"ingressClassName": class, "rules": [{"host": "a.example", "http": {"paths": [
                {"path": "/", "pathType": "Prefix", "backend": {"service": {"name": "web", "port": {"number": 80}}}},
            ]}}]},
        })
    };
    let api = f.api::<Ingress>();
    f.apply::<Ingress>("agent", body("nginx")).await.unwrap();
    f.apply::<Ingress>("agent", body("other")).await.unwrap();
    until(&api, "nginx", "an address", |i| {
        i["status"]["loadBalancer"]["ingress"][0]["ip"] == "203.0.113.10"
    })
    .await;
    let other = raw(&api.get("other").await.unwrap());
    assert!(other["status"]["loadBalancer"]["ingress"].is_null());
}
