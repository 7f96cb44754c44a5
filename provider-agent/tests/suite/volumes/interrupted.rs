//! Updates of several replicas that are stopped in between, by the API server or by a replica that does
//! not become ready.

use std::collections::BTreeMap;

use k8s_openapi::api::{
    apps::v1::StatefulSet,
    core::v1::{Secret, Service},
};
use kube::api::ListParams;
use souk_core::OrderId;

use super::{claims_of, is_ready, runs, uids};
use crate::{
    manifests::{Cluster, accepted, fixture, lease, upload},
    support::{ApiProxy, Fixture, InProcess, agent::configure, until},
};

/// Services with a volume and a secret each, with their replicas.
fn sdl(services: &[(&str, usize)], image: &str) -> String {
    let mut text = String::from("version: \"2.0\"\nservices:\n");
    for (name, _) in services {
        text += &format!(
            "  {name}:
    image: {image}
    env: [TOKEN=secret]
    expose: [{{ port: 80, to: [{{ global: true }}] }}]
    params: {{ storage: {{ data: {{ mount: /data }} }} }}\n"
        );
    }
    text += "profiles:\n  compute:\n    db: { resources: { cpu: { units: 100m }, memory: { size: 64Mi }, storage: [
      { size: 64Mi }, { name: data, size: 1Gi, attributes: { persistent: true, class: default } }] } }
  placement: { here: { pricing: { db: { denom: uakt, amount: 500 } } } }\ndeployment:\n";
    for (name, count) in services {
        text += &format!("  {name}: {{ here: {{ profile: db, count: {count} }} }}\n");
    }
    text
}

/// The claims of each service's replicas, once all of them run an image.
async fn mounted(
    cluster: &Cluster,
    order: OrderId,
    services: &[(&str, usize)],
    image: &str,
) -> BTreeMap<String, Vec<String>> {
    let mut mounted = BTreeMap::new();
    for (name, count) in services {
        let sets = cluster.namespaced::<StatefulSet>(order);
        let claims = until(&format!("{name} runs {image}"), async || {
            let ours = ListParams::default().labels(&format!("souk.market/service={name}"));
            let all = sets.list(&ours).await.ok()?.items;
            (all.len() == *count && all.iter().all(|set| is_ready(set, image)))
                .then(|| all.iter().flat_map(claims_of).collect::<Vec<_>>())
        })
        .await;
        mounted.insert((*name).to_owned(), claims);
    }
    mounted
}

/// An agent whose requests to the cluster can be refused.
async fn behind_a_proxy() -> (Fixture, ApiProxy, Cluster, InProcess) {
    let fixture = fixture().await;
    let config = configure(&fixture, "agent", "");
    let api = ApiProxy::before(&fixture).await;
    api.stand_before(&fixture, &config);
    let cluster = Cluster::of(&config).await;
    let agent = InProcess::start(&config).await;
    (fixture, api, cluster, agent)
}

#[tokio::test(flavor = "multi_thread")]
async fn renamed_services_keep_their_volumes_though_some_claims_cannot_be_written_at_first() {
    let (fixture, api, cluster, agent) = behind_a_proxy().await;
    let (old, new) = ([("a", 2), ("b", 1)], [("x", 2), ("y", 1)]);
    let mut leased = lease(&fixture, &agent, "ann", &sdl(&old, "app:1")).await;
    let order = leased.order;
    accepted(&agent.store, &leased).await;
    let before = mounted(&cluster, order, &old, "app:1").await;
    let claims = uids(&cluster, order).await;

    // One of the three is written; the others fail again and again.
    let written = &before["a"][0];
    let refused: Vec<&String> = claims.keys().filter(|claim| *claim != written).collect();
    for claim in &refused {
        api.refuse(&format!("PATCH persistentvolumeclaims/{claim}"));
    }
    leased.upload = upload(&sdl(&new, "app:2"));
    accepted(&agent.store, &leased).await;
    until("the others are tried twice", async || {
        let requests = api.requests();
        let tries = |claim: &String| {
            let ends = |line: &&String| line.starts_with("PATCH") && line.ends_with(claim.as_str());
            // Once they were made.
            requests.iter().filter(ends).count() - 1
        };
        refused.iter().all(|claim| tries(claim) >= 2).then_some(())
    })
    .await;
    api.go_on();
    let after = mounted(&cluster, order, &new, "app:2").await;
    assert_eq!([&after["x"], &after["y"]], [&before["a"], &before["b"]]);
    assert_eq!(uids(&cluster, order).await, claims);
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_waits_keeps_what_it_needs_and_is_looked_at_more_and_more_seldom() {
    let (fixture, api, cluster, agent) = behind_a_proxy().await;
    let (old, new) = ([("db", 2)], [("store", 2)]);
    let mut leased = lease(&fixture, &agent, "ann", &sdl(&old, "app:1")).await;
    let order = leased.order;
    accepted(&agent.store, &leased).await;
    let before = mounted(&cluster, order, &old, "app:1").await;

    let image = "app-neverready:2";
    leased.upload = upload(&sdl(&new, image));
    accepted(&agent.store, &leased).await;
    let sets = cluster.namespaced::<StatefulSet>(order);
    let image_of = |set: &StatefulSet| {
        let pod = set.spec.as_ref()?.template.spec.as_ref()?;
        pod.containers.first()?.image.clone()
    };
    until("the first is changed", async || {
        let first = sets.get("db").await.ok()?;
        (image_of(&first)? == image).then_some(())
    })
    .await;
    // Passes go on for some seconds: at 2, 6 and 14, and what the caches see of the first.
    tokio::time::sleep(std::time::Duration::from_secs(6)).await;
    let writes = api.writes().len();
    tokio::time::sleep(std::time::Duration::from_secs(10)).await;
    assert_eq!(api.writes()[writes..], [""; 0], "nothing is written while it waits");
    assert!(is_ready(&runs(&cluster, order, "db-1", "app:1").await, "app:1"));
    let secrets = cluster.namespaced::<Secret>(order);
    assert!(secrets.get_opt("db-env").await.unwrap().is_some(), "its pod may start again");
    let services = cluster.namespaced::<Service>(order);
    assert!(services.get_opt("db").await.unwrap().is_some(), "others still reach it");

    leased.upload = upload(&sdl(&new, "app:3"));
    accepted(&agent.store, &leased).await;
    let after = mounted(&cluster, order, &new, "app:3").await;
    assert_eq!(after["store"], before["db"]);
    until("what was needed is gone", async || {
        let is_there = secrets.get_opt("db-env").await.ok()?.is_some();
        (!is_there && services.get_opt("db").await.ok()?.is_none()).then_some(())
    })
    .await;
    agent.stop().await;
}
