use k8s_openapi::api::core::v1::Pod;
use serde_json::{Value, json};

use super::*;

fn pod(status: Value) -> Pod {
    let value = json!({
        "metadata": { "name": "web-1", "uid": "1" },
        "spec": {
            "initContainers": [{ "name": "setup", "image": "setup" }],
            "containers": [{ "name": "web", "image": "web", "resources": { "limits": {
                "memory": "268435456", "ephemeral-storage": "1073741824" } } }],
        },
        "status": status,
    });
    serde_json::from_value(value).unwrap()
}

fn container(name: &str, restarts: i32, state: Value, last: Value) -> Value {
    json!({ "name": name, "image": "web", "imageID": "", "ready": false, "restartCount": restarts,
        "state": state, "lastState": last })
}

fn web(restarts: i32, state: Value, last: Value) -> Value {
    json!({ "phase": "Running", "containerStatuses": [container("web", restarts, state, last)] })
}

fn ended(code: i32, reason: &str) -> Value {
    json!({ "terminated": { "exitCode": code, "reason": reason,
        "finishedAt": "2026-11-29T10:00:00Z", "startedAt": "2026-11-29T09:59:00Z" } })
}

fn waiting(reason: &str, message: &str) -> Value {
    json!({ "waiting": { "reason": reason, "message": message } })
}

fn line(status: Value, restarts: u32) -> Option<String> {
    failure(&pod(status)).map(|failure| one_line(&failure, restarts))
}

