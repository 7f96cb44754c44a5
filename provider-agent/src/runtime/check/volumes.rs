//! Checks what becomes of tenants' volumes.

use k8s_openapi::api::storage::v1::StorageClass;
use kube::Client;

use super::{Report, named::named};
use crate::config::Cluster;

/// Whether the volumes of each class that is offered are deleted with their claims.
pub(super) async fn check(cluster: &Cluster, client: &Client, report: &mut Report) {
    const WHAT: &str = "volumes of tenants";
    for (class, storage) in &cluster.storage_classes {
        let found = match named::<StorageClass>(client, &storage.name).await {
            Ok(Some(found)) => found,
            // That is reported elsewhere.
            Ok(None) => continue,
            Err(error) => return report.warn(WHAT, error, "look at the API server"),
        };
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
