//! Which pods there are, and whether their containers have a log, by the caches: the API server is
//! not asked for a log that cannot be there.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use k8s_openapi::api::core::v1::{ContainerStatus, Pod};
use kube::{
    ResourceExt,
    runtime::reflector::{ObjectRef, Store},
};
use parking_lot::Mutex;

/// For this time the list of pods is used again: it is made of all pods, and every follower asks.
const MAX_AGE: Duration = Duration::from_millis(500);

/// The pods of all leases.
pub struct Pods {
    cache: Store<Pod>,
    listed: Mutex<Option<Listed>>,
}

struct Listed {
    at: Instant,
    by_namespace: HashMap<String, Vec<Arc<Pod>>>,
}

/// A pod whose log is wanted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Source {
    /// The service that it is of.
    pub service: String,
    /// Its namespace.
    pub namespace: String,
    /// The pod's name.
    pub pod: String,
    /// The pod's uid.
    pub uid: String,
}

/// What a pod's container has to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Log {
    /// The pod is gone.
    Gone,
    /// It never ran.
    None,
    /// One that is being written, of the run with this container id.
    Written(String),
    /// One that is complete, of the run with this container id.
    Complete(String),
}

impl Pods {
    /// By a cache.
    pub fn new(cache: Store<Pod>) -> Self {
        Self { cache, listed: Mutex::new(None) }
    }

    /// The pods of a namespace, at most half a second ago.
    pub fn of(&self, namespace: &str) -> Vec<Arc<Pod>> {
        let mut listed = self.listed.lock();
        let now = Instant::now();
        if listed.as_ref().is_none_or(|listed| now.duration_since(listed.at) >= MAX_AGE) {
            let mut by_namespace: HashMap<String, Vec<Arc<Pod>>> = HashMap::new();
            for pod in self.cache.state() {
                if let Some(namespace) = pod.namespace() {
                    by_namespace.entry(namespace).or_default().push(pod);
                }
            }
            *listed = Some(Listed { at: now, by_namespace });
        }
        let found = listed.as_ref().and_then(|listed| listed.by_namespace.get(namespace));
        found.cloned().unwrap_or_default()
    }

    /// What a pod's container has to say now.
    pub fn log(&self, source: &Source) -> Log {
        let key = ObjectRef::new(&source.pod).within(&source.namespace);
        match self.cache.get(&key) {
            Some(pod) if pod.uid().as_deref() == Some(&source.uid) => log_of(&pod),
            _ => Log::Gone,
        }
    }
}

fn log_of(pod: &Pod) -> Log {
    let statuses = pod.status.as_ref().and_then(|status| status.container_statuses.as_ref());
    let Some(status) = statuses.and_then(|statuses| statuses.first()) else { return Log::None };
    let ContainerStatus { state, last_state, container_id, .. } = status;
    let run = |id: &Option<String>| id.clone().unwrap_or_default();
    if let Some(state) = state {
        if state.running.is_some() {
            return Log::Written(run(container_id));
        }
        if let Some(ended) = &state.terminated {
            return Log::Complete(run(&ended.container_id));
        }
    }
    // Between two runs the node shows the log of the one before.
    match last_state.as_ref().and_then(|state| state.terminated.as_ref()) {
        Some(ended) => Log::Complete(run(&ended.container_id)),
        None => Log::None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn log(status: Value) -> Log {
        let pod = json!({ "metadata": { "name": "web" }, "status": status });
        log_of(&serde_json::from_value(pod).unwrap())
    }

    fn container(restarts: i32, state: Value, last: Value) -> Log {
        log(json!({ "containerStatuses": [{
            "name": "web", "image": "web", "imageID": "", "ready": false, "restartCount": restarts,
            "state": state, "lastState": last, "containerID": "containerd://now",
        }] }))
    }

    #[test]
    fn a_container_that_never_ran_has_no_log() {
        assert_eq!(log(json!({})), Log::None);
        for reason in ["ContainerCreating", "ImagePullBackOff", "CreateContainerConfigError"] {
            let waiting = json!({ "waiting": { "reason": reason } });
            assert_eq!(container(0, waiting, json!({})), Log::None, "{reason}");
        }
    }

    #[test]
    fn each_run_of_a_container_has_a_log() {
        let ended = |id: &str| json!({ "terminated": { "exitCode": 1, "containerID": id } });
        let over = container(0, ended("containerd://a"), json!({}));
        let waiting = json!({ "waiting": { "reason": "CrashLoopBackOff" } });
        let between = container(1, waiting, ended("containerd://a"));
        assert_eq!(over, Log::Complete("containerd://a".into()));
        assert_eq!(between, over);
        let second = container(1, json!({ "running": {} }), ended("containerd://a"));
        assert_eq!(second, Log::Written("containerd://now".into()));
    }
}
