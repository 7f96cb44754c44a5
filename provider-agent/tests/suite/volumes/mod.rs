//! Volumes are neither lost nor stuck, whatever tenants, operators and nodes of the chain do.

mod adopting;
mod ending;
mod random;

use std::{collections::BTreeMap, path::Path};

use k8s_openapi::api::{apps::v1::StatefulSet, core::v1::PersistentVolumeClaim};
use kube::api::ListParams;
use souk_core::OrderId;
use souk_provider::{
    model::kept::Kept,
    store::{Store, kept_volumes},
};

use crate::{
    manifests::Cluster,
    support::{Must, until},
};

/// The uids of a lease's claims, by their names.
async fn uids(cluster: &Cluster, order: OrderId) -> BTreeMap<String, String> {
    let claims = cluster.namespaced::<PersistentVolumeClaim>(order);
    let all = claims.list(&ListParams::default()).await.must("claims").items;
    let of = |claim: PersistentVolumeClaim| Some((claim.metadata.name?, claim.metadata.uid?));
    all.into_iter().filter_map(of).collect()
}

/// Whether the newest pod of a set is ready with this image.
fn is_ready(set: &StatefulSet, image: &str) -> bool {
    let newest = set.status.as_ref().is_some_and(|status| {
        status.observed_generation >= set.metadata.generation
            && status.updated_replicas == Some(1)
            && status.ready_replicas == Some(1)
    });
    let pod = set.spec.as_ref().and_then(|spec| spec.template.spec.as_ref());
    let container = pod.and_then(|pod| pod.containers.first());
    newest && container.is_some_and(|container| container.image.as_deref() == Some(image))
}

/// A StatefulSet once its newest pod is ready with this image.
async fn runs(cluster: &Cluster, order: OrderId, set: &str, image: &str) -> StatefulSet {
    until(&format!("{set} runs {image}"), async || {
        let found = cluster.namespaced::<StatefulSet>(order).get_opt(set).await.ok()??;
        is_ready(&found, image).then_some(found)
    })
    .await
}

/// The claims that a set's pod mounts.
fn claims_of(set: &StatefulSet) -> Vec<String> {
    let pod = set.spec.as_ref().and_then(|spec| spec.template.spec.as_ref());
    let volumes = pod.into_iter().flat_map(|pod| pod.volumes.iter().flatten());
    let claims = volumes.filter_map(|volume| volume.persistent_volume_claim.as_ref());
    claims.map(|source| source.claim_name.clone()).collect()
}

/// The kept volumes of a lease that ended.
pub async fn kept(store: &Store, order: OrderId) -> Option<Kept> {
    store.read(move |sql| kept_volumes::get(sql, order)).await.must("kept volumes")
}

/// Changes an agent's configuration.
fn change(config: &Path, from: &str, to: &str) {
    let text = std::fs::read_to_string(config).unwrap();
    assert!(text.contains(from), "{from} in {text}");
    std::fs::write(config, text.replace(from, to)).unwrap();
}
