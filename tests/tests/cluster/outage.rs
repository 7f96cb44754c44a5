//! The API server is away for a while.

use std::time::Duration;

use k8s_openapi::api::{apps::v1::Deployment, core::v1::Namespace};
use kube::Api;
use souk_gateway::body::Phase;

use super::{
    cluster::Cluster,
    until,
    world::{Nodes, SITE, World},
};

#[tokio::test(flavor = "multi_thread")]
async fn while_the_api_server_is_away_nothing_is_judged_and_afterwards_all_converges() {
    let (cluster, _api) = Cluster::alone().await;
    let world = World::new(cluster, &[Nodes::Simulated(1)]).await;
    let mut agent = world.agent().await;
    let (stays, ends) = (world.run(SITE).await, world.run(SITE).await);
    let namespaces = Api::<Namespace>::all(world.client.clone());
    let uid = async |name: &str| namespaces.get(name).await.unwrap().metadata.uid;
    let before = uid(&stays.namespace).await;

    tokio::task::block_in_place(|| cluster.plane().stop_api());
    world.close(&ends).await;
    let starts = world.tender(SITE).await;
    // For longer than a watch that breaks in passing is believed.
    let height = async || world.market.now().await.unwrap().0;
    let begun = height().await;
    let outage = tokio::time::Instant::now() + Duration::from_secs(25);
    until("blocks go by", async || {
        (tokio::time::Instant::now() > outage && height().await > begun + 50).then_some(())
    })
    .await;
    assert!(!agent.is_over(), "{}", agent.last_words());
    assert!(world.is_active(&stays).await, "no lease is closed because of an outage");
    let status = world.gateway(&stays).await.lease_status(stays.order).await.unwrap();
    assert_eq!(status.phase, Phase::Ready, "what was seen last, not what cannot be seen");

    tokio::task::block_in_place(|| cluster.plane().start_api());
    world.is_gone(&ends).await;
    let started = world.lease_at(0, starts).await;
    world.ready(&started).await;
    world.ready(&stays).await;
    assert!(world.is_active(&stays).await);
    assert_eq!(uid(&stays.namespace).await, before, "it ran all the time");
    let web = Api::<Deployment>::namespaced(world.client.clone(), &stays.namespace);
    assert_eq!(web.get("web").await.unwrap().metadata.generation, Some(1));
    agent.kill().await;
}
