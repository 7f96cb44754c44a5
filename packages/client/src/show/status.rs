//! A lease's workload at its provider.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use souk_gateway::body::{KeptVolumes, LeaseStatus, Phase, Reclaim};

use super::{moment, table};

/// A lease's services, addresses, objects and pods.
pub fn status(status: &LeaseStatus) -> String {
    let mut text = format!("Lease {}: {}", status.order, phase(status.phase));
    if let Some(detail) = &status.detail {
        text.push_str(&format!(" ({detail})"));
    }
    text.push('\n');
    if let Some(reclaim) = &status.reclaim {
        text.push_str(&being_reclaimed(reclaim));
    }
    if let Some(kept) = &status.kept_volumes {
        text.push_str(&kept_volumes(status, kept));
    }
    let mut rows = table(["service", "ready", "reach it at", "objects", "pods"]);
    for service in &status.services {
        let ports = service.ports.iter().map(|port| {
            format!("{}:{} -> {}/{}", port.host, port.external_port, port.port, port.protocol)
        });
        let reach: Vec<String> = service.uris.iter().cloned().chain(ports).collect();
        let mut pods: Vec<String> = service
            .pods
            .iter()
            .map(|pod| {
                let state = if pod.ready { "ready" } else { pod.phase.as_str() };
                match &pod.reason {
                    Some(reason) => format!("{} {state}: {reason}", pod.name),
                    None => format!("{} {state}", pod.name),
                }
            })
            .collect();
        let shown = service.pods.iter().filter(|pod| pod.phase == "Failed").count();
        let more = usize::try_from(service.failed_pods).unwrap_or(usize::MAX).saturating_sub(shown);
        if more > 0 {
            pods.push(format!("{more} more that failed"));
        }
        rows.add_row([
            service.name.clone(),
            format!("{}/{}", service.ready, service.wanted),
            if reach.is_empty() { "inside only".to_owned() } else { reach.join("\n") },
            service.objects.join("\n"),
            pods.join("\n"),
        ]);
    }
    text.push_str(&rows.to_string());
    text
}

/// Until when a lease runs that its provider takes back.
fn being_reclaimed(reclaim: &Reclaim) -> String {
    let until = moment(reclaim.deadline);
    format!(
        "its provider takes it back ({}): it runs until {until} and block {}; the group goes out again then. \
         To move before, deploy the file again elsewhere\n",
        reclaim.reason, reclaim.deadline_block
    )
}

/// Until when a provider keeps the volumes of a lease that ended.
fn kept_volumes(status: &LeaseStatus, kept: &KeptVolumes) -> String {
    let bytes: u64 = kept.volumes.iter().map(|volume| volume.bytes).sum();
    let until = UNIX_EPOCH.checked_add(Duration::from_secs(kept.until));
    let now = SystemTime::now();
    match until.filter(|until| *until > now) {
        Some(_) => format!(
            "{} volumes ({} MiB) are kept until {}; `souk lease delete-volumes {}` deletes them now\n",
            kept.volumes.len(),
            bytes >> 20,
            moment(kept.until),
            status.order,
        ),
        None => "its volumes are being deleted\n".to_owned(),
    }
}

fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::WaitingForManifest => "waiting for the manifest",
        Phase::Deploying => "deploying",
        Phase::Ready => "ready",
        Phase::Suspended => "suspended: the account is depleted",
        Phase::Closing => "closing",
        Phase::Closed => "closed",
    }
}