/// As API servers and kubelets of Kubernetes 1.30 to 1.36 wrote them.
fn recorded() -> Vec<(&'static str, Value, u32, &'static str)> {
    let crash = "back-off 8s restarting failed container=web pod=web-1_souk-x-7(1)";
    let pull = "Back-off pulling image \"ghcr.io/x/app:2\": ErrImagePull: failed to pull and unpack \
                image \"ghcr.io/x/app:2\": failed to resolve reference";
    let unscheduled = json!({ "phase": "Pending", "conditions": [{ "type": "PodScheduled",
        "status": "False", "reason": "Unschedulable", "message": "0/3 nodes are available: 3 Insufficient memory." }] });
    let evicted = json!({ "phase": "Failed", "reason": "Evicted",
        "message": "Pod ephemeral local storage usage exceeds the total limit of containers 1Gi. ",
        "containerStatuses": [container("web", 0, ended(137, "Error"), json!({}))] });
    let low = json!({ "phase": "Failed", "reason": "Evicted",
        "message": "The node was low on resource: memory. Threshold quantity: 100Mi, available: 92Mi." });
    let refused = json!({ "phase": "Failed", "reason": "UnexpectedAdmissionError",
        "message": "Pod was rejected: Allocate failed due to no healthy devices present; cannot allocate unhealthy devices nvidia.com/gpu, which is unexpected" });
    let taken = json!({ "phase": "Running", "conditions": [
        { "type": "DisruptionTarget", "status": "True", "reason": "EvictionByEvictionAPI",
            "message": "Eviction API: evicting" }],
        "containerStatuses": [container("web", 0, json!({ "running": {} }), json!({}))] });
    let init = json!({ "phase": "Pending",
        "initContainerStatuses": [container("setup", 2, waiting("CrashLoopBackOff", "back-off 20s restarting failed container=setup pod=x"), ended(1, "Error"))],
        "containerStatuses": [container("web", 0, waiting("PodInitializing", ""), json!({}))] });
    let gate = json!({ "phase": "Running", "conditions": [
        { "type": "ContainersReady", "status": "True" },
        { "type": "Ready", "status": "False", "reason": "ReadinessGatesNotReady",
            "message": "corresponding condition of pod readiness gate \"x/lb\" does not exist." }] });
    vec![
        (
            "killed for memory, between two runs",
            web(3, waiting("CrashLoopBackOff", crash), ended(137, "OOMKilled")),
            3,
            "OOMKilled (exit code 137), 3 restarts; back-off 8s restarting failed container=web (CrashLoopBackOff); the memory is 256Mi: ask for more",
        ),
        (
            "killed for memory, running again",
            web(3, json!({ "running": {} }), ended(137, "OOMKilled")),
            3,
            "OOMKilled (exit code 137), 3 restarts; ended at 2026-11-29T10:00:00Z, runs again; the memory is 256Mi: ask for more",
        ),
        (
            "killed for memory, just now",
            web(0, ended(137, "OOMKilled"), json!({})),
            0,
            "OOMKilled (exit code 137); the memory is 256Mi: ask for more",
        ),
        (
            "being made again",
            web(1, waiting("ContainerCreating", ""), ended(3, "Error")),
            1,
            "Error (exit code 3), 1 restart; read its log",
        ),
        (
            "killed by a signal",
            web(1, json!({ "running": {} }), ended(137, "Error")),
            1,
            "SIGKILL), mostly for its memory (it is 256Mi)",
        ),
        (
            "its command ends",
            web(5, waiting("CrashLoopBackOff", crash), ended(0, "Completed")),
            5,
            "Completed (exit code 0), 5 restarts; back-off 8s restarting failed container=web (CrashLoopBackOff); its command ended",
        ),
        (
            "no such program",
            web(2, waiting("CrashLoopBackOff", crash), ended(127, "Error")),
            2,
            "is not in the image",
        ),
        (
            "no such image",
            web(
                0,
                waiting("ImagePullBackOff", &format!("{pull}: ghcr.io/x/app:2: not found")),
                json!({}),
            ),
            0,
            "ImagePullBackOff: Back-off pulling image \"ghcr.io/x/app:2\"",
        ),
        (
            "no such image, advice",
            web(0, waiting("ErrImagePull", "manifest unknown"), json!({})),
            0,
            "check its name and tag",
        ),
        (
            "a login is wanted",
            web(0, waiting("ErrImagePull", "failed to authorize: 401 Unauthorized"), json!({})),
            0,
            "`credentials`",
        ),
        (
            "too many pulls",
            web(0, waiting("ErrImagePull", "429 Too Many Requests - toomanyrequests"), json!({})),
            0,
            "no more for now",
        ),
        (
            "another platform",
            web(
                0,
                waiting("ErrImagePull", "no match for platform in manifest: not found"),
                json!({}),
            ),
            0,
            "architecture",
        ),
        (
            "a name that nobody can read",
            web(0, waiting("InvalidImageName", "couldn't parse image name"), json!({})),
            0,
            "`registry/name:tag`",
        ),
        (
            "root is refused",
            web(
                0,
                waiting(
                    "CreateContainerConfigError",
                    "container has runAsNonRoot and image will run as root",
                ),
                json!({}),
            ),
            0,
            "no image as root",
        ),
        (
            "a Secret is gone",
            web(
                0,
                waiting("CreateContainerConfigError", "secret \"web-env\" not found"),
                json!({}),
            ),
            0,
            "send the manifest again",
        ),
        (
            "a command that is not there",
            web(
                1,
                waiting("RunContainerError", "exec: \"srv\": executable file not found in $PATH"),
                json!({}),
            ),
            1,
            "RunContainerError: exec: \"srv\": executable file not found in $PATH; the command is not in the image",
        ),
        (
            "the end of a start",
            web(0, ended(128, "StartError"), json!({})),
            0,
            "StartError (exit code 128); check `command`",
        ),
        (
            "nowhere to go",
            unscheduled,
            0,
            "Unschedulable: 0/3 nodes are available: 3 Insufficient memory.; the provider's nodes have no room",
        ),
        (
            "too much written",
            evicted,
            0,
            "Evicted (exit code 137): Pod ephemeral local storage usage exceeds the total limit of containers 1Gi.; the disk is 1Gi",
        ),
        ("a full node", low, 0, "Evicted: The node was low on resource: memory."),
        ("a broken device", refused, 0, "cannot allocate unhealthy devices"),
        ("being moved", taken, 0, "EvictionByEvictionAPI: Eviction API: evicting; its node goes"),
        (
            "an init container",
            init,
            2,
            "Error (exit code 1), 2 restarts; back-off 20s restarting failed container=setup",
        ),
        ("a condition of another", gate, 0, "ReadinessGatesNotReady: corresponding condition"),
        (
            "lost with its node",
            json!({ "phase": "Running", "reason": "NodeLost", "message": "Node n1 which was running pod web-1 is unresponsive" }),
            0,
            "NodeLost: Node n1",
        ),
        (
            "too long",
            json!({ "phase": "Failed", "reason": "DeadlineExceeded", "message": "Pod was active on the node longer than the specified deadline" }),
            0,
            "DeadlineExceeded: Pod was active",
        ),
    ]
}

