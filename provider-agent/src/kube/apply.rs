//! Writing to the cluster: server-side apply by one field manager, deletion by label.

use kube::{
    Api, Client,
    api::{DeleteParams, DynamicObject, ListParams, Patch, PatchParams},
};

use super::objects::{Kind, Object, Subject};
use crate::labels::MANAGER;

/// Applies one object and gives its generation, 0 if its kind has none. Fields that others set
/// on it by hand are taken back: it is ours.
pub async fn apply(client: &Client, subject: &Subject<'_>, object: &Object) -> kube::Result<i64> {
    let api = api(client, subject, object.kind);
    let params = PatchParams::apply(MANAGER).force();
    let applied = api.patch(&object.name, &params, &Patch::Apply(object.dynamic(subject))).await?;
    Ok(applied.metadata.generation.unwrap_or(0))
}

/// Deletes objects of ours in a lease's namespace that are not wanted any more.
pub async fn prune(client: &Client, subject: &Subject<'_>, wanted: &[Object]) -> kube::Result<()> {
    let selector: Vec<String> =
        subject.labels().iter().map(|(key, value)| format!("{key}={value}")).collect();
    let ours = ListParams::default().labels(&selector.join(","));
    for kind in Kind::ALL.into_iter().filter(|kind| *kind != Kind::Namespace) {
        let api = api(client, subject, kind);
        for object in api.list_metadata(&ours).await? {
            let name = object.metadata.name.unwrap_or_default();
            if !wanted.iter().any(|wanted| wanted.kind == kind && wanted.name == name) {
                gone(api.delete(&name, &DeleteParams::background()).await.map(drop))?;
            }
        }
    }
    Ok(())
}

/// Orders a namespace to be deleted with all that is in it.
pub async fn delete_namespace(client: &Client, name: &str) -> kube::Result<()> {
    let api = Api::<DynamicObject>::all_with(client.clone(), &Kind::Namespace.resource());
    gone(api.delete(name, &DeleteParams::background()).await.map(drop))
}

/// What is not there need not be deleted.
fn gone(deleted: kube::Result<()>) -> kube::Result<()> {
    match deleted {
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
        other => other,
    }
}

fn api(client: &Client, subject: &Subject<'_>, kind: Kind) -> Api<DynamicObject> {
    let resource = kind.resource();
    match kind {
        Kind::Namespace => Api::all_with(client.clone(), &resource),
        _ => Api::namespaced_with(client.clone(), &subject.namespace(), &resource),
    }
}
