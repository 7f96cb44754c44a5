//! The workload at its provider.

use std::time::Duration;

use anyhow::Result;
use souk_core::OrderId;
use souk_gateway::{
    Client,
    body::{LeaseStatus, Phase},
};
use tokio::time::{self, Instant};

use crate::{error::Error, show::table};

/// How often the gateway is asked.
const POLL: Duration = Duration::from_millis(300);

/// Asks until all replicas are ready; `seen` is called with every change.
pub async fn wait_until_ready(
    client: &Client,
    order: OrderId,
    patience: Duration,
    mut seen: impl FnMut(&LeaseStatus),
) -> Result<LeaseStatus> {
    let deadline = Instant::now() + patience;
    let mut last = None;
    loop {
        let status = client.lease_status(order).await?;
        if last.as_ref() != Some(&status) {
            seen(&status);
        }
        if status.phase == Phase::Ready {
            return Ok(status);
        }
        if Instant::now() > deadline {
            let detail = status.detail.unwrap_or_else(|| format!("it is {:?}", status.phase));
            return Err(Error::TimedOut {
                what: format!("lease {order}: readiness"),
                seconds: patience.as_secs(),
                next: format!(
                    "{detail}; see `souk lease status {order}` and `souk lease events {order}`"
                ),
            }
            .into());
        }
        last = Some(status);
        time::sleep(POLL).await;
    }
}

/// A lease's services, addresses, objects and pods.
pub fn show_status(status: &LeaseStatus) -> String {
    let mut text = format!("Lease {}: {}", status.order, phase(status.phase));
    if let Some(detail) = &status.detail {
        text.push_str(&format!(" ({detail})"));
    }
    text.push('\n');
    let mut rows = table(["service", "ready", "reach it at", "objects", "pods"]);
    for service in &status.services {
        let ports = service.ports.iter().map(|port| {
            format!("{}:{} -> {}/{}", port.host, port.external_port, port.port, port.protocol)
        });
        let reach: Vec<String> = service.uris.iter().cloned().chain(ports).collect();
        let pods: Vec<String> = service
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
