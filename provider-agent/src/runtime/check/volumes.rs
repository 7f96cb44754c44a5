//! Checks what becomes of tenants' volumes.

use k8s_openapi::api::storage::v1::StorageClass;
use kube::{Api, Client, ResourceExt, api::ListParams};

use super::Report;
use crate::config::Cluster;

/// Whether the volumes of each class that is offered are deleted with their claims.
pub(super) async fn check(cluster: &Cluster, client: &Client, report: &mut Report) {
    const WHAT: &str = "volumes of tenants";
    let classes: Api<StorageClass> = Api::all(client.clone());
    // The agent's user may list them and no more.
    let classes = classes.list(&ListParams::default()).await;
    let classes = classes.map(|all| all.items).unwrap_or_default();
    for (class, storage) in &cluster.storage_classes {
        // One that is not there is reported elsewhere.
        let found = classes.iter().find(|found| found.name_any() == storage.name);
        let Some(found) = found else { continue };
        let name = &storage.name;
        match found.reclaim_policy.as_deref().unwrap_or("Delete") {
            "Delete" => {
                report.ok(WHAT, format!("of class {class} ({name}) are deleted with their leases"));
            }
            policy => report.warn(
                WHAT,
                format!(
                    "of class {class} ({name}) stay after their leases, with tenants' data: its \
                     reclaimPolicy is {policy}"
                ),
                "offer a class whose reclaimPolicy is Delete, or delete released volumes by hand",
            ),
        }
    }
}
