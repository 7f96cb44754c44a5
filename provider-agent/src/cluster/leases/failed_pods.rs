//! Deletes pods that failed and were replaced, but for the newest of each service: Kubernetes keeps
//! thousands, and each is an object that is watched.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use k8s_openapi::api::core::v1::Pod;
use kube::{
    Api, Client,
    api::{DeleteParams, Preconditions},
};
use souk_core::OrderId;
use tokio_util::sync::CancellationToken;

use crate::{
    cluster::kube::{cache::Caches, message::message},
    model::{
        health::Reporter,
        pods::{FailedPod, to_delete},
        scope::MarketScope,
    },
};

/// Between two looks.
const LOOK: Duration = Duration::from_secs(10);
/// After a failure.
const RETRY: Duration = Duration::from_secs(2);
/// Pods that are deleted in one look at most; of more the others go in the next.
const AT_ONCE: usize = 100;

/// Deletes pods that failed.
pub struct FailedPods {
    /// The API server.
    pub client: Client,
    /// What is seen of the leases' pods.
    pub caches: Caches,
    /// The provider and market of the leases.
    pub scope: MarketScope,
    /// Where it reports that it cannot.
    pub health: Reporter,
}

impl FailedPods {
    /// Runs until `stop`.
    pub async fn run(self, stop: CancellationToken) {
        let mut wait = LOOK;
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(wait) => {}
            }
            let done = self.look().await;
            self.health.follow(&done);
            wait = if done.is_ok() { LOOK } else { RETRY };
        }
    }

    async fn look(&self) -> Result<(), String> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let now = i64::try_from(now).unwrap_or(i64::MAX);
        let mut left = AT_ONCE;
        for (order, failed) in self.caches.failed_pods() {
            for pod in to_delete(failed, now).into_iter().take(left) {
                self.delete(order, &pod).await?;
                left -= 1;
            }
            if left == 0 {
                break;
            }
        }
        Ok(())
    }

    async fn delete(&self, order: OrderId, pod: &FailedPod) -> Result<(), String> {
        let namespace = self.scope.namespace(order);
        let pods: Api<Pod> = Api::namespaced(self.client.clone(), &namespace);
        let this = Preconditions { uid: Some(pod.uid.clone()), ..Preconditions::default() };
        let params = DeleteParams { preconditions: Some(this), ..DeleteParams::default() };
        match pods.delete(&pod.name, &params).await {
            Ok(_) => {
                tracing::debug!(namespace, pod = pod.name, "failed pod deleted");
                Ok(())
            }
            // It is gone, or another has its name.
            Err(kube::Error::Api(status)) if status.code == 404 || status.code == 409 => Ok(()),
            Err(error) => Err(format!(
                "pod {} of lease {order}, which failed, cannot be deleted: {}",
                pod.name,
                message(&error)
            )),
        }
    }
}
