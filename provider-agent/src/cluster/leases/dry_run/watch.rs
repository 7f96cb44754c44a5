//! Tries again and again whether manifests can be tried, by objects of the agent's own: what keeps all
//! tenants from delivering is known before one of them comes, and no tenant's manifest decides about it.

use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{DryRuns, LIMIT, verdict::Verdict};
use crate::{
    cluster::kube::objects,
    model::{health::Reporter, reach::LastAttempt},
};

/// Between two attempts.
const INTERVAL: Duration = Duration::from_secs(15);
/// After one that failed, and at least: a tenant's manifest that cannot be tried asks for the next.
const RETRY: Duration = Duration::from_secs(3);
/// One in this number of attempts has an Ingress: an ingress controller's webhook tests its whole configuration
/// for it.
const WITH_INGRESS: u64 = 20;

impl DryRuns {
    /// Makes the namespace and tries it until `stop`. Each attempt is published in `attempts`, and why one
    /// failed is reported.
    pub async fn watch(
        self,
        attempts: watch::Sender<LastAttempt>,
        health: Reporter,
        stop: CancellationToken,
    ) {
        let watching = async {
            let mut asked = true;
            loop {
                let last = attempts.borrow().clone();
                let whole = asked || last.failures > 0 || last.number.is_multiple_of(WITH_INGRESS);
                let outcome = self.attempt_own(whole).await;
                match &outcome {
                    Err(why) if last.failures == 0 => {
                        tracing::warn!(why, "no tenant's manifest can be tried, so none is taken");
                    }
                    Ok(()) if last.failures > 0 => {
                        tracing::info!("tenants' manifests can be tried again");
                    }
                    _ => {}
                }
                health.follow(&outcome);
                let wait = if outcome.is_ok() { INTERVAL } else { RETRY };
                attempts.send_replace(last.next(outcome));
                tokio::time::sleep(RETRY).await;
                asked = tokio::select! {
                    () = tokio::time::sleep(wait - RETRY) => false,
                    () = self.0.asked.notified() => true,
                };
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = watching => {}
        }
    }

    async fn attempt_own(&self, with_ingress: bool) -> Result<(), String> {
        let tried = tokio::time::timeout(LIMIT, self.0.try_own(with_ingress)).await;
        let late = || Err(format!("no answer within {} seconds", LIMIT.as_secs()));
        let tried = tried.unwrap_or_else(|_| late());
        if tried.is_err() {
            self.0.namespace.doubt().await;
        }
        tried.map_err(|why| format!("no manifest can be tried, so none is taken: {why}"))
    }
}

impl super::Inner {
    /// Tries the agent's own objects. What is refused was answered, which is all that counts.
    async fn try_own(&self, with_ingress: bool) -> Result<(), String> {
        self.namespace.make().await?;
        for attempt in objects::own_attempts(&self.scope, &self.cluster, with_ingress) {
            match self.attempt(&attempt).await {
                Verdict::Fine | Verdict::Refused(_) => {}
                Verdict::NoNamespace(why) | Verdict::Unknown(why) => {
                    return Err(attempt.named(&why));
                }
            }
        }
        self.others.known().await
    }
}
