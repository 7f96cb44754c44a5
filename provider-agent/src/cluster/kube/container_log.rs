//! Whether a pod's container has a log.

use k8s_openapi::api::core::v1::{ContainerStatus, Pod};

use crate::model::names::digest;

/// What a pod's container has to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Log {
    /// The pod is gone.
    Gone,
    /// It never ran.
    None,
    /// One that is being written, of the run with this digest of a container id.
    Written(u64),
    /// One that is complete, of the run with this digest of a container id.
    Complete(u64),
}

/// What a pod's container has to say.
pub fn log_of(pod: &Pod) -> Log {
    let statuses = pod.status.as_ref().and_then(|status| status.container_statuses.as_ref());
    let Some(status) = statuses.and_then(|statuses| statuses.first()) else { return Log::None };
    let ContainerStatus { state, last_state, container_id, .. } = status;
    let run = |id: &Option<String>| digest(&[id.as_deref().unwrap_or_default()]);
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
        assert_eq!(over, Log::Complete(digest(&["containerd://a"])));
        assert_eq!(between, over);
        let second = container(1, json!({ "running": {} }), ended("containerd://a"));
        assert_eq!(second, Log::Written(digest(&["containerd://now"])));
    }
}
