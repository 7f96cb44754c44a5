//! Streams of logs and events.

use k8s_openapi::api::apps::v1::Deployment;
use souk_api::orderbook::ExecuteMsg;
use souk_gateway::body::{EventQuery, LogQuery, Phase};

use super::server::{refused, send, started};
use crate::{
    manifests::{Cluster, SITE, lease},
    support::{DEADLINE, Must, until},
};

#[tokio::test(flavor = "multi_thread")]
async fn streams_end_with_the_lease_and_are_counted_until_they_do() {
    let (fixture, config, agent, server) = started().await;
    let leased = lease(&fixture, &agent, "ann", SITE).await;
    let (order, ann) = (leased.order, server.client("ann"));
    send(&ann, order, &leased.upload).await;
    let cluster = Cluster::of(&config).await;
    cluster.has_replicas("it runs", order, 1).await;
    let follow = LogQuery { service: Some("web".into()), follow: true, ..LogQuery::default() };
    // The gateway learns of pods a moment after the cluster has them.
    let mut stream = until("a line", async || {
        let mut stream = ann.logs(order, &follow).await.ok()?;
        let line = stream.next().await.must("line")?;
        assert_eq!(line.service, "web");
        Some(stream)
    })
    .await;
    let unknown = LogQuery { service: Some("nobody".into()), ..LogQuery::default() };
    let answer = refused(ann.logs(order, &unknown).await);
    assert_eq!(answer, (404, "no_service".to_owned()));
    let events = EventQuery { follow: true };
    let second = until("room for a second", async || ann.events(order, &events).await.ok()).await;
    assert_eq!(refused(ann.logs(order, &follow).await), (429, "too_many_streams".to_owned()));
    drop(second);
    let mut events = until("room again", async || ann.events(order, &events).await.ok()).await;

    fixture.orderbook("ann", &ExecuteMsg::CloseLease { order, reason: None, exclude: false }).await;
    let ended = async {
        while stream.next().await.must("line").is_some() {}
        while events.next().await.must("event").is_some() {}
    };
    tokio::time::timeout(DEADLINE, ended).await.must("the streams' end");
    assert_eq!(refused(ann.logs(order, &follow).await), (410, "lease_ended".to_owned()));
    until("nothing is left", async || {
        let web = cluster.namespaced::<Deployment>(order).get_opt("web").await.ok()?;
        web.is_none().then_some(())
    })
    .await;
    let phase = ann.lease_status(order).await.must("status").phase;
    assert!(matches!(phase, Phase::Closing | Phase::Closed), "{phase:?}");
    agent.stop().await;
}
