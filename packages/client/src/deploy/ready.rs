//! The workload at its provider.

use std::time::Duration;

use souk_core::OrderId;
use souk_gateway::body::{LeaseStatus, Phase};
use tokio::time::{self, Instant};

use crate::{error::Error, gateway::Client};

/// How often the gateway is asked.
const POLL: Duration = Duration::from_millis(300);

/// Asks until all replicas are ready; `seen` is called with every change.
///
/// # Errors
/// If the gateway does not answer, or the time is over.
pub async fn wait_until_ready(
    client: &Client,
    order: OrderId,
    timeout: Duration,
    mut seen: impl FnMut(&LeaseStatus),
) -> Result<LeaseStatus, Error> {
    let deadline = Instant::now() + timeout;
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
                seconds: timeout.as_secs(),
                next: format!(
                    "{detail}; see `souk lease status {order}` and `souk lease events {order}`"
                ),
            });
        }
        last = Some(status);
        time::sleep(POLL).await;
    }
}
