//! Leases on the cluster: killed at any step, depleted account, manual changes, API outage.

use k8s_openapi::api::{
    apps::v1::{Deployment, StatefulSet},
    core::v1::{Namespace, PersistentVolumeClaim, ResourceQuota, Service},
    networking::v1::NetworkPolicy,
};
use kube::{
    Api,
    api::{DeleteParams, ListParams, Patch, PatchParams},
};
use souk_api::{escrow, orderbook::ExecuteMsg, orderbook::LeaseState};
use souk_core::OrderId;
use souk_kubesim::Outage;
use souk_provider::{
    failpoint,
    model::labels,
    store::{Store, hostnames, kept_volumes, leases},
};

use crate::{
    manifests::{self, Cluster, Running, SITE, accepted, lease, running},
    support::{Fixture, InProcess, Must, Process, agent::configure, until},
    volumes::kept,
};

impl Cluster {
    /// The leases that have a namespace.
    async fn namespaces(&self) -> Option<Vec<String>> {
        let all = Api::<Namespace>::all(self.client.clone());
        let ours = ListParams::default().labels(labels::ORDER);
        let found = all.list(&ours).await.ok()?;
        Some(found.items.iter().filter_map(|one| one.metadata.name.clone()).collect())
    }

    async fn is_empty(&self, what: &str) {
        let empty = async || self.namespaces().await?.is_empty().then_some(());
        until(what, empty).await;
    }
}

async fn close(fixture: &Fixture, order: OrderId) {
    fixture.orderbook("ann", &ExecuteMsg::CloseLease { order, reason: None, exclude: false }).await;
}

