//! Tenants learn why their pods do not run: in the status of the lease, and as events.

use k8s_openapi::api::core::v1::Pod;
use kube::{
    Api,
    api::{ListParams, Patch, PatchParams},
};
use serde_json::json;
use souk_client::show;
use souk_gateway::body::{EventQuery, LeaseStatus, PodStatus};

use crate::{
    gpus::client,
    manifests::{Cluster, Leased, accepted, lease},
    support::{Fixture, InProcess, agent::configure, free_port, until},
};

/// A service of one pod, with an image whose name says how it behaves.
pub fn sdl(image: &str) -> String {
    format!(
        r#"
version: "2.0"
services:
  web:
    image: {image}
    expose: [{{ port: 80, to: [{{ global: true }}] }}]
profiles:
  compute:
    web:
      resources: {{ cpu: {{ units: 100m }}, memory: {{ size: 256Mi }}, storage: {{ size: 64Mi }} }}
  placement:
    here: {{ pricing: {{ web: {{ denom: uakt, amount: 5000 }} }} }}
deployment:
  web: {{ here: {{ profile: web, count: 1 }} }}
"#
    )
}

struct Bench {
    fixture: Fixture,
    cluster: Cluster,
    gateway: souk_client::gateway::Client,
    agent: InProcess,
}

impl Bench {
    async fn new() -> Self {
        let fixture = Fixture::new().await;
        let config = configure(&fixture, "agent", "");
        let port = free_port();
        let text = std::fs::read_to_string(&config).unwrap();
        std::fs::write(&config, text.replace("127.0.0.1:0", &format!("127.0.0.1:{port}"))).unwrap();
        let cluster = Cluster::of(&config).await;
        let gateway = client(&fixture, &config, port);
        let agent = InProcess::start(&config).await;
        Self { fixture, cluster, gateway, agent }
    }

    async fn runs(&self, image: &str) -> Leased {
        let leased = lease(&self.fixture, &self.agent, "ann", &sdl(image)).await;
        accepted(&self.agent.store, &leased).await;
        leased
    }

    async fn status(
        &self,
        leased: &Leased,
        what: &str,
        is: impl Fn(&PodStatus) -> bool,
    ) -> LeaseStatus {
        until(what, async || {
            let status = self.gateway.lease_status(leased.order).await.ok()?;
            status.services[0].pods.iter().any(&is).then_some(status)
        })
        .await
    }
}

fn says(pod: &PodStatus, text: &str) -> bool {
    pod.reason.as_deref().is_some_and(|reason| reason.contains(text))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_killed_for_its_memory_is_named_with_code_restarts_and_advice() {
    let bench = Bench::new().await;
    let leased = bench.runs("app:oomkill").await;
    let status = bench
        .status(&leased, "why it died", |pod| {
            pod.restarts > 1 && says(pod, "OOMKilled (exit code 137)") && says(pod, "back-off")
        })
        .await;
    let pod = &status.services[0].pods[0];
    let expected = format!("OOMKilled (exit code 137), {} restarts; back-off", pod.restarts);
    let reason = pod.reason.as_deref().unwrap();
    assert!(reason.starts_with(&expected), "{reason}");
    assert!(reason.ends_with("the memory is 256Mi: ask for more"), "{reason}");
    let failure = pod.failure.as_deref().unwrap();
    assert_eq!((failure.reason.as_str(), failure.exit_code), ("OOMKilled", Some(137)));
    assert!(status.detail.unwrap().contains("OOMKilled (exit code 137)"));

    // Between two crashes, while it runs.
    bench
        .status(&leased, "why it died, while it runs", |pod| {
            says(pod, "OOMKilled (exit code 137)") && says(pod, "runs again")
        })
        .await;
    let shown = bench.gateway.lease_status(leased.order).await.unwrap();
    assert!(show::status(&shown).contains("OOMKilled (exit code 137)"), "{}", show::status(&shown));

    for follow in [false, true] {
        let mut events = bench.gateway.events(leased.order, &EventQuery { follow }).await.unwrap();
        let message = loop {
            let event = events.next().await.unwrap().expect("an event that says so");
            if event.reason == "OOMKilled" {
                break event.message;
            }
        };
        assert!(message.contains("(exit code 137)") && message.contains("256Mi"), "{message}");
    }
    bench.agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_that_cannot_be_pulled_is_named_in_the_clusters_words() {
    let bench = Bench::new().await;
    let leased = bench.runs("app:errimagepull").await;
    let status = bench.status(&leased, "why", |pod| says(pod, "ImagePullBackOff: ")).await;
    let reason = status.services[0].pods[0].reason.clone().unwrap();
    assert!(reason.contains("app:errimagepull"), "{reason}");
    bench.agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_hundreds_of_evicted_pods_a_few_are_shown_and_the_others_counted() {
    let bench = Bench::new().await;
    let leased = bench.runs("app:1").await;
    let pods: Api<Pod> = bench.cluster.namespaced(leased.order);
    for number in 0..6 {
        let pod = until("a live pod", async || {
            let all = pods.list(&ListParams::default()).await.ok()?.items;
            let live = all.into_iter().find(|pod| {
                pod.status.as_ref().and_then(|status| status.phase.as_deref()) == Some("Running")
            })?;
            live.metadata.name
        })
        .await;
        // Not long ago, so that they are still there.
        let now = ago(number);
        let status = json!({ "phase": "Failed", "reason": "Evicted", "startTime": now, "conditions": null,
            "message": "Pod ephemeral local storage usage exceeds the total limit of containers 64Mi. ",
            "containerStatuses": null });
        let patch = Patch::Merge(json!({ "status": status }));
        pods.patch_status(&pod, &PatchParams::default(), &patch).await.unwrap();
    }
    let status = until("six that failed", async || {
        let status = bench.gateway.lease_status(leased.order).await.ok()?;
        (status.services[0].failed_pods == 6).then_some(status)
    })
    .await;
    let evicted: Vec<&PodStatus> =
        status.services[0].pods.iter().filter(|pod| says(pod, "Evicted: ")).collect();
    assert_eq!(evicted.len(), 3, "{status:?}");
    assert!(says(evicted[0], "the disk is 64Mi"), "{:?}", evicted[0]);
    let shown = show::status(&status);
    assert!(shown.contains("3 more that failed"), "{shown}");
    bench.agent.stop().await;
}

/// This many seconds ago, RFC 3339.
fn ago(seconds: i64) -> String {
    let now = k8s_openapi::jiff::Timestamp::now();
    let then = k8s_openapi::jiff::Timestamp::from_second(now.as_second() - seconds).unwrap();
    then.to_string()
}
