//! What the cluster cannot do, and how the tenant learns of it.

use k8s_openapi::api::core::v1::{ConfigMap, Node};
use kube::{
    Api,
    api::{Patch, PatchParams, PostParams},
};
use serde_json::json;
use souk_gateway::body::Phase;

use super::{
    fixture::{Fixture, Leased, Nodes, SITE},
    shared_cluster::Cluster,
    until,
};

impl Fixture {
    /// Cordons or opens all simulated nodes of the first provider.
    async fn cordon(&self, cordoned: bool) {
        let nodes = Api::<Node>::all(self.client.clone());
        let (key, value) = self.providers[0].nodes.first_key_value().unwrap();
        let own = kube::api::ListParams::default().labels(&format!("{key}={value}"));
        let patch = Patch::Merge(json!({ "spec": { "unschedulable": cordoned } }));
        for node in nodes.list(&own).await.unwrap() {
            let name = node.metadata.name.unwrap();
            nodes.patch(&name, &PatchParams::default(), &patch).await.unwrap();
        }
    }

    /// Puts something into a lease's namespace that no deletion gets past, or takes it away.
    async fn hold(&self, leased: &Leased, held: bool) {
        let maps = Api::<ConfigMap>::namespaced(self.client.clone(), &leased.namespace);
        let finalizers: &[&str] = if held { &["souk.test/held"] } else { &[] };
        let metadata = json!({ "name": "held", "finalizers": finalizers });
        if held {
            let map = serde_json::from_value(json!({ "metadata": metadata })).unwrap();
            maps.create(&PostParams::default(), &map).await.unwrap();
        } else {
            let patch = Patch::Merge(json!({ "metadata": metadata }));
            maps.patch("held", &PatchParams::default(), &patch).await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_pod_that_finds_no_node_the_tenant_learns_why() {
    let (cluster, _api) = Cluster::share().await;
    let fixture = Fixture::new(cluster, &[Nodes::Simulated(1)]).await;
    let agent = fixture.agent().await;
    let order = fixture.order(SITE).await;
    until("a bid", async || {
        (!fixture.market.orderbook.bids(order.order).await.unwrap().is_empty()).then_some(())
    })
    .await;
    // What was free when the bid was made is not any more.
    fixture.cordon(true).await;
    let leased = fixture.lease_at(0, order).await;
    let status = fixture
        .status(&leased, "a pod without a node", |status| {
            let pods = status.services.iter().flat_map(|service| &service.pods);
            let mut reasons = pods.filter_map(|pod| pod.reason.as_deref());
            reasons.any(|reason| reason.starts_with("Unschedulable"))
        })
        .await;
    assert_eq!(status.phase, Phase::Deploying);
    let detail = status.detail.unwrap();
    assert!(detail.contains("nodes are available"), "{detail}");
    until("the event that says so", async || {
        let events = fixture.events(&leased).await;
        events.iter().any(|(reason, _)| reason == "FailedScheduling").then_some(())
    })
    .await;
    assert!(fixture.is_active(&leased).await);

    fixture.cordon(false).await;
    fixture.ready(&leased).await;
    agent.kill().await;
}

/// What tenants read of a finalizer: its name is the operator's.
const HELD: &str = "Some content in the namespace has finalizers remaining: … in 1";

#[tokio::test(flavor = "multi_thread")]
async fn a_namespace_that_is_stuck_in_deletion_is_reported_and_stops_nobody_else() {
    let (cluster, _api) = Cluster::share().await;
    let fixture = Fixture::new(cluster, &[Nodes::Simulated(1)]).await;
    let agent = fixture.agent().await;
    let (ends, stays) = (fixture.run(SITE).await, fixture.run(SITE).await);
    for leased in [&ends, &stays] {
        fixture.hold(leased, true).await;
    }
    fixture.close(&ends).await;
    fixture.give_up(&ends).await;
    let status = fixture
        .status(&ends, "what keeps the namespace", |status| {
            status.detail.as_deref().is_some_and(|detail| detail.contains(HELD))
        })
        .await;
    assert_eq!(status.phase, Phase::Closing);

    // One whose lease runs on, deleted by hand.
    let namespaces = Api::<k8s_openapi::api::core::v1::Namespace>::all(fixture.client.clone());
    namespaces.delete(&stays.namespace, &Default::default()).await.unwrap();
    let status = fixture
        .status(&stays, "what keeps the namespace", |status| {
            status.detail.as_deref().is_some_and(|detail| detail.contains(HELD))
        })
        .await;
    assert_eq!(status.phase, Phase::Deploying);

    let other = fixture.run(SITE).await;
    assert!(fixture.namespace(&ends.namespace).await.is_some());
    fixture.hold(&ends, false).await;
    fixture.hold(&stays, false).await;
    fixture.is_gone(&ends).await;
    fixture.ready(&stays).await;
    fixture.ready(&other).await;
    assert!(fixture.is_active(&stays).await);
    agent.kill().await;
}
