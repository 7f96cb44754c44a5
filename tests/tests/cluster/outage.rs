//! The API server is away for a while.

use std::time::Duration;

use k8s_openapi::api::{apps::v1::Deployment, core::v1::Namespace};
use kube::Api;
use souk_gateway::body::Phase;

use super::{
    fixture::{Fixture, Nodes, SITE},
    shared_cluster::Cluster,
    until,
};

#[tokio::test(flavor = "multi_thread")]
async fn while_the_api_server_is_away_nothing_is_judged_and_afterwards_all_converges() {
    let (cluster, _api) = Cluster::alone().await;
    let fixture = Fixture::new(cluster, &[Nodes::Simulated(1)]).await;
    let mut agent = fixture.agent().await;
    let (stays, ends) = (fixture.run(SITE).await, fixture.run(SITE).await);
    let namespaces = Api::<Namespace>::all(fixture.client.clone());
    let uid = async |name: &str| namespaces.get(name).await.unwrap().metadata.uid;
    let before = uid(&stays.namespace).await;

    tokio::task::block_in_place(|| cluster.plane().stop_api());
    fixture.close(&ends).await;
    let starts = fixture.order(SITE).await;
    // For longer than a watch that breaks in passing is believed.
    let height = async || fixture.market.now().await.unwrap().0;
    let begun = height().await;
    let outage = tokio::time::Instant::now() + Duration::from_secs(25);
    until("blocks go by", async || {
        (tokio::time::Instant::now() > outage && height().await > begun + 50).then_some(())
    })
    .await;
    assert!(!agent.is_over(), "{}", agent.log_tail());
    assert!(fixture.is_active(&stays).await, "no lease is closed because of an outage");
    let status = fixture.gateway(&stays).await.lease_status(stays.order).await.unwrap();
    assert_eq!(status.phase, Phase::Ready, "what was seen last, not what cannot be seen");

    tokio::task::block_in_place(|| cluster.plane().start_api());
    fixture.is_gone(&ends).await;
    let started = fixture.lease_at(0, starts).await;
    fixture.ready(&started).await;
    fixture.ready(&stays).await;
    assert!(fixture.is_active(&stays).await);
    assert_eq!(uid(&stays.namespace).await, before, "it ran all the time");
    let web = Api::<Deployment>::namespaced(fixture.client.clone(), &stays.namespace);
    assert_eq!(web.get("web").await.unwrap().metadata.generation, Some(1));
    agent.kill().await;
}
