//! Several providers on one cluster, and several services on one address.

use std::collections::BTreeSet;

use k8s_openapi::api::{
    core::v1::{Namespace, Pod, Service},
    discovery::v1::EndpointSlice,
};
use kube::{
    Api,
    api::{ListParams, PostParams},
};
use serde_json::json;
use souk_gateway::body::Phase;

use super::{
    fixture::{Fixture, Leased, Nodes, SITE},
    shared_cluster::Cluster,
    until,
};

const SHARED: &str = include_str!("sdl/shared-address.yaml");

impl Fixture {
    /// The nodes that a lease's pods are on.
    async fn nodes_of(&self, leased: &Leased) -> BTreeSet<String> {
        let pods = Api::<Pod>::namespaced(self.client.clone(), &leased.namespace);
        let pods = pods.list(&ListParams::default()).await.unwrap();
        pods.items.into_iter().filter_map(|pod| pod.spec?.node_name).collect()
    }

    async fn nodes_of_provider(&self, provider: usize) -> BTreeSet<String> {
        let nodes = Api::<k8s_openapi::api::core::v1::Node>::all(self.client.clone());
        let (key, value) = self.providers[provider].nodes.first_key_value().unwrap();
        let own = ListParams::default().labels(&format!("{key}={value}"));
        let listed = nodes.list(&own).await.unwrap();
        listed.items.into_iter().filter_map(|node| node.metadata.name).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_providers_on_one_cluster_keep_to_their_own_nodes_and_leases() {
    let (cluster, _api) = Cluster::share().await;
    let fixture = Fixture::new(cluster, &[Nodes::Simulated(1), Nodes::Simulated(2)]).await;
    let (first, second) = (fixture.agent_of(0).await, fixture.agent_of(1).await);
    let (at_first, at_second) = (fixture.order(SITE).await, fixture.order(SITE).await);
    let at_first = fixture.lease_at(0, at_first).await;
    let at_second = fixture.lease_at(1, at_second).await;
    for (leased, provider) in [(&at_first, 0), (&at_second, 1)] {
        fixture.ready(leased).await;
        let own = fixture.nodes_of_provider(provider).await;
        let used = fixture.nodes_of(leased).await;
        assert!(!used.is_empty() && used.is_subset(&own), "{used:?} of {own:?}");
    }
    let uid = async |leased: &Leased| fixture.namespace(&leased.namespace).await?.metadata.uid;
    let before = uid(&at_second).await;

    // The first loses its memory and its lease meanwhile: what it finds in the cluster it
    // judges by the chain, and the second's lease is none of its business. With its key it would bid nothing
    // until all that it may have signed is over.
    first.kill().await;
    for file in ["agent.db", "agent.db-wal", "agent.db-shm", "quote.key"] {
        let _ = std::fs::remove_file(fixture.providers[0].config.with_file_name(file));
    }
    fixture.close(&at_first).await;
    let first = fixture.agent_of(0).await;
    fixture.is_gone(&at_first).await;
    assert_eq!(uid(&at_second).await, before);
    fixture.ready(&at_second).await;

    // Even with the second's agent away, whose lease nobody else knows.
    second.kill().await;
    let again = fixture.run(SITE).await;
    fixture.close(&again).await;
    fixture.is_gone(&again).await;
    assert_eq!(uid(&at_second).await, before);
    assert!(fixture.is_active(&at_second).await);
    first.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_namespace_of_a_leases_name_that_is_somebody_elses_is_left_alone() {
    let (cluster, _api) = Cluster::share().await;
    let fixture = Fixture::new(cluster, &[Nodes::Simulated(1)]).await;
    let agent = fixture.agent().await;
    let order = fixture.order(SITE).await;
    let address = &fixture.providers[0].address;
    let name = fixture.namespace_of(address, order.order);
    let namespaces = Api::<Namespace>::all(fixture.client.clone());
    let theirs = json!({ "metadata": { "name": name, "labels": { "team": "theirs" } } });
    let theirs = serde_json::from_value(theirs).unwrap();
    namespaces.create(&PostParams::default(), &theirs).await.unwrap();

    let leased = fixture.lease_at(0, order).await;
    let status = fixture
        .status(&leased, "whose namespace it is", |status| {
            status.detail.as_deref().is_some_and(|detail| detail.contains("is not this provider's"))
        })
        .await;
    assert_eq!(status.phase, Phase::Deploying);
    fixture.close(&leased).await;
    fixture.status(&leased, "the end", |status| status.phase == Phase::Closed).await;
    let left = fixture.namespace(&name).await.unwrap();
    assert_eq!(left.metadata.deletion_timestamp, None);
    assert!(!left.metadata.labels.unwrap().contains_key(souk_provider::model::labels::ORDER));
    namespaces.delete(&name, &Default::default()).await.unwrap();
    agent.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn services_that_share_a_leased_address_are_each_reached_at_their_own_port() {
    let (cluster, _api) = Cluster::share().await;
    let fixture = Fixture::new(cluster, &[Nodes::Simulated(1)]).await;
    let agent = fixture.agent().await;
    let leased = fixture.run(SHARED).await;
    let services = Api::<Service>::namespaced(fixture.client.clone(), &leased.namespace);
    let mut services = services.list(&ListParams::default()).await.unwrap().items;
    services.retain(|one| one.spec.as_ref().unwrap().type_.as_deref() == Some("LoadBalancer"));
    assert_eq!(services.len(), 1, "one address, one balancer");

    // Where the cluster itself says that the ports lead.
    let name = services[0].metadata.name.clone().unwrap();
    let slices = Api::<EndpointSlice>::namespaced(fixture.client.clone(), &leased.namespace);
    let of_service = ListParams::default().labels(&format!("kubernetes.io/service-name={name}"));
    let expected = BTreeSet::from([
        ("tcp-6667".to_owned(), "chat".to_owned(), 2),
        ("tcp-80".to_owned(), "web".to_owned(), 1),
    ]);
    until("an endpoint for each replica", async || {
        let slices = slices.list(&of_service).await.ok()?.items;
        let found = slices.iter().flat_map(|slice| {
            let endpoints: Vec<_> = slice.endpoints.iter().flatten().collect();
            let pod = endpoints.first().and_then(|one| one.target_ref.as_ref()?.name.clone());
            let service = pod.unwrap_or_default();
            let service = service.split('-').next().unwrap_or_default().to_owned();
            let port = |name: &Option<String>| {
                (name.clone().unwrap_or_default(), service.clone(), endpoints.len())
            };
            slice.ports.iter().flatten().map(|one| port(&one.name)).collect::<Vec<_>>()
        });
        (found.collect::<BTreeSet<_>>() == expected).then_some(())
    })
    .await;
    agent.kill().await;
}
