//! Tries in the cluster what tenants need and no answer of the API server shows: HTTP through the
//! ingress, network policies, limits of processes, volumes. Pods of the configured image do it in two
//! namespaces of their own, which go at the end, whatever happens; those of a check that was killed go
//! with the next.

mod network;
mod objects;
mod place;
mod pods;
mod read;
mod volumes;
mod web;

#[cfg(test)]
mod tests;

use std::time::Duration;

use kube::Client;

use self::{
    objects::Probe,
    place::Place,
    pods::{Wait, log_line},
};
use super::Report;
use crate::{
    cluster::kube::{message::message, user_namespaces},
    config::Config,
    model::scope::MarketScope,
};

/// For all of it together, but for the removal.
const TIME: Duration = Duration::from_secs(300);
/// For one pod to start.
const START: Duration = Duration::from_secs(90);
/// For a pod to measure how many processes it can have.
const MEASURING: Duration = Duration::from_secs(60);

const WHAT: &str = "probe";

/// Tries all of it.
pub(super) async fn check(config: &Config, client: &Client, report: &mut Report) {
    let place = Place::new(client.clone(), &MarketScope::of(config));
    match place.remove_leftovers().await {
        Ok(0) => {}
        Ok(count) => {
            report.ok(WHAT, format!("{count} namespaces of a check that was killed removed"))
        }
        Err(error) => {
            let found = format!("namespaces of a check that was killed are left: {error}");
            report.warn(WHAT, found, place.advice());
        }
    }
    let Some(image) = &config.check.probe_image else {
        let found = "without an image it cannot be tried whether HTTP comes through the ingress, network \
                     policies are enforced, processes are limited, and volumes are bound and deleted";
        return report.warn(
            WHAT,
            found,
            "set check.probe_image = \"busybox:1.37\", or a copy of it",
        );
    };
    let settled = match user_namespaces::settled(client, &config.cluster).await {
        Ok(cluster) => Config { cluster, ..config.clone() },
        Err(error) => return report.fail(WHAT, message(&error), "look at the API server"),
    };
    let probe = Probe::new(&settled, image, &place);
    let mut volumes = Vec::new();
    match tokio::time::timeout(TIME, run(config, &probe, &place, report, &mut volumes)).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => report.fail(WHAT, error, "look at the cluster, and at check.probe_image"),
        Err(_) => {
            let found = format!("not all was tried within {} seconds", TIME.as_secs());
            report.warn(WHAT, found, "look at the cluster's load, and try again");
        }
    }
    match place.remove().await {
        Ok(()) => volumes::deleted(client, &volumes, report).await,
        Err(error) => {
            let found = format!("its namespaces are not removed yet: {error}");
            report.warn(WHAT, found, place.advice());
        }
    }
}

/// Why nothing more can be tried; what was found is in the report.
async fn run(
    config: &Config,
    probe: &Probe<'_>,
    place: &Place,
    report: &mut Report,
    volumes: &mut Vec<volumes::Bound>,
) -> Result<(), String> {
    place.make(config.cluster.pod_security).await?;
    place.apply(&probe.server()).await?;
    place.apply(&probe.limits()).await?;
    let classes = volumes::begin(config, probe, place, report).await?;
    let server = Wait { place, pod: objects::SERVER }.ready(START).await?;
    let address = server.address()?;
    report.ok(WHAT, format!("a pod of {} runs", probe.image));
    network::check(probe, place, &address, report).await?;
    web::check(config, probe, place, report).await?;
    processes(place, report).await?;
    *volumes = volumes::bound(place, classes, report).await?;
    Ok(())
}

/// How many processes a pod can have, by its own word: it tries.
async fn processes(place: &Place, report: &mut Report) -> Result<(), String> {
    const WHAT: &str = "processes of a pod";
    match log_line(place, objects::LIMITS, MEASURING, read::processes).await? {
        Some(found) if found.started < objects::MOST_PROCESSES => {
            report.ok(WHAT, format!("limited: it could start {}", found.started));
        }
        Some(found) => report.warn(
            WHAT,
            format!(
                "it could start {} and more (pids.max of its own cgroup is {}): one tenant can take all of a \
                 node's",
                found.started, found.limit
            ),
            "set podPidsLimit in the configuration of the kubelets, to 1024 for instance",
        ),
        None => report.warn(
            WHAT,
            "the probe does not say how many it could start",
            "see that check.probe_image has busybox's sh, and try again",
        ),
    }
    Ok(())
}