async fn open_store(config: &std::path::Path) -> Store {
    Store::open(&config.parent().unwrap().join("agent.db")).must("store")
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_step_of_a_lease_it_goes_on_where_it_was() {
    let fixture = manifests::fixture().await;
    let config = configure(&fixture, "agent", "");
    let cluster = Cluster::of(&config).await;
    let points: Vec<&str> =
        failpoint::ALL.iter().copied().filter(|point| point.starts_with("leases::")).collect();
    let is_end =
        |point: &&str| ["keep", "teardown", "forget"].iter().any(|part| point.contains(part));
    let (ends, starts): (Vec<&str>, Vec<&str>) = points.iter().copied().partition(is_end);
    assert!(!ends.is_empty() && !starts.is_empty());
    for (number, end) in ends.iter().enumerate() {
        let agent = InProcess::start(&config).await;
        let leased = lease(&fixture, &agent, "ann", SITE).await;
        agent.stop().await;
        let order = leased.order;
        accepted(&open_store(&config).await, &leased).await;

        // Every point at which it starts is visited once, by one lease or another.
        let at_start = starts.iter().skip(number).step_by(ends.len());
        for point in at_start {
            let mut doomed = Process::start(&config, Some(point));
            doomed.killed(point).await;
        }
        let agent = Process::start(&config, None);
        cluster.has_replicas("it runs", order, 1).await;
        agent.kill().await;

        close(&fixture, order).await;
        if !end.contains("keep") {
            let agent = InProcess::start(&config).await;
            until("its volumes are kept", async || kept(&agent.store, order).await).await;
            agent.stop().await;
            // Not before: the order wakes an agent that runs, and it would be done before it stops.
            give_up(&open_store(&config).await, order).await;
        }
        let mut doomed = Process::start(&config, Some(end));
        doomed.killed(end).await;
        let agent = InProcess::start(&config).await;
        if end.contains("keep") {
            kept_and_given_up(&agent.store, order).await;
        }
        cluster.is_empty(&format!("nothing is left after {end}")).await;
        until("the manifest is forgotten", async || {
            agent.store.manifest(order).await.unwrap().is_none().then_some(())
        })
        .await;
        let (held, ended) = agent
            .store
            .read(move |sql| {
                Ok::<_, souk_provider::store::StoreError>((
                    hostnames::of(sql, order)?,
                    leases::get(sql, order)?,
                ))
            })
            .await
            .unwrap();
        assert!(held.is_empty(), "{held:?}");
        assert!(ended.is_none_or(|lease| lease.state != LeaseState::Active));
        assert_eq!(fixture.proxy.count("place_bid", order), 1, "{end}");
        assert_eq!(fixture.proxy.count("close_lease", order), 0, "{end}");
        agent.stop().await;
    }
}

/// Waits until the volumes of a lease that ended are kept, and orders their deletion.
async fn kept_and_given_up(store: &Store, order: OrderId) {
    until("its volumes are kept", async || kept(store, order).await).await;
    give_up(store, order).await;
}

/// Orders the deletion of a lease's volumes.
async fn give_up(store: &Store, order: OrderId) {
    store.write(move |tx| kept_volumes::order_deletion(tx, order)).await.must("deletion");
}

/// Removes the store beside a configuration, with what SQLite keeps beside that.
pub fn lose_store(config: &std::path::Path) {
    for file in ["agent.db", "agent.db-wal", "agent.db-shm", "quote.key"] {
        // The last two may not be there.
        let _ = std::fs::remove_file(config.with_file_name(file));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_that_ends_while_the_agent_is_down_is_torn_down_when_it_is_back() {
    let Running { fixture, config, cluster, agent, leased } = running("").await;
    agent.stop().await;
    close(&fixture, leased.order).await;
    // Even if the store has lost the lease, the chain's answer is enough.
    lose_store(&config);
    let agent = InProcess::start(&config).await;
    kept_and_given_up(&agent.store, leased.order).await;
    cluster.is_empty("the orphan is gone").await;
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_runs_when_the_store_is_lost_is_not_closed_for_want_of_a_manifest() {
    let Running { fixture, config, cluster, agent, leased } =
        running("manifest_timeout = \"10m\"").await;
    agent.stop().await;
    lose_store(&config);
    let agent = InProcess::start(&config).await;
    until("the lease is known again", async || agent.store.lease(leased.order).await.unwrap())
        .await;
    // Upkeep is done by now, and then for far longer than a manifest may take.
    for _ in 0..3 {
        fixture.chain.advance(700).await.unwrap();
        let head = fixture.chain.produce_blocks(1).await.unwrap();
        until("blocks go by", async || {
            (agent.store.height().await.unwrap()? > head + 10).then_some(())
        })
        .await;
    }
    assert_eq!(fixture.proxy.count("close_lease", leased.order), 0);
    cluster.has_replicas("it still runs", leased.order, 1).await;
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_depleted_account_nothing_runs_and_the_data_stays_until_a_deposit() {
    let Running { fixture, cluster, agent, leased, .. } = running("").await;
    let order = leased.order;

    let row = agent.store.lease(order).await.unwrap().unwrap();
    let depletion = row.depletion().unwrap();
    let now = fixture.chain.time_ns().await.unwrap() / 1_000_000_000;
    fixture.chain.advance(depletion - now - 3).await.unwrap();
    until("no replica is wanted", async || {
        let web = cluster.namespaced::<Deployment>(order).get("web").await.ok()?;
        (web.spec?.replicas? == 0).then_some(())
    })
    .await;
    assert!(agent.store.block_time().await.unwrap().unwrap() >= depletion);
    cluster.has_replicas("nothing runs", order, 0).await;
    let claims = cluster.namespaced::<PersistentVolumeClaim>(order);
    let claims = async || claims.list(&ListParams::default()).await.must("claims").items;
    let kept = claims().await;
    assert_eq!(kept.len(), 1);

    let deposit = escrow::ExecuteMsg::Deposit { account: row.account };
    fixture.execute("bob", &fixture.contracts.escrow, &deposit, 50_000_000).await;
    cluster.has_replicas("it runs again", order, 1).await;
    let again = claims().await;
    assert_eq!(again.len(), 1);
    assert_eq!(again[0].metadata.uid, kept[0].metadata.uid);
    assert_eq!(fixture.proxy.count("close_lease", order), 0);
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_depleted_account_nothing_runs_though_kubernetes_refuses_the_manifest() {
    let Running { fixture, cluster, agent, mut leased, .. } = running("").await;
    let order = leased.order;

    // As an older agent may have taken it.
    let services = &mut leased.upload.manifest.0[0].services;
    services.iter_mut().flat_map(|service| &mut service.expose).for_each(|one| one.port = 0);
    accepted(&agent.store, &leased).await;
    let depletion = agent.store.lease(order).await.unwrap().unwrap().depletion().unwrap();
    let now = fixture.chain.time_ns().await.unwrap() / 1_000_000_000;
    fixture.chain.advance(depletion - now + 3).await.unwrap();
    cluster.has_replicas("nothing runs", order, 0).await;
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_changed_or_deleted_by_hand_is_put_right() {
    let Running { fixture: _fixture, cluster, agent, leased, .. } = running("").await;
    let order = leased.order;

    let scaled = serde_json::json!({ "spec": { "replicas": 3 } });
    let web = cluster.namespaced::<Deployment>(order);
    web.patch("web", &PatchParams::default(), &Patch::Merge(scaled)).await.must("by hand");
    cluster.has_replicas("the ordered replicas", order, 1).await;

    let gone = DeleteParams::background();
    let services = cluster.namespaced::<Service>(order);
    let before = services.get("web").await.must("service").metadata.uid;
    services.delete("web", &gone).await.must("by hand");
    until("the service is back", async || {
        let service = services.get_opt("web").await.ok()??;
        (service.metadata.uid != before).then_some(())
    })
    .await;

    is_back::<ResourceQuota>(&cluster, order, "lease").await;
    is_back::<NetworkPolicy>(&cluster, order, "lease").await;

    let sets = cluster.namespaced::<StatefulSet>(order);
    let before = sets.get("db").await.must("set").metadata.uid;
    sets.delete("db", &gone).await.must("by hand");
    until("the set is back", async || {
        let set = sets.get_opt("db").await.ok()??;
        (set.metadata.uid != before).then_some(())
    })
    .await;
    cluster.has_replicas("it runs again", order, 1).await;

    let name = cluster.namespaces().await.unwrap().pop().unwrap();
    let namespaces = Api::<Namespace>::all(cluster.client.clone());
    let before = namespaces.get(&name).await.must("namespace").metadata.uid;
    namespaces.delete(&name, &gone).await.must("by hand");
    until("the namespace is back", async || {
        let namespace = namespaces.get_opt(&name).await.ok()??;
        (namespace.metadata.uid != before).then_some(())
    })
    .await;
    cluster.has_replicas("all of it runs again", order, 1).await;
    agent.stop().await;
}

/// Deletes an object and waits until there is another of its name.
async fn is_back<K>(cluster: &Cluster, order: OrderId, name: &str)
where
    K: kube::Resource<DynamicType = (), Scope = k8s_openapi::NamespaceResourceScope>
        + serde::de::DeserializeOwned
        + Clone
        + std::fmt::Debug,
{
    let api = cluster.namespaced::<K>(order);
    let before = api.get(name).await.must("object").meta().uid.clone();
    api.delete(name, &DeleteParams::background()).await.must("by hand");
    until(&format!("{name} is back"), async || {
        let again = api.get_opt(name).await.ok()??;
        (again.meta().uid != before).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_cluster_cannot_be_asked_nothing_is_judged() {
    let fixture = manifests::fixture().await;
    let config = configure(&fixture, "agent", "");
    let cluster = Cluster::of(&config).await;
    let agent = InProcess::start(&config).await;
    let (stays, ends) =
        (lease(&fixture, &agent, "ann", SITE).await, lease(&fixture, &agent, "ann", SITE).await);
    for leased in [&stays, &ends] {
        accepted(&agent.store, leased).await;
        cluster.has_replicas("it runs", leased.order, 1).await;
    }
    fixture.sim.pause(Outage::Unavailable);
    close(&fixture, ends.order).await;
    until("the end is known", async || {
        let lease = agent.store.lease(ends.order).await.unwrap()?;
        (lease.state != LeaseState::Active).then_some(())
    })
    .await;
    // Some blocks later it has judged nothing: the manifest is still there, no lease is closed.
    let height = agent.store.height().await.unwrap().unwrap();
    until("blocks go by", async || {
        (agent.store.height().await.unwrap()? > height + 20).then_some(())
    })
    .await;
    assert!(agent.store.manifest(ends.order).await.unwrap().is_some());
    assert_eq!(fixture.proxy.count("close_lease", stays.order), 0);
    fixture.sim.resume();
    until("the ended lease is forgotten", async || {
        agent.store.manifest(ends.order).await.unwrap().is_none().then_some(())
    })
    .await;
    assert!(kept(&agent.store, ends.order).await.is_some(), "its volumes stay");
    assert!(kept(&agent.store, stays.order).await.is_none());
    cluster.has_replicas("the other one ran all the time", stays.order, 1).await;
    agent.stop().await;
}
