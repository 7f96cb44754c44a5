//! The workload is asked as its users would ask it.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use souk_gateway::body::LeaseStatus;

use super::{stage::Stage, tell};

/// Nodes learn of a new service's port a moment after its pods are ready.
const PATIENCE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(500);

/// Asks the services of a lease by HTTP at their node ports, where those lead to real nodes, and
/// shows the first line of each answer.
pub async fn services(stage: &Stage, provider: &str, status: &LeaseStatus) -> Result<()> {
    let mut providers = stage.providers.iter();
    let found = providers.find(|one| one.address == provider).context("the provider is here")?;
    if found.profile.site.as_ref().and_then(|site| site.host.as_ref()).is_none() {
        return Ok(());
    }
    let ports = status.services.iter().flat_map(|service| &service.ports);
    for port in ports.filter(|port| port.protocol == "TCP") {
        let url = format!("http://{}:{}/", port.host, port.external_port);
        let start = Instant::now();
        let text = loop {
            match ask(&url).await {
                Ok(text) => break text,
                Err(_) if start.elapsed() < PATIENCE => tokio::time::sleep(POLL).await,
                Err(error) => return Err(error).with_context(|| url.clone()),
            }
        };
        tell::line(format!("GET {url}: {}", text.lines().next().unwrap_or_default()));
    }
    Ok(())
}

async fn ask(url: &str) -> reqwest::Result<String> {
    reqwest::get(url).await?.error_for_status()?.text().await
}
