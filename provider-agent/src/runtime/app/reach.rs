//! Tries again and again whether tenants reach the gateway.

use std::{convert::Infallible, time::Duration};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::{market::Market, model::reach::LastAttempt, runtime::reach::Expected};

/// Before the first attempt.
const BEGIN: Duration = Duration::from_secs(1);
/// Between two attempts.
const INTERVAL: Duration = Duration::from_secs(15);
/// After one that failed.
const RETRY: Duration = Duration::from_secs(3);
/// Attempts between two looks at the registration.
const LOOKS: u64 = 20;

/// Runs until `stop`.
pub(super) async fn run(
    mut expected: Expected,
    market: Market,
    state: watch::Sender<LastAttempt>,
    stop: CancellationToken,
) -> Result<(), Infallible> {
    let trying = async {
        // The gateway begins at the same moment.
        tokio::time::sleep(BEGIN).await;
        loop {
            let last = state.borrow().clone();
            // Not at each of many failures: the chain is asked.
            if last.failures % 5 == 1 || last.number.is_multiple_of(LOOKS) {
                expected.read_registration(&market).await;
            }
            let outcome = expected.attempt().await;
            match &outcome {
                Err(error) if last.failures == 0 => {
                    tracing::warn!(%error, "the gateway is not reached");
                }
                Ok(()) if last.failures > 0 => tracing::info!("the gateway is reached again"),
                _ => {}
            }
            let wait = if outcome.is_ok() { INTERVAL } else { RETRY };
            state.send_replace(last.next(outcome));
            tokio::time::sleep(wait).await;
        }
    };
    tokio::select! {
        () = stop.cancelled() => Ok(()),
        never = trying => never,
    }
}
