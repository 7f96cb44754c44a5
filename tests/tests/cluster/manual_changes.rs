//! Objects that are changed or deleted by hand.

use std::collections::BTreeMap;

use kube::{
    Api,
    api::{ApiResource, DeleteParams, DynamicObject, ListParams, Patch, PatchParams},
};
use serde_json::{Value, json};
use souk_provider::{cluster::kube::objects::Kind, model::labels};

use super::{
    fixture::{Fixture, Leased, Nodes, SITE},
    shared_cluster::Cluster,
    until,
};

impl Fixture {
    fn api(&self, leased: &Leased, resource: &ApiResource) -> Api<DynamicObject> {
        Api::namespaced_with(self.client.clone(), &leased.namespace, resource)
    }

    /// The agent's objects of a kind, by name.
    async fn objects(&self, leased: &Leased, kind: Kind) -> BTreeMap<String, DynamicObject> {
        let ours = ListParams::default().labels(&format!("{}={}", labels::ORDER, leased.order));
        let listed = self.api(leased, &kind.resource()).list(&ours).await.unwrap();
        let named = |one: DynamicObject| (one.metadata.name.clone().unwrap(), one);
        // Objects that controllers make carry the labels of ours: not what is asked for.
        let own = listed.items.into_iter().filter(|one| one.metadata.owner_references.is_none());
        own.map(named).collect()
    }
}

/// Those that the agent watches: Secrets are made again when a pod lacks them.
fn kinds() -> impl Iterator<Item = Kind> {
    Kind::WATCHED.into_iter().filter(|kind| *kind != Kind::Namespace)
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_deleted_by_hand_comes_back() {
    let (cluster, _api) = Cluster::share().await;
    let fixture = Fixture::new(cluster, &[Nodes::Simulated(1)]).await;
    let agent = fixture.agent().await;
    let leased = fixture.run(SITE).await;
    // A claim that a pod uses goes with the pod, not before.
    for kind in kinds().filter(|kind| *kind != Kind::PersistentVolumeClaim) {
        let api = fixture.api(&leased, &kind.resource());
        for (name, before) in fixture.objects(&leased, kind).await {
            api.delete(&name, &DeleteParams::background()).await.unwrap();
            until(&format!("{kind:?} {name} is back"), async || {
                let again = api.get_opt(&name).await.ok()??;
                let other = again.metadata.uid != before.metadata.uid;
                (other && again.metadata.deletion_timestamp.is_none()).then_some(())
            })
            .await;
        }
        assert!(!fixture.objects(&leased, kind).await.is_empty(), "there is no {kind:?}");
    }
    fixture.ready(&leased).await;

    // The namespace itself with all that is in it.
    let before = fixture.namespace(&leased.namespace).await.unwrap().metadata.uid;
    let all = Api::<DynamicObject>::all_with(fixture.client.clone(), &Kind::Namespace.resource());
    all.delete(&leased.namespace, &DeleteParams::background()).await.unwrap();
    until("the namespace is back", async || {
        let again = fixture.namespace(&leased.namespace).await?;
        (again.metadata.uid != before).then_some(())
    })
    .await;
    fixture.ready(&leased).await;
    assert!(fixture.is_active(&leased).await);
    agent.kill().await;
}

/// A change by hand, and where in the object it is seen.
fn change(kind: Kind) -> (Value, &'static str) {
    let label = |value: &str| json!({ "metadata": { "labels": { labels::ORDER: value } } });
    match kind {
        Kind::Namespace | Kind::Secret | Kind::ServiceAccount => {
            (json!({ "automountServiceAccountToken": true }), "/automountServiceAccountToken")
        }
        Kind::ResourceQuota => (json!({ "spec": { "hard": { "pods": "99" } } }), "/spec/hard/pods"),
        Kind::LimitRange => (json!({ "spec": { "limits": [] } }), "/spec/limits"),
        Kind::NetworkPolicy => (json!({ "spec": { "egress": [{}] } }), "/spec/egress"),
        Kind::Service => {
            (json!({ "spec": { "selector": { labels::SERVICE: "eve" } } }), "/spec/selector")
        }
        Kind::Deployment | Kind::StatefulSet => {
            (json!({ "spec": { "replicas": 3 } }), "/spec/replicas")
        }
        // Without its label an object is out of the agent's sight.
        Kind::Ingress | Kind::PersistentVolumeClaim => (label("999"), "/metadata/labels"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_changed_by_hand_is_changed_back() {
    let (cluster, _api) = Cluster::share().await;
    let fixture = Fixture::new(cluster, &[Nodes::Simulated(1)]).await;
    let agent = fixture.agent().await;
    let leased = fixture.run(SITE).await;
    for kind in kinds() {
        let (patch, at) = change(kind);
        let api = fixture.api(&leased, &kind.resource());
        let at_hand =
            |object: &DynamicObject| serde_json::to_value(object).unwrap().pointer(at).cloned();
        let (name, before) = fixture.objects(&leased, kind).await.pop_first().unwrap();
        let before = at_hand(&before);
        let params = PatchParams::default();
        let changed = api.patch(&name, &params, &Patch::Merge(&patch)).await.unwrap();
        assert_ne!(at_hand(&changed), before, "{kind:?} {name}");
        until(&format!("{at} of {kind:?} {name} is {before:?} again"), async || {
            (at_hand(&api.get(&name).await.ok()?) == before).then_some(())
        })
        .await;
    }

    // An object of ours that the lease has no use for.
    let mut stray = fixture.objects(&leased, Kind::ServiceAccount).await.pop_first().unwrap().1;
    stray.metadata = kube::core::ObjectMeta {
        name: Some("stray".to_owned()),
        labels: stray.metadata.labels,
        ..kube::core::ObjectMeta::default()
    };
    let accounts = fixture.api(&leased, &Kind::ServiceAccount.resource());
    accounts.create(&kube::api::PostParams::default(), &stray).await.unwrap();
    until("the stray object is gone", async || {
        accounts.get_opt("stray").await.ok()?.is_none().then_some(())
    })
    .await;
    fixture.ready(&leased).await;
    agent.kill().await;
}
