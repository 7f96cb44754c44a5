//! Tries whether a volume of each class is bound, and deleted with its claim.

use std::time::Duration;

use k8s_openapi::api::{
    core::v1::{PersistentVolume, PersistentVolumeClaim},
    storage::v1::StorageClass,
};
use kube::{Api, Client, api::ListParams};
use tokio::time::{Instant, sleep};

use super::{objects::Probe, place::Place};
use crate::{
    cluster::kube::message::message,
    config::Config,
    runtime::check::{Report, named::named},
};

const WHAT: &str = "volume";
/// For a volume to be bound, and to be deleted.
const BINDING: Duration = Duration::from_secs(60);
const DELETION: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(500);

/// A volume that was bound.
pub(super) struct Bound {
    class: String,
    volume: String,
}

/// Asks for a volume of each class; returns the classes. Where volumes stay after their claims none is
/// asked for, since it would be left.
pub(super) async fn begin(
    config: &Config,
    probe: &Probe<'_>,
    place: &Place,
    report: &mut Report,
) -> Result<Vec<String>, String> {
    let mut begun = Vec::new();
    for (class, storage) in &config.cluster.storage_classes {
        let found = named::<StorageClass>(&place.client, &storage.name).await?;
        match found.map(|found| found.reclaim_policy) {
            None => {}
            Some(None) => begun.push((class, &storage.name)),
            Some(Some(policy)) if policy == "Delete" => begun.push((class, &storage.name)),
            Some(Some(_)) => {
                let found = format!("class {class} is not tried: the volume would stay");
                report.warn(WHAT, found, "see the line `volumes of tenants`");
            }
        }
    }
    for (class, name) in &begun {
        place.apply(&probe.volume(&workload(class), name)).await?;
    }
    Ok(begun.into_iter().map(|(class, _)| class.clone()).collect())
}

fn workload(class: &str) -> String {
    format!("volume-{class}")
}

/// Waits until they are bound.
pub(super) async fn bound(
    place: &Place,
    classes: Vec<String>,
    report: &mut Report,
) -> Result<Vec<Bound>, String> {
    let claims: Api<PersistentVolumeClaim> =
        Api::namespaced(place.client.clone(), &place.namespaces[0]);
    let until = Instant::now() + BINDING;
    let mut bound = Vec::new();
    for class in classes {
        let name = format!("data-{}-0", workload(&class));
        loop {
            let of = ListParams::default().fields(&format!("metadata.name={name}"));
            let listed = claims.list(&of).await.map_err(|error| message(&error))?;
            let volume = listed.items.first().and_then(|claim| {
                let phase = claim.status.as_ref().and_then(|status| status.phase.as_deref());
                claim.spec.as_ref()?.volume_name.clone().filter(|_| phase == Some("Bound"))
            });
            if let Some(volume) = volume {
                bound.push(Bound { class, volume });
                break;
            }
            if Instant::now() > until {
                let seconds = BINDING.as_secs();
                let found = format!("one of class {class} is not bound within {seconds} seconds");
                report.fail(
                    WHAT,
                    found,
                    "look at the events of its claim and at the provisioner's log",
                );
                break;
            }
            sleep(PAUSE).await;
        }
    }
    Ok(bound)
}

/// After their claims are gone: waits until the volumes are, too.
pub(super) async fn deleted(client: &Client, bound: &[Bound], report: &mut Report) {
    let volumes: Api<PersistentVolume> = Api::all(client.clone());
    let until = Instant::now() + DELETION;
    for Bound { class, volume } in bound {
        loop {
            match volumes.get_metadata_opt(volume).await {
                Ok(None) => {
                    report.ok(
                        WHAT,
                        format!("one of class {class} was bound, and deleted with its claim"),
                    );
                    break;
                }
                Ok(Some(_)) if Instant::now() > until => {
                    let seconds = DELETION.as_secs();
                    report.fail(
                        WHAT,
                        format!("{volume} of class {class} is left {seconds} seconds after its claim: tenants' \
                                 data stay"),
                        "look at the provisioner's log, and delete it by hand",
                    );
                    break;
                }
                Ok(Some(_)) => sleep(PAUSE).await,
                Err(error) => {
                    let found = format!(
                        "whether {volume} of class {class} is deleted cannot be seen: {}",
                        message(&error)
                    );
                    report.warn(
                        WHAT,
                        found,
                        "apply what `souk-provider access` prints to the agent's user",
                    );
                    break;
                }
            }
        }
    }
}
