//! The agent on a real Kubernetes cluster: what tenants deploy runs, and what goes wrong is put
//! right. One cluster is started for all of these tests; each has a chain, a market and agents
//! of its own, and simulated nodes for its agents alone.
//!
//! The agents may do in the cluster what the agent's own role says and nothing more.

#![allow(clippy::unwrap_used)]

mod agent;
mod cluster;
mod hands;
mod killing;
mod outage;
mod real;
mod sharing;
mod trouble;
mod world;

use std::time::Duration;

/// Longer than anything takes on a slow and busy machine, and shorter than the agent takes to
/// apply everything again whether it saw a change or not.
const DEADLINE: Duration = Duration::from_secs(150);

/// Asks again and again until there is an answer.
async fn until<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let asking = async {
        loop {
            if let Some(found) = ask().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    match tokio::time::timeout(DEADLINE, asking).await {
        Ok(found) => found,
        Err(_) => panic!("waited too long for: {what}"),
    }
}
