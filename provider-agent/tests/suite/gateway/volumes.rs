//! Deletion of the volumes of a lease that ended, at its tenant's order.

use k8s_openapi::api::core::v1::Namespace;
use kube::{Api, api::ListParams};
use souk_api::orderbook::ExecuteMsg;
use souk_gateway::{Access, Claims, Scope, body::Phase, token::LeaseAccess};
use souk_provider::{model::labels, store::kept_volumes};

use super::server::{refused, started};
use crate::{
    manifests::{Cluster, SITE, accepted, lease},
    support::{Must, fixture::address, until},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_deletes_kept_volumes_at_once_and_again_and_nobody_else_does() {
    let (fixture, config, agent, server) = started().await;
    let cluster = Cluster::of(&config).await;
    let leased = lease(&fixture, &agent, "ann", SITE).await;
    let order = leased.order;
    accepted(&agent.store, &leased).await;
    cluster.has_replicas("it runs", order, 1).await;
    let ann = server.client("ann");
    assert_eq!(refused(ann.delete_volumes(order).await), (409, "lease_runs".to_owned()));

    // Who may do all else for the tenant can end the lease, and must not delete what it leaves.
    let delegate = Some(address("bob"));
    let set = ExecuteMsg::SetDelegate { deployment: leased.deployment, delegate, limit: None };
    fixture.orderbook("ann", &set).await;
    server.client("bob").lease_status(order).await.must("the delegate's access");
    fixture.orderbook("ann", &ExecuteMsg::CloseLease { order, reason: None, exclude: false }).await;
    let status = until("its volumes are kept and nothing runs", async || {
        let status = ann.lease_status(order).await.ok()?;
        (status.phase == Phase::Closed && status.kept_volumes.is_some()).then_some(status)
    })
    .await;
    let kept = status.kept_volumes.unwrap();
    assert_eq!((kept.volumes.len(), kept.volumes[0].bytes), (1, 1 << 30));
    assert!(kept.until > super::server::now() + 3_000, "{}", kept.until);

    let access = |scope| Access::Leases(vec![LeaseAccess { order, scopes: vec![scope] }]);
    let with =
        |scope| server.with("ann", &Claims { access: access(scope), ..server.claims("ann") });
    for (what, client, expected) in [
        ("no token", server.stranger(), (401, "no_token")),
        ("the delegate", server.client("bob"), (403, "not_the_tenant")),
        ("another scope", with(Scope::Status), (403, "scope")),
    ] {
        let answer = refused(client.delete_volumes(order).await);
        assert_eq!(answer, (expected.0, expected.1.to_owned()), "{what}");
    }
    with(Scope::DeleteVolumes).delete_volumes(order).await.must("its deletion");
    ann.delete_volumes(order).await.must("the same again");
    let namespaces = Api::<Namespace>::all(cluster.client.clone());
    until("nothing is left", async || {
        let ours = ListParams::default().labels(labels::ORDER);
        namespaces.list(&ours).await.ok()?.items.is_empty().then_some(())
    })
    .await;
    let row = async || agent.store.read(move |sql| kept_volumes::get(sql, order)).await.must("row");
    until("its row is gone", async || row().await.is_none().then_some(())).await;
    ann.delete_volumes(order).await.must("though there is nothing");
    until("its row is gone again", async || row().await.is_none().then_some(())).await;
    agent.stop().await;
}
