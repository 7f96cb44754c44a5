//! Addresses and ports of services, and who stands behind them.

use k8s_openapi::api::{
    core::v1::{Endpoints, Pod, Service},
    discovery::v1::EndpointSlice,
    networking::v1::Ingress,
};
use kube::api::{DeleteParams, ListParams, Patch, PatchParams, PostParams};
use serde_json::{Value, json};

use crate::support::{Fixture, eventually, fast, pod, raw, refusal, typed, until};

fn service(name: &str, kind: &str, port: Value) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": name},
        "spec": {"type": kind, "selector": {"app": name}, "ports": [port]},
    })
}

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
}

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