#[test]
fn whatever_ended_or_keeps_a_pod_is_said_in_the_clusters_words_with_what_to_do() {
    for (case, status, restarts, expected) in recorded() {
        let found = line(status, restarts).unwrap_or_else(|| panic!("{case}: nothing"));
        assert!(found.contains(expected), "{case}: {found}");
    }
}

#[test]
fn a_pod_that_starts_or_runs_as_it_should_has_no_failure() {
    let done = json!({ "phase": "Running",
        "conditions": [{ "type": "Ready", "status": "False", "reason": "ContainersNotReady",
            "message": "containers with unready status: [web]" }],
        "containerStatuses": [container("web", 0, json!({ "running": {} }), json!({}))] });
    let starting = json!({ "phase": "Pending", "containerStatuses":
        [container("web", 0, waiting("ContainerCreating", ""), json!({}))] });
    for status in [json!({}), done, starting] {
        assert_eq!(line(status.clone(), 0), None, "{status}");
    }
}

#[test]
fn an_init_container_that_did_its_work_has_no_failure() {
    let status = json!({ "phase": "Running",
        "initContainerStatuses": [container("setup", 0, ended(0, "Completed"), json!({}))],
        "containerStatuses": [container("web", 0, json!({ "running": {} }), json!({}))] });
    assert_eq!(line(status, 0), None);
}

#[test]
fn what_keeps_one_container_now_goes_before_what_ended_another_once() {
    let status = json!({ "phase": "Running", "containerStatuses": [
        container("side", 4, json!({ "running": {} }), ended(1, "Error")),
        container("web", 0, waiting("ImagePullBackOff", "not found"), json!({})),
    ] });
    let found = failure(&pod(status)).unwrap();
    assert_eq!(
        (found.reason.as_str(), found.container.as_deref()),
        ("ImagePullBackOff", Some("web"))
    );
}

#[test]
fn of_failed_pods_a_few_stay_for_their_reason_and_the_others_go_after_a_short_time() {
    let failed = |number: i64, service: &str| FailedPod {
        name: format!("{service}-{number}"),
        uid: number.to_string(),
        service: service.to_owned(),
        at: 1_000 + number,
    };
    let all = || (0..100).map(|number| failed(number, "web")).chain([failed(0, "db")]);
    let names = |now| {
        let gone = to_delete(all().collect(), now);
        gone.into_iter().map(|pod| pod.name).collect::<Vec<_>>()
    };
    let gone = names(2_000);
    assert_eq!(gone.len(), 97);
    for kept in ["web-99", "web-98", "web-97", "db-0"] {
        assert!(!gone.iter().any(|name| name == kept), "{kept}");
    }
    assert_eq!(names(1_000 + KEPT_FOR + 9).len(), 10, "the others were not seen long enough");
}

#[test]
fn when_a_pod_failed_is_read_from_wherever_it_stands() {
    let at = |status: Value| failed_at(&pod(status));
    let condition = json!([{ "type": "Ready", "status": "False", "lastTransitionTime": "1970-01-01T00:01:00Z" }]);
    let containers = json!([container("web", 0, ended(1, "Error"), json!({}))]);
    assert_eq!(at(json!({ "phase": "Running", "conditions": condition })), None);
    assert_eq!(at(json!({ "phase": "Failed", "conditions": condition })), Some(60));
    let both =
        json!({ "phase": "Failed", "conditions": condition, "containerStatuses": containers });
    assert!(at(both).unwrap() > 1_000_000_000);
    assert_eq!(at(json!({ "phase": "Failed", "startTime": "1970-01-01T00:00:09Z" })), Some(9));
    assert_eq!(at(json!({ "phase": "Failed" })), Some(0));
}
