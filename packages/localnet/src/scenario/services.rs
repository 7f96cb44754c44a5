//! HTTP requests to the workload, as its users make them.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use souk_gateway::body::LeaseStatus;

use super::{Fixture, print};

/// Nodes learn of a new service's port a moment after its pods are ready.
const TIMEOUT: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(500);

/// Sends a request to each node port of a lease, where those lead to real nodes, and prints the
/// first line of each answer.
pub async fn request(fixture: &Fixture, provider: &str, status: &LeaseStatus) -> Result<()> {
    let mut providers = fixture.providers.iter();
    let found = providers.find(|one| one.address == provider).context("the provider is here")?;
    if found.profile.existing.as_ref().and_then(|one| one.host.as_ref()).is_none() {
        return Ok(());
    }
    let ports = status.services.iter().flat_map(|service| &service.ports);
    for port in ports.filter(|port| port.protocol == "TCP") {
        let url = format!("http://{}:{}/", port.host, port.external_port);
        let start = Instant::now();
        let text = loop {
            match get(&url).await {
                Ok(text) => break text,
                Err(_) if start.elapsed() < TIMEOUT => tokio::time::sleep(POLL).await,
                Err(error) => return Err(error).with_context(|| url.clone()),
            }
        };
        print::line(format!("GET {url}: {}", text.lines().next().unwrap_or_default()));
    }
    Ok(())
}

async fn get(url: &str) -> reqwest::Result<String> {
    reqwest::get(url).await?.error_for_status()?.text().await
}
