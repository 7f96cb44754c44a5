//! An API that is away for a while, or that does not know its caller.

use futures::StreamExt;
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Pod};
use kube::{
    Api,
    api::{ListParams, LogParams},
    config::Kubeconfig,
    runtime::{WatchStreamExt, watcher},
};
use serde_json::{Value, json};
use souk_kubesim::{ClusterSpec, Outage, spec::Denied};

use crate::support::{
    Fixture, client_of, condition, deployment, eventually, fast, pod, refusal, until,
};

#[tokio::test]
async fn a_request_without_the_token_is_turned_away() {
    let f = Fixture::simulated(fast()).await;
    let text = f.sim().kubeconfig().replace(f.sim().token(), "wrong");
    let stranger = client_of(Kubeconfig::from_yaml(&text).unwrap()).await;
    let status = refusal(Api::<Namespace>::all(stranger).list(&ListParams::default()).await);
    assert_eq!((status.code, status.reason.as_str()), (401, "Unauthorized"));
}

#[tokio::test]
async fn in_an_outage_everything_is_refused_and_the_cluster_goes_on() {
    let f = Fixture::simulated(fast()).await;
    f.ready_for_pods().await;
    f.create::<k8s_openapi::api::apps::v1::Deployment>(deployment("web", 2, "app:1"))
        .await
        .unwrap();
    f.sim().pause(Outage::Unavailable);
    // The client tries again by itself what it may; a status of 503 is what is left.
    let error = f.api::<Pod>().list(&ListParams::default()).await.unwrap_err();
    assert!(format!("{error:?}").contains("503"), "{error:?}");
    f.sim().resume();
    until(&f.api::<k8s_openapi::api::apps::v1::Deployment>(), "web", "availability", |d| {
        d["status"]["availableReplicas"] == 2
    })
    .await;
}

#[tokio::test]
async fn a_watcher_outlives_an_outage_without_missing_anything() {
    let f = Fixture::simulated(fast()).await;
    let config = watcher::Config::default().labels("t=1");
    let stream = watcher(f.api::<ConfigMap>(), config).default_backoff().applied_objects();
    let mut stream = stream.filter_map(|r| async { r.ok() }).boxed();
    f.config_map("a", json!({"t": "1"})).await;
    assert_eq!(stream.next().await.unwrap().metadata.name.as_deref(), Some("a"));
    f.sim().pause(Outage::Unavailable);
    assert!(f.api::<ConfigMap>().list(&ListParams::default()).await.is_err());
    f.sim().resume();
    f.config_map("b", json!({"t": "1"})).await;
    loop {
        // After a new list the old object may come once more.
        if stream.next().await.unwrap().metadata.name.as_deref() == Some("b") {
            break;
        }
    }
}

#[tokio::test]
async fn a_held_request_is_answered_when_the_hold_ends() {
    let f = Fixture::simulated(fast()).await;
    f.sim().pause(Outage::Hold);
    let api = f.api::<ConfigMap>();
    let request = tokio::spawn(async move { api.list(&ListParams::default()).await });
    // Another way in still works: the switch itself.
    let mode: Value = f
        .client
        .request(http::Request::get("/kubesim/v1/outage").body(Vec::new()).unwrap())
        .await
        .unwrap();
    assert_eq!(mode["mode"], "hold");
    assert!(!request.is_finished());
    f.sim().resume();
    request.await.unwrap().unwrap();
}

#[tokio::test]
async fn an_outage_can_be_made_from_another_process() {
    let f = Fixture::simulated(fast()).await;
    let set = |mode: &str| {
        http::Request::post("/kubesim/v1/outage")
            .header("content-type", "application/json")
            .body(json!({"mode": mode}).to_string().into_bytes())
            .unwrap()
    };
    f.client.request::<Value>(set("unavailable")).await.unwrap();
    assert!(f.api::<ConfigMap>().list(&ListParams::default()).await.is_err());
    f.client.request::<Value>(set("none")).await.unwrap();
    f.api::<ConfigMap>().list(&ListParams::default()).await.unwrap();
    assert_eq!(refusal(f.client.request::<Value>(set("maybe")).await).code, 400);
}

#[tokio::test]
async fn a_denied_verb_is_forbidden_and_the_review_says_so() {
    let denied = vec![
        Denied { verb: "get".into(), resource: "pods/log".into() },
        Denied { verb: "create".into(), resource: "namespaces".into() },
    ];
    // Its own namespace could not be made here, so the test looks on from another cluster.
    let sim = souk_kubesim::KubeSim::start(ClusterSpec { denied, ..fast() }).await.unwrap();
    let client = crate::support::client_to(&sim).await;
    let pods: Api<Pod> = Api::namespaced(client.clone(), "default");
    let status = refusal(pods.logs("p", &LogParams::default()).await);
    assert_eq!((status.code, status.reason.as_str()), (403, "Forbidden"));
    assert!(status.message.contains("cannot get resource \"pods/log\""), "{}", status.message);
    for (verb, resource, allowed) in [("create", "namespaces", false), ("list", "namespaces", true)]
    {
        let review = json!({
            "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": {"verb": verb, "resource": resource}},
        });
        let request = http::Request::post("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews")
            .header("content-type", "application/json")
            .body(review.to_string().into_bytes())
            .unwrap();
        let answer: Value = client.request(request).await.unwrap();
        assert_eq!(answer["status"]["allowed"], allowed, "{verb} {resource}");
    }
    sim.stop().await;
}

#[tokio::test]
async fn a_stopped_simulator_ends_its_watches() {
    let f = Fixture::simulated(fast()).await;
    f.ready_for_pods().await;
    f.create::<Pod>(pod("p", "app:1")).await.unwrap();
    until(&f.api::<Pod>(), "p", "readiness", |p| condition(p, "Ready")["status"] == "True").await;
    let sim = souk_kubesim::KubeSim::start(fast()).await.unwrap();
    let client = crate::support::client_to(&sim).await;
    let api: Api<Namespace> = Api::all(client);
    let mut stream = api.watch(&Default::default(), "0").await.unwrap().boxed();
    stream.next().await.unwrap().unwrap();
    sim.stop().await;
    while let Some(Ok(_)) = stream.next().await {}
    eventually("a refused connection", || async { api.list(&ListParams::default()).await.err() })
        .await;
}
