//! What agents up to 0.1 made goes on with its data.

use k8s_openapi::api::{
    apps::v1::StatefulSet,
    core::v1::{Namespace, PersistentVolumeClaim, Pod, ResourceQuota},
};
use kube::{
    Api, Resource,
    api::{ListParams, PostParams},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use souk_core::OrderId;
use souk_provider::{
    config::Config,
    model::{
        names::{hash, object_name},
        scope::MarketScope,
    },
};

use super::{claims_of, runs, uids};
use crate::{
    manifests::{Cluster, SITE, accepted, fixture, lease, upload},
    support::{InProcess, Must, agent::configure, until},
};

async fn create<K>(api: Api<K>, value: Value)
where
    K: Resource + Clone + DeserializeOwned + Serialize + std::fmt::Debug,
{
    let object = serde_json::from_value(value).must("object");
    api.create(&PostParams::default(), &object).await.must("created");
}

/// Makes a service with a volume as agents up to 0.1 made it: a StatefulSet of all its replicas, with a
/// template of their claims, and a quota with room for no others.
async fn as_it_was(
    cluster: &Cluster,
    scope: &MarketScope,
    order: OrderId,
    set: &str,
    replicas: u32,
) {
    let mut labels = json!({ "souk.market/order": order.to_string() });
    for (key, value) in scope.labels() {
        labels[key] = json!(value);
    }
    let namespace = scope.namespace(order);
    let meta = json!({ "name": namespace, "labels": labels });
    create::<Namespace>(Api::all(cluster.client.clone()), json!({ "metadata": meta })).await;
    let hard = json!({
        "pods": replicas.to_string(),
        "persistentvolumeclaims": replicas.to_string(),
        "requests.storage": (u64::from(replicas) << 30).to_string(),
    });
    let quota =
        json!({ "metadata": { "name": "lease", "labels": labels }, "spec": { "hard": hard } });
    create(cluster.namespaced::<ResourceQuota>(order), quota).await;
    labels["souk.market/service"] = json!(set);
    let selector = json!({ "souk.market/order": order.to_string(), "souk.market/service": set });
    let volume = object_name("data", &format!("-{}", hash(&[set], 8)));
    let container = json!({ "name": set, "image": "postgres:17",
        "volumeMounts": [{ "name": volume, "mountPath": "/data" }] });
    let claim = json!({ "metadata": { "name": volume }, "spec": {
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": "standard",
        "resources": { "requests": { "storage": (1u64 << 30).to_string() } },
    } });
    let object = json!({
        "metadata": { "name": set, "labels": labels },
        "spec": {
            "replicas": replicas,
            "serviceName": set,
            "podManagementPolicy": "Parallel",
            "selector": { "matchLabels": selector },
            "template": { "metadata": { "labels": labels }, "spec": {
                "terminationGracePeriodSeconds": 1, "containers": [container] } },
            "volumeClaimTemplates": [claim],
        },
    });
    create(cluster.namespaced::<StatefulSet>(order), object).await;
    until("it runs as it was", async || {
        let found = cluster.namespaced::<StatefulSet>(order).get(set).await.ok()?;
        (found.status?.ready_replicas? == i32::try_from(replicas).unwrap()).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agents_update_keeps_each_volume_though_its_service_was_renamed_meanwhile() {
    let fixture = fixture().await;
    let config = configure(&fixture, "agent", "");
    let cluster = Cluster::of(&config).await;
    let scope = MarketScope::of(&Config::load(&config).must("configuration"));
    let agent = InProcess::start(&config).await;
    for (service, replicas) in [("db", 1), ("store", 1), ("store", 2)] {
        let sdl = SITE.replace("  db:\n    image", &format!("  {service}:\n    image")).replace(
            "  db: { here: { profile: db, count: 1",
            &format!("  {service}: {{ here: {{ profile: db, count: {replicas}"),
        );
        let mut leased = lease(&fixture, &agent, "ann", &sdl).await;
        let order = leased.order;
        as_it_was(&cluster, &scope, order, "db", replicas).await;
        let before = uids(&cluster, order).await;
        assert_eq!(before.len(), replicas as usize);

        leased.upload = upload(&sdl.replace("postgres:17", "postgres:18"));
        accepted(&agent.store, &leased).await;
        let mut mounted = Vec::new();
        for set in ["db", "db-1"].into_iter().take(replicas as usize) {
            let set = runs(&cluster, order, set, "postgres:18").await;
            let labels = set.spec.as_ref().and_then(|spec| spec.template.metadata.clone()).unwrap();
            assert_eq!(labels.labels.unwrap()["souk.market/service"], service);
            mounted.extend(claims_of(&set));
        }
        let names: Vec<String> = before.keys().cloned().collect();
        assert_eq!(mounted, names, "{service}");
        assert_eq!(uids(&cluster, order).await, before, "{service}");
        until("all of it is applied", async || {
            let pods = cluster.namespaced::<Pod>(order).list(&ListParams::default()).await.ok()?;
            (pods.items.len() == 1 + replicas as usize).then_some(())
        })
        .await;
        let claims = cluster.namespaced::<PersistentVolumeClaim>(order);
        for claim in claims.list(&ListParams::default()).await.must("claims").items {
            let labels = claim.metadata.labels.unwrap_or_default();
            assert!(labels.contains_key("souk.market/replica"), "{labels:?}");
        }
    }
    agent.stop().await;
}
