//! Writes to the cluster: server-side apply by one field manager, and deletion.
//!
//! Secrets are created and replaced instead. Whoever may patch a Secret may read it: the API server
//! answers with it, and names its content in the errors of patches that do not fit, before any admission.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{PersistentVolumeClaim, Pod};
use kube::{
    Api, Client,
    api::{DeleteParams, DynamicObject, ListParams, Patch, PatchParams, PostParams, Preconditions},
};
use serde_json::json;

use super::{
    collision::outlast,
    fingerprint::Fingerprint,
    objects::{Kind, Subject},
    trim,
};
use crate::model::{
    labels::MANAGER,
    scope::MarketScope,
    volumes::{Assignment, Claim},
};

/// An object as the API server has it after a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// Which of its fields are the agent's.
    pub fingerprint: Fingerprint,
    /// Its generation; 0 if its kind has none.
    pub generation: i64,
    /// A digest of its uid; 0 if it is not known.
    pub uid: u64,
}

/// Applies one object. Conflicts are forced: fields that others changed are set back.
///
/// # Errors
///
/// If the API server refuses or does not answer.
pub async fn apply(
    client: &Client,
    subject: &Subject<'_>,
    kind: Kind,
    object: &DynamicObject,
) -> kube::Result<Written> {
    if kind == Kind::Secret {
        return write_secret(client, subject, object).await;
    }
    let name = object.metadata.name.as_deref().unwrap_or_default();
    let params = PatchParams::apply(MANAGER).force();
    let api = api(client, subject, kind);
    let patch = Patch::Apply(object);
    let applied = outlast(|| api.patch(name, &params, &patch)).await?;
    let meta = &applied.metadata;
    Ok(Written {
        fingerprint: Fingerprint::of(meta),
        generation: meta.generation.unwrap_or(0),
        uid: trim::uid(meta),
    })
}

/// Applies one of the agent's objects that is not a lease's.
///
/// # Errors
///
/// If the API server refuses or does not answer.
pub async fn apply_anywhere(
    client: &Client,
    kind: Kind,
    object: &DynamicObject,
) -> kube::Result<()> {
    let name = object.metadata.name.as_deref().unwrap_or_default();
    let api: Api<DynamicObject> = match &object.metadata.namespace {
        Some(namespace) => Api::namespaced_with(client.clone(), namespace, &kind.resource()),
        None => Api::all_with(client.clone(), &kind.resource()),
    };
    let params = PatchParams::apply(MANAGER).force();
    let patch = Patch::Apply(object);
    outlast(|| api.patch(name, &params, &patch)).await.map(drop)
}

/// The labels of a namespace, if it is there.
///
/// # Errors
///
/// If the API server refuses or does not answer.
pub async fn labels_of_namespace(
    client: &Client,
    name: &str,
) -> kube::Result<Option<BTreeMap<String, String>>> {
    let found = namespaces(client).get_metadata_opt(name).await?;
    Ok(found.map(|found| found.metadata.labels.unwrap_or_default()))
}

/// Creates a Secret, or replaces the one that is there.
async fn write_secret(
    client: &Client,
    subject: &Subject<'_>,
    secret: &DynamicObject,
) -> kube::Result<Written> {
    let api = api(client, subject, Kind::Secret);
    let name = secret.metadata.name.as_deref().unwrap_or_default();
    let params = PostParams { field_manager: Some(MANAGER.to_owned()), ..PostParams::default() };
    match outlast(|| api.create(&params, secret)).await {
        Err(kube::Error::Api(status)) if status.reason == "AlreadyExists" => {
            outlast(|| api.replace(name, &params, secret)).await?;
        }
        other => drop(other?),
    }
    Ok(Written { fingerprint: Fingerprint::default(), generation: 0, uid: 0 })
}

