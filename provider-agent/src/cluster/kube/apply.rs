//! Writing to the cluster: server-side apply by one field manager, and deletion.

use kube::{
    Api, Client,
    api::{DeleteParams, DynamicObject, Patch, PatchParams, Preconditions},
};
use serde_json::json;

use super::{
    fingerprint,
    objects::{Kind, Object, Subject},
};
use crate::model::labels::MANAGER;
use crate::model::scope::MarketScope;

/// Applies one object and gives its fingerprint. Fields that others set on it by hand are taken
/// back: it is ours.
pub async fn apply(
    client: &Client,
    subject: &Subject<'_>,
    object: &Object,
) -> kube::Result<String> {
    let api = api(client, subject, object.kind);
    let params = PatchParams::apply(MANAGER).force();
    let applied = api.patch(&object.name, &params, &Patch::Apply(object.dynamic(subject))).await?;
    Ok(fingerprint::of(&applied.metadata))
}

/// Takes all replicas of a workload away, whatever else it is.
pub async fn scale_to_nothing(
    client: &Client,
    namespace: &str,
    kind: Kind,
    name: &str,
) -> kube::Result<()> {
    let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), namespace, &kind.resource());
    let params = PatchParams { field_manager: Some(MANAGER.to_owned()), ..PatchParams::default() };
    let patch = Patch::Merge(json!({ "spec": { "replicas": 0 } }));
    gone(api.patch(name, &params, &patch).await.map(drop))
}

/// Deletes an object of ours in a lease's namespace.
pub async fn delete(
    client: &Client,
    subject: &Subject<'_>,
    kind: Kind,
    name: &str,
) -> kube::Result<()> {
    gone(api(client, subject, kind).delete(name, &DeleteParams::background()).await.map(drop))
}

/// Orders a namespace to be deleted with all that is in it: that very one, if its identity is
/// given, and none that was made since under the same name.
pub async fn delete_namespace(client: &Client, name: &str, uid: Option<&str>) -> kube::Result<()> {
    let mut params = DeleteParams::background();
    if let Some(uid) = uid {
        params = params
            .preconditions(Preconditions { uid: Some(uid.to_owned()), resource_version: None });
    }
    gone(namespaces(client).delete(name, &params).await.map(drop))
}

/// Whether there is a namespace of that name that is not this provider's.
pub async fn is_foreign(client: &Client, name: &str, scope: &MarketScope) -> kube::Result<bool> {
    let found = namespaces(client).get_metadata_opt(name).await?;
    Ok(found.is_some_and(|found| !scope.has(found.metadata.labels.as_ref())))
}

/// What is not there need not be deleted or stopped.
fn gone(done: kube::Result<()>) -> kube::Result<()> {
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
