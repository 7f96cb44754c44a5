//! The volumes of a lease that ended.

use k8s_openapi::api::{
    apps::v1::{Deployment, StatefulSet},
    core::v1::{Namespace, Pod, Secret, Service},
    networking::v1::Ingress,
};
use kube::{Api, api::ListParams};
use souk_api::orderbook::{ExecuteMsg, LeaseState};
use souk_core::{CloseReason, OrderId};
use souk_provider::{
    config::Config,
    model::{labels, scope::MarketScope},
    store::{StoreError, Tx, hostnames, kept_volumes, leases, manifests, reservations},
};

use super::{change, kept, runs, uids};
use crate::{
    manifests::{
        Cluster, Leased, Running, SITE, accepted, create_deployment, fixture, lease, running,
    },
    support::{Fixture, InProcess, Must, agent::configure, app, until},
};

async fn close(fixture: &Fixture, order: OrderId) {
    fixture.orderbook("ann", &ExecuteMsg::CloseLease { order, reason: None, exclude: false }).await;
}

async fn is_there(cluster: &Cluster, config: &std::path::Path, order: OrderId) -> Option<bool> {
    let scope = MarketScope::of(&Config::load(config).must("configuration"));
    let namespaces = Api::<Namespace>::all(cluster.client.clone());
    Some(namespaces.get_opt(&scope.namespace(order)).await.ok()?.is_some())
}

async fn is_gone(cluster: &Cluster, config: &std::path::Path, order: OrderId) {
    until("the namespace is gone", async || {
        (!is_there(cluster, config, order).await?).then_some(())
    })
    .await;
}

