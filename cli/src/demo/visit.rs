//! The workload is asked as its users would ask it.

use anyhow::{Context as _, Result};
use souk_gateway::body::LeaseStatus;

use super::{stage::Stage, tell};

/// Asks the services of a lease by HTTP at their node ports, where those lead to real nodes, and
/// shows the first line of each answer.
pub async fn services(stage: &Stage, provider: &str, status: &LeaseStatus) -> Result<()> {
    let mut providers = stage.providers.iter();
    let found = providers.find(|one| one.address == provider).context("the provider is here")?;
    if found.profile.site.as_ref().and_then(|site| site.host.as_ref()).is_none() {
        return Ok(());
    }
    for uri in status.services.iter().flat_map(|service| &service.uris) {
        let Some((address, _)) = uri.split_once(" -> ").filter(|(_, port)| port.ends_with("/TCP"))
        else {
            continue;
        };
        let url = format!("http://{address}/");
        let answer = reqwest::get(&url).await.and_then(reqwest::Response::error_for_status);
        let text =
            answer.with_context(|| url.clone())?.text().await.with_context(|| url.clone())?;
        tell::line(format!("GET {url}: {}", text.lines().next().unwrap_or_default()));
    }
    Ok(())
}