/// Scales a workload to zero and leaves everything else as it is. A workload that does not exist is
/// no error.
///
/// # Errors
///
/// If the API server refuses or does not answer.
pub async fn scale_to_zero(
    client: &Client,
    namespace: &str,
    kind: Kind,
    name: &str,
) -> kube::Result<()> {
    let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), namespace, &kind.resource());
    let params = PatchParams { field_manager: Some(MANAGER.to_owned()), ..PatchParams::default() };
    let patch = Patch::Merge(json!({ "spec": { "replicas": 0 } }));
    ignore_not_found(outlast(|| api.patch(name, &params, &patch)).await.map(drop))
}

/// Deletes an object in a lease's namespace. An object that does not exist counts as deleted.
///
/// # Errors
///
/// If the API server refuses or does not answer.
pub async fn delete(
    client: &Client,
    subject: &Subject<'_>,
    kind: Kind,
    name: &str,
) -> kube::Result<()> {
    delete_in(client, &subject.namespace(), kind, name).await
}

/// As [`delete`], in a namespace by its name.
///
/// # Errors
///
/// If the API server refuses or does not answer.
pub async fn delete_in(
    client: &Client,
    namespace: &str,
    kind: Kind,
    name: &str,
) -> kube::Result<()> {
    let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), namespace, &kind.resource());
    ignore_not_found(api.delete(name, &DeleteParams::background()).await.map(drop))
}

/// The claims for volumes in a lease's namespace, whoever made them; those that are being deleted too.
///
/// # Errors
///
/// If the API server refuses or does not answer.
pub async fn claims(client: &Client, namespace: &str) -> kube::Result<Vec<Claim>> {
    let claims: Api<PersistentVolumeClaim> = Api::namespaced(client.clone(), namespace);
    let listed = claims.list(&ListParams::default()).await?.items;
    Ok(listed.iter().map(Claim::of).collect())
}

/// Which service each replica of a lease is of, as its namespace says; nothing if there is none.
///
/// # Errors
///
/// If the API server refuses or does not answer.
pub async fn assignment(client: &Client, namespace: &str) -> kube::Result<Assignment> {
    let found = namespaces(client).get_metadata_opt(namespace).await?;
    Ok(found.map(|found| Assignment::of_namespace(&found.metadata)).unwrap_or_default())
}

/// Deletes a pod that no workload has any more. One that does not exist counts as deleted.
///
/// # Errors
///
/// If the API server refuses or does not answer.
pub async fn delete_pod(client: &Client, namespace: &str, name: &str) -> kube::Result<()> {
    let pods: Api<Pod> = Api::namespaced(client.clone(), namespace);
    ignore_not_found(pods.delete(name, &DeleteParams::background()).await.map(drop))
}

/// Deletes a namespace with all that is in it. With a `uid`, only that very namespace and none that
/// was created since under the same name. A namespace that does not exist counts as deleted.
///
/// # Errors
///
/// If the API server refuses or does not answer.
pub async fn delete_namespace(client: &Client, name: &str, uid: Option<&str>) -> kube::Result<()> {
    let mut params = DeleteParams::background();
    if let Some(uid) = uid {
        params = params
            .preconditions(Preconditions { uid: Some(uid.to_owned()), resource_version: None });
    }
    ignore_not_found(namespaces(client).delete(name, &params).await.map(drop))
}

/// Whether there is a namespace of that name that is not this provider's.
///
/// # Errors
///
/// If the API server refuses or does not answer.
pub async fn is_foreign(client: &Client, name: &str, scope: &MarketScope) -> kube::Result<bool> {
    let found = labels_of_namespace(client, name).await?;
    Ok(found.is_some_and(|labels| !scope.owns(Some(&labels))))
}

fn ignore_not_found(done: kube::Result<()>) -> kube::Result<()> {
    match done {
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
        other => other,
    }
}

fn namespaces(client: &Client) -> Api<DynamicObject> {
    Api::all_with(client.clone(), &Kind::Namespace.resource())
}

fn api(client: &Client, subject: &Subject<'_>, kind: Kind) -> Api<DynamicObject> {
    match kind {
        Kind::Namespace => namespaces(client),
        _ => Api::namespaced_with(client.clone(), &subject.namespace(), &kind.resource()),
    }
}