/// Waits until nothing of a lease is left but its volumes.
async fn stripped(cluster: &Cluster, order: OrderId) {
    async fn none<K>(cluster: &Cluster, order: OrderId) -> Option<()>
    where
        K: kube::Resource<DynamicType = (), Scope = k8s_openapi::NamespaceResourceScope>
            + serde::de::DeserializeOwned
            + Clone
            + std::fmt::Debug,
    {
        let ours = ListParams::default().labels(labels::ORDER);
        let all = cluster.namespaced::<K>(order).list(&ours).await.ok()?;
        all.items.is_empty().then_some(())
    }
    until("nothing runs, leads to it or is secret", async || {
        none::<Pod>(cluster, order).await?;
        none::<StatefulSet>(cluster, order).await?;
        none::<Deployment>(cluster, order).await?;
        none::<Service>(cluster, order).await?;
        none::<Ingress>(cluster, order).await?;
        none::<Secret>(cluster, order).await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ended_keeps_nothing_but_its_volumes_also_through_a_restart_until_its_time_is_over() {
    let Running { fixture, config, cluster, agent, leased } = running("").await;
    let order = leased.order;
    let before = uids(&cluster, order).await;
    close(&fixture, order).await;
    stripped(&cluster, order).await;
    let row = kept(&agent.store, order).await.unwrap();
    assert_eq!((row.volumes.len(), row.bytes("default")), (1, 1 << 30));
    assert_eq!(row.until - row.since, 3_600, "it ran for less than an hour");
    let held = agent
        .store
        .read(move |sql| {
            Ok::<_, StoreError>((hostnames::of(sql, order)?, reservations::get(sql, order)?))
        })
        .await
        .unwrap();
    assert!(held.0.is_empty() && held.1.is_none(), "{held:?}");
    assert!(agent.store.manifest(order).await.unwrap().is_none());

    agent.stop().await;
    let agent = InProcess::start(&config).await;
    let other = lease(&fixture, &agent, "ann", SITE).await;
    accepted(&agent.store, &other).await;
    cluster.has_replicas("another runs meanwhile", other.order, 1).await;
    assert_eq!(uids(&cluster, order).await, before);
    assert_eq!(kept(&agent.store, order).await, Some(row));

    let over = move |tx: &Tx<'_>| {
        tx.execute("UPDATE kept_volumes SET until = 5", [])?;
        tx.lease_changed(order);
        Ok::<_, StoreError>(())
    };
    agent.store.write(over).await.unwrap();
    is_gone(&cluster, &config, order).await;
    until("its row is gone", async || kept(&agent.store, order).await.is_none().then_some(()))
        .await;
    cluster.has_replicas("the other one still runs", other.order, 1).await;
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_whose_end_was_believed_wrongly_has_its_data_again() {
    let fixture = fixture().await;
    let config = configure(&fixture, "agent", "");
    let rpc = format!("rpc = [\"{}\"]", fixture.proxy.url);
    change(&config, &rpc, &format!("{rpc}\naudit_interval = \"4s\""));
    let cluster = Cluster::of(&config).await;
    let agent = InProcess::start(&config).await;
    let leased = lease(&fixture, &agent, "ann", SITE).await;
    let order = leased.order;
    accepted(&agent.store, &leased).await;
    cluster.has_replicas("it runs", order, 1).await;
    let before = uids(&cluster, order).await;

    let wrong =
        move |tx: &Tx<'_>| leases::close(tx, order, LeaseState::Closed, CloseReason::Tenant, 1);
    agent.store.write(wrong).await.unwrap();
    until("its volumes are kept", async || kept(&agent.store, order).await).await;
    until("the audit takes it up again", async || {
        let lease = agent.store.lease(order).await.unwrap()?;
        (lease.state == LeaseState::Active && kept(&agent.store, order).await.is_none())
            .then_some(())
    })
    .await;
    // The manifest had secrets and is gone; the tenant sends it again.
    assert!(agent.store.manifest(order).await.unwrap().is_none());
    accepted(&agent.store, &leased).await;
    runs(&cluster, order, "db", "postgres:17").await;
    cluster.has_replicas("all of it runs", order, 1).await;
    assert_eq!(uids(&cluster, order).await, before);
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_that_was_ordered_after_one_nodes_word_waits_for_the_others() {
    let Running { fixture, config, cluster, agent, leased } = running("").await;
    let order = leased.order;
    let before = uids(&cluster, order).await;
    // As after a store was lost and one node listed the lease as ended.
    let listed = move |tx: &Tx<'_>| {
        leases::close(tx, order, LeaseState::Closed, CloseReason::Tenant, 1)?;
        manifests::forget(tx, order)?;
        kept_volumes::order_deletion(tx, order)
    };
    agent.store.write(listed).await.unwrap();
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    assert_eq!(is_there(&cluster, &config, order).await, Some(true));
    assert_eq!(uids(&cluster, order).await, before);

    close(&fixture, order).await;
    is_gone(&cluster, &config, order).await;
    until("its row is gone", async || kept(&agent.store, order).await.is_none().then_some(()))
        .await;
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_without_volumes_leaves_nothing() {
    let fixture = fixture().await;
    let config = configure(&fixture, "agent", "");
    let cluster = Cluster::of(&config).await;
    let agent = InProcess::start(&config).await;
    let sdl = SITE.replace("          - { name: data, size: 1Gi, attributes: { persistent: true, class: default } }\n", "")
        .replace("    params: { storage: { data: { mount: /data } } }\n", "");
    let leased = lease(&fixture, &agent, "ann", &sdl).await;
    accepted(&agent.store, &leased).await;
    until("it runs", async || {
        let web = cluster.namespaced::<Deployment>(leased.order).get_opt("web").await.ok()??;
        (web.status?.ready_replicas? == 1).then_some(())
    })
    .await;
    close(&fixture, leased.order).await;
    is_gone(&cluster, &config, leased.order).await;
    assert!(kept(&agent.store, leased.order).await.is_none());
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_kept_is_not_on_offer_and_what_ran_shortest_goes_beyond_the_share() {
    let fixture = fixture().await;
    let config = configure(&fixture, "agent", "");
    // A gibibyte of four may be kept.
    change(&config, "name = \"standard\"", "name = \"standard\", capacity = \"4Gi\"");
    let cluster = Cluster::of(&config).await;
    let agent = InProcess::start(&config).await;
    let mut all: Vec<Leased> = Vec::new();
    for _ in 0..2 {
        let leased = lease(&fixture, &agent, "ann", SITE).await;
        accepted(&agent.store, &leased).await;
        cluster.has_replicas("it runs", leased.order, 1).await;
        all.push(leased);
        // The API server's clock has whole seconds.
        tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
    }
    let (older, newer) = (all[0].order, all[1].order);
    close(&fixture, newer).await;
    until("it is kept", async || kept(&agent.store, newer).await).await;
    // The tenant's group has a new order. One gibibyte runs, one is bid on, one is kept.
    let again = OrderId(newer.0 + 1);
    until("a bid on the group again", || fixture.own_bid(again)).await;
    let large = SITE.replace("size: 1Gi", "size: 2Gi");
    let too_large = create_deployment(&fixture, "ann", &large).await.order;
    agent.decision(too_large, "1073741824 left").await;
    let other = fixture.order("ann", app("other")).await;
    until("a bid on what needs no volume", || fixture.own_bid(other)).await;

    close(&fixture, older).await;
    is_gone(&cluster, &config, newer).await;
    assert!(kept(&agent.store, older).await.is_some());
    assert_eq!(is_there(&cluster, &config, older).await, Some(true));
    agent.stop().await;
}
