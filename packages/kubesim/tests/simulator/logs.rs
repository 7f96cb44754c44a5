//! Simulated logs.

use futures::{AsyncBufReadExt, StreamExt, TryStreamExt};
use k8s_openapi::api::core::v1::Pod;
use kube::api::{DeleteParams, LogParams};
use serde_json::json;

use crate::support::{Fixture, condition, eventually, fast, pod, refusal, until};

async fn running(name: &str, image: &str) -> Fixture {
    let f = Fixture::simulated(fast()).await;
    f.ready_for_pods().await;
    let mut body = pod(name, image);
    body["spec"]["containers"][0]["command"] = json!(["serve", "--fast"]);
    body["spec"]["containers"][0]["env"] = json!([{"name": "PASSWORD", "value": "hunter2"}]);
    f.create::<Pod>(body).await.unwrap();
    f
}

async fn ready(f: &Fixture, name: &str) {
    until(&f.api::<Pod>(), name, "readiness", |p| condition(p, "Ready")["status"] == "True").await;
}

#[tokio::test]
async fn a_log_says_that_it_is_simulated_and_keeps_secrets() {
    let f = running("p", "app:1").await;
    ready(&f, "p").await;
    let log = f.api::<Pod>().logs("p", &LogParams::default()).await.unwrap();
    for word in ["simulated", "app:1", "serve", "PASSWORD"] {
        assert!(log.contains(word), "{word} is not in {log}");
    }
    assert!(!log.contains("hunter2"));
}

#[tokio::test]
async fn a_followed_log_grows_until_the_pod_ends() {
    let f = running("p", "app:1").await;
    ready(&f, "p").await;
    let follow = LogParams { follow: true, timestamps: true, ..LogParams::default() };
    let mut lines = f.api::<Pod>().log_stream("p", &follow).await.unwrap().lines();
    let mut seen = Vec::new();
    while seen.len() < 8 {
        seen.push(lines.try_next().await.unwrap().unwrap());
    }
    let mut sorted = seen.clone();
    sorted.sort();
    sorted.dedup();
    assert_eq!(seen, sorted, "times rise and no line comes twice");
    f.api::<Pod>().delete("p", &DeleteParams::default()).await.unwrap();
    // Ends by itself; a log that does not would hold this test for ever.
    while lines.next().await.is_some() {}
}

#[tokio::test]
async fn a_part_of_a_log_can_be_asked_for() {
    let f = running("p", "app:1").await;
    ready(&f, "p").await;
    let api = f.api::<Pod>();
    let tail = LogParams { tail_lines: Some(2), ..LogParams::default() };
    assert_eq!(api.logs("p", &tail).await.unwrap().lines().count(), 2);
    let bytes = LogParams { limit_bytes: Some(10), ..LogParams::default() };
    assert_eq!(api.logs("p", &bytes).await.unwrap().len(), 10);
    let timed = LogParams { timestamps: true, ..LogParams::default() };
    // The parameter knows whole seconds alone.
    let second = |line: &str| line.split('.').next().unwrap().to_owned();
    let (first, later) = eventually("a line of a later second", || async {
        let log = api.logs("p", &timed).await.unwrap();
        let first = log.lines().next().unwrap().to_owned();
        let later = log.lines().last().unwrap().to_owned();
        (second(&first) < second(&later)).then_some((first, later))
    })
    .await;
    let from = format!("{}Z", second(&later)).parse().unwrap();
    let since = LogParams { since_time: Some(from), timestamps: true, ..LogParams::default() };
    let rest = api.logs("p", &since).await.unwrap();
    assert!(rest.contains(&later) && !rest.contains(&first), "{rest}");
    assert!(rest.lines().all(|line| second(line) >= second(&later)), "{rest}");
}

#[tokio::test]
async fn the_log_before_a_crash_is_kept() {
    let f = running("p", "app:crashloop").await;
    let api = f.api::<Pod>();
    let previous = LogParams { previous: true, ..LogParams::default() };
    let log = eventually("a crash", || async { api.logs("p", &previous).await.ok() }).await;
    assert!(log.contains("exit with code 1"), "{log}");
}

#[tokio::test]
async fn what_has_no_log_says_why() {
    let f = running("p", "app:errimagepull").await;
    let api = f.api::<Pod>();
    let status = refusal(api.logs("p", &LogParams::default()).await);
    assert_eq!(status.code, 400);
    assert!(status.message.contains("is waiting to start"), "{}", status.message);
    assert_eq!(refusal(api.logs("q", &LogParams::default()).await).code, 404);
    let other = LogParams { container: Some("other".into()), ..LogParams::default() };
    let status = refusal(api.logs("p", &other).await);
    assert!(
        status.message.contains("container other is not valid for pod p"),
        "{}",
        status.message
    );
}

#[tokio::test]
async fn a_shell_is_refused_with_the_reason() {
    let f = running("p", "app:1").await;
    ready(&f, "p").await;
    let request = http_exec(&f.namespace);
    let status = refusal(f.client.request::<serde_json::Value>(request).await);
    assert_eq!(status.code, 501);
    assert!(status.message.contains("not simulated"), "{}", status.message);
}

fn http_exec(namespace: &str) -> http::Request<Vec<u8>> {
    http::Request::post(format!("/api/v1/namespaces/{namespace}/pods/p/exec?command=sh"))
        .body(Vec::new())
        .unwrap()
}
