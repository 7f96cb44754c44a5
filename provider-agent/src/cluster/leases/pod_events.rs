//! How containers ended, as events of the lease. Kubernetes has events for images and back-offs, and
//! none for a container that was killed for its memory or ended by itself.

use std::{
    collections::{HashSet, VecDeque},
    time::Duration,
};

use futures::{StreamExt, stream};
use souk_gateway::body::{ClusterEvent, PodFailure};
use tokio::time::{Interval, MissedTickBehavior};

use crate::{
    cluster::{
        kube::{cache::Caches, seen::SeenPod},
        workloads::LineStream,
    },
    model::pods::one_line,
};

/// Between two looks at the pods.
const LOOK: Duration = Duration::from_secs(1);

/// The ends that are seen at this moment.
pub fn seen(pods: &[SeenPod]) -> Vec<ClusterEvent> {
    pods.iter().filter_map(event).collect()
}

/// The ends that are seen, and those that come, as long as the stream is read.
pub fn follow(caches: Caches, namespace: String) -> LineStream<ClusterEvent> {
    let mut looks = tokio::time::interval(LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let ends = Ends { caches, namespace, looks, known: HashSet::new(), new: VecDeque::new() };
    stream::unfold(ends, |mut ends| async move { Some((Ok(ends.next().await), ends)) }).boxed()
}

struct Ends {
    caches: Caches,
    namespace: String,
    looks: Interval,
    /// What was passed on and is still seen.
    known: HashSet<(String, u32, Option<String>)>,
    new: VecDeque<ClusterEvent>,
}

impl Ends {
    async fn next(&mut self) -> ClusterEvent {
        loop {
            if let Some(event) = self.new.pop_front() {
                return event;
            }
            self.looks.tick().await;
            let events = seen(&self.caches.pods(&self.namespace));
            let key = |one: &ClusterEvent| (one.object.clone(), one.count, one.last_seen.clone());
            let there: HashSet<_> = events.iter().map(key).collect();
            self.new.extend(events.into_iter().filter(|one| !self.known.contains(&key(one))));
            self.known = there;
        }
    }
}

fn event(pod: &SeenPod) -> Option<ClusterEvent> {
    let failure = pod.status.failure.as_deref()?;
    let ended = failure.exit_code.is_some() || pod.failed_at.is_some();
    ended.then(|| {
        // What it does by now is its status'.
        let end = PodFailure { waiting: None, runs_again: false, ..failure.clone() };
        ClusterEvent {
            object: format!("pod/{}", pod.status.name),
            kind: "Warning".to_owned(),
            reason: failure.reason.clone(),
            message: one_line(&end, pod.status.restarts),
            count: pod.status.restarts.max(1),
            last_seen: failure.ended_at.clone(),
        }
    })
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::core::v1::Pod;
    use serde_json::json;

    use super::*;
    use crate::model::scope::MarketScope;

    #[tokio::test]
    async fn a_container_that_was_killed_for_its_memory_is_an_event_of_the_lease_once() {
        let scope = MarketScope::new("souk-1", "souk1book", "souk1me");
        let namespace = scope.namespace(souk_core::OrderId(7));
        let mut labels: serde_json::Map<_, _> =
            scope.labels().map(|(key, value)| (key.to_owned(), json!(value))).into_iter().collect();
        labels.insert(crate::model::labels::ORDER.to_owned(), json!("7"));
        let pod: Pod = serde_json::from_value(json!({
            "metadata": { "name": "web-1", "namespace": namespace, "uid": "1", "labels": labels },
            "spec": { "containers": [{ "name": "web", "resources": { "limits": { "memory": "256Mi" } } }] },
            "status": { "phase": "Running", "containerStatuses": [{
                "name": "web", "image": "web", "imageID": "", "ready": true, "restartCount": 3,
                "state": { "running": {} },
                "lastState": { "terminated": { "exitCode": 137, "reason": "OOMKilled" } },
            }] },
        }))
        .unwrap();
        let caches = Caches::of_pods(&scope, [pod]);
        let mut events = follow(caches, namespace);
        let event = events.next().await.unwrap().unwrap();
        assert_eq!((event.object.as_str(), event.reason.as_str()), ("pod/web-1", "OOMKilled"));
        let said = "OOMKilled (exit code 137), 3 restarts; the memory is 256Mi: ask for more";
        assert_eq!((event.message.as_str(), event.count), (said, 3));
        let more = tokio::time::timeout(LOOK * 3, events.next()).await;
        assert!(more.is_err(), "{more:?}");
    }
}
