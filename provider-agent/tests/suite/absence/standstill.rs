//! When the agent keeps silent: nothing runs of what is paid, for longer than a fifth of the limit.

use k8s_openapi::api::core::v1::{Node, Pod};
use kube::{
    Api,
    api::{DeleteParams, ListParams, Patch, PatchParams},
};
use serde_json::json;
use souk_api::orderbook::Absence;
use souk_kubesim::Outage;

use super::{LIMIT, fixture, heartbeats, now, pass, seen_after, seen_at, watched};
use crate::{
    lies::health,
    manifests::{Cluster, Leased, SITE, accepted, lease_until},
    presence::{listening, refused, said},
    support::{Fixture, InProcess, until},
};

/// Less than what counts as a halt of the chain.
const STEP: u64 = 550;

struct Bench {
    fixture: Fixture,
    metrics: String,
    gateway: String,
    cluster: Cluster,
    agent: InProcess,
    leased: Leased,
}

impl Bench {
    /// A lease that runs.
    async fn new() -> Self {
        let fixture = fixture().await;
        let (config, metrics) = watched(&fixture, &[&fixture.proxy.url]);
        let gateway = listening(&config);
        let cluster = Cluster::of(&config).await;
        let agent = InProcess::start(&config).await;
        let absence = Some(Absence { limit: LIMIT, ..Absence::default() });
        let leased = lease_until(&fixture, &agent, "ann", SITE, absence).await;
        accepted(&agent.store, &leased).await;
        cluster.has_replicas("it runs", leased.order, 1).await;
        Self { fixture, metrics, gateway, cluster, agent, leased }
    }

    async fn cordon(&self, cordoned: bool) {
        let nodes = Api::<Node>::all(self.cluster.client.clone());
        for node in nodes.list(&ListParams::default()).await.unwrap().items {
            let patch = Patch::Merge(json!({ "spec": { "unschedulable": cordoned } }));
            let name = node.metadata.name.unwrap();
            nodes.patch(&name, &PatchParams::default(), &patch).await.unwrap();
        }
    }

    async fn delete_pods(&self) {
        let pods = self.cluster.namespaced::<Pod>(self.leased.order);
        let all = ListParams::default();
        for pod in pods.list(&all).await.unwrap().items {
            let _ = pods.delete(&pod.metadata.name.unwrap(), &DeleteParams::default()).await;
        }
        until("no pod runs", async || {
            let phase = |pod: &Pod| pod.status.as_ref().and_then(|status| status.phase.clone());
            let pods = pods.list(&all).await.ok()?.items;
            pods.iter().all(|pod| phase(pod).as_deref() == Some("Pending")).then_some(())
        })
        .await;
        self.agent.settled().await;
    }

    /// Lets an hour and a half pass in small steps.
    async fn pass_slowly(&self) {
        for _ in 0..10 {
            pass(&self.fixture, &self.agent, STEP).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_of_whose_paid_leases_nothing_runs_any_more_falls_silent_and_says_why() {
    let bench = Bench::new().await;
    until("its word", async || said(&bench.gateway).await).await;
    bench.cordon(true).await;
    bench.delete_pods().await;
    bench.pass_slowly().await;
    until("the reason in health", async || {
        let text = health(&bench.metrics).await?;
        text.contains("no heartbeat is sent: nothing runs of 1 leases that are paid").then_some(())
    })
    .await;
    assert_eq!(refused(&bench.gateway).await, Some("nothing_runs".to_owned()));
    // The one that was due before is the last.
    let sent = heartbeats(&bench.fixture);
    assert!(sent <= 1, "{sent}");
    let last = seen_at(&bench.fixture).await;
    bench.pass_slowly().await;
    assert_eq!((heartbeats(&bench.fixture), seen_at(&bench.fixture).await), (sent, last));

    bench.cordon(false).await;
    let back = now(&bench.fixture).await;
    seen_after(&bench.fixture, back).await;
    until("its word", async || said(&bench.gateway).await).await;
    until("health", async || {
        (!health(&bench.metrics).await?.contains("no heartbeat is sent")).then_some(())
    })
    .await;
    bench.agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_of_the_api_server_alone_stops_no_heartbeat() {
    let bench = Bench::new().await;
    bench.fixture.sim.pause(Outage::Unavailable);
    until("pods are not seen", async || {
        health(&bench.metrics).await?.contains("pods cannot be watched").then_some(())
    })
    .await;
    bench.pass_slowly().await;
    bench.pass_slowly().await;
    let late = now(&bench.fixture).await - seen_at(&bench.fixture).await;
    assert!(late < LIMIT / 4, "{late}");
    assert!(heartbeats(&bench.fixture) >= 2);
    bench.fixture.sim.resume();
    bench.agent.stop().await;
}
