//! The agent is killed between any two steps of a deployment and of a teardown.

use k8s_openapi::api::{apps::v1::Deployment, core::v1::Pod};
use kube::{Api, api::ListParams};
use souk_provider::store::{Store, kept_volumes};

use super::{
    agent::At,
    fixture::{Fixture, Nodes, SITE},
    shared_cluster::Cluster,
    until,
};

#[tokio::test(flavor = "multi_thread")]
async fn killed_between_any_two_steps_it_deploys_and_tears_down_all_the_same() {
    let (cluster, _api) = Cluster::share().await;
    let fixture = Fixture::new(cluster, &[Nodes::Simulated(1)]).await;
    let agent = fixture.agent().await;
    // So that the manifest is there before anything is applied.
    let order = fixture.order(SITE).await;
    agent.kill().await;
    let agent = fixture.agent_killed_at(At("leases::before_apply", 0));
    let leased = fixture.accept(0, &order).await;
    // It may be killed before it has said that it took the manifest.
    let _ = fixture.launch(&order).await;
    agent.killed("before the first object").await;
    assert!(fixture.namespace(&leased.namespace).await.is_none());

    // Namespace, quota, limits, policy, identity, secret, three services, a claim, two workloads, one host.
    const OBJECTS: u32 = 13;
    for after in 0..OBJECTS {
        let agent = fixture.agent_killed_at(At("leases::after_object", after));
        agent.killed(&format!("object {after}")).await;
    }
    for point in ["leases::after_apply", "leases::after_prune"] {
        fixture.agent_killed_at(At(point, 0)).killed(point).await;
    }
    let pods = Api::<Pod>::namespaced(fixture.client.clone(), &leased.namespace);
    until("pods on a simulated node", async || {
        let listed = pods.list(&ListParams::default()).await.ok()?.items;
        (listed.len() == 2).then_some(())
    })
    .await;

    let agent = fixture.agent().await;
    fixture.ready(&leased).await;
    // All the killing left one of each, never changed after it was made.
    let web = Api::<Deployment>::namespaced(fixture.client.clone(), &leased.namespace);
    assert_eq!(web.get("web").await.unwrap().metadata.generation, Some(1));
    agent.kill().await;

    fixture.close(&leased).await;
    let point = "leases::after_keep";
    fixture.agent_killed_at(At(point, 0)).killed(point).await;
    let store = Store::open(&fixture.providers[0].config.with_file_name("agent.db")).unwrap();
    let order = leased.order;
    let give_up = store.write(move |tx| kept_volumes::order_deletion(tx, order));
    give_up.await.unwrap();
    drop(store);
    for point in ["leases::before_teardown", "leases::after_teardown", "leases::after_forget"] {
        fixture.agent_killed_at(At(point, 0)).killed(point).await;
    }
    let agent = fixture.agent().await;
    fixture.is_gone(&leased).await;
    let next = fixture.run(SITE).await;
    assert_ne!(next.namespace, leased.namespace);
    agent.kill().await;
}
