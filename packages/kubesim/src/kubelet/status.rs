//! What the API shows of a running pod.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::machine::{Behaviour, Container, Exit, PodRun, State};
use crate::{clock, conditions, names, spec::ClusterSpec, validate::array};

/// Writes a pod's status.
pub fn write(
    status: &mut Value,
    run: &PodRun,
    pod: &Value,
    node: &Value,
    spec: &ClusterSpec,
    now: Instant,
) {
    let after = Duration::from_millis(spec.timing.ready);
    let shown = |containers: &[Container], list: &str| -> Vec<Value> {
        containers
            .iter()
            .zip(array(&pod["spec"][list]))
            .map(|(container, wanted)| {
                let image = wanted["image"].as_str().unwrap_or_default();
                let init_done = list == "initContainers" && container.succeeded();
                let ready =
                    init_done || container.is_ready(Behaviour::of(image, &spec.images), now, after);
                container_status(container, image, ready)
            })
            .collect()
    };
    let main = shown(&run.main, "containers");
    let init = shown(&run.init, "initContainers");
    let initialized =
        run.init.iter().zip(array(&pod["spec"]["initContainers"])).all(|(c, wanted)| {
            c.succeeded() || (wanted["restartPolicy"] == "Always" && c.is_running())
        });
    let unready: Vec<&str> =
        main.iter().filter(|c| c["ready"] == false).filter_map(|c| c["name"].as_str()).collect();
    let ended = run.main.iter().all(|c| matches!(c.state, State::Exited(_)));
    let well = run.main.iter().all(Container::succeeded);
    let init_failed =
        run.init.iter().any(|c| matches!(c.state, State::Exited(_)) && !c.succeeded());
    let phase = if init_failed || (ended && !well) {
        "Failed"
    } else if ended {
        "Succeeded"
    } else if run.main.iter().any(Container::ever_ran) {
        "Running"
    } else {
        "Pending"
    };
    let begun = run.main.iter().chain(&run.init).any(Container::ever_ran);

    status["phase"] = json!(phase);
    status["startTime"] = json!(clock::seconds(run.started));
    if let Some(address) = array(&node["status"]["addresses"]).find(|a| a["type"] == "InternalIP") {
        status["hostIP"] = address["address"].clone();
        status["hostIPs"] = json!([{"ip": address["address"]}]);
    }
    if begun {
        status["podIP"] = json!(run.address);
        status["podIPs"] = json!([{"ip": run.address}]);
    }
    status["containerStatuses"] = json!(main);
    if !init.is_empty() {
        status["initContainerStatuses"] = json!(init);
    }

    conditions::set(status, "PodReadyToStartContainers", begun && !ended, "", "");
    if initialized {
        conditions::set(status, "Initialized", true, if ended { "PodCompleted" } else { "" }, "");
    } else {
        let waiting: Vec<&str> =
            run.init.iter().filter(|c| !c.succeeded()).map(|c| c.name.as_str()).collect();
        let message = format!("containers with incomplete status: [{}]", waiting.join(" "));
        conditions::set(status, "Initialized", false, "ContainersNotInitialized", &message);
    }
    let message = format!("containers with unready status: [{}]", unready.join(" "));
    for kind in ["Ready", "ContainersReady"] {
        if ended && well {
            conditions::set(status, kind, false, "PodCompleted", "");
        } else if unready.is_empty() && initialized {
            conditions::set(status, kind, true, "", "");
        } else {
            conditions::set(status, kind, false, "ContainersNotReady", &message);
        }
    }
}

fn container_status(container: &Container, image: &str, ready: bool) -> Value {
    let state = match &container.state {
        State::Waiting { reason, message, .. } => {
            let mut waiting = json!({"reason": reason});
            if !message.is_empty() {
                waiting["message"] = json!(message);
            }
            json!({"waiting": waiting})
        }
        State::Running { started, .. } => {
            json!({"running": {"startedAt": clock::seconds(*started)}})
        }
        State::Exited(exit) => json!({"terminated": terminated(exit, &container.id)}),
    };
    let last = match &container.last {
        Some(exit) => json!({"terminated": terminated(exit, &container.id)}),
        None => json!({}),
    };
    let mut status = json!({
        "name": container.name,
        "state": state,
        "lastState": last,
        "ready": ready,
        "started": container.is_running(),
        "restartCount": container.restarts,
        "image": image,
        "imageID": "",
    });
    if !container.id.is_empty() {
        status["containerID"] = json!(container.id);
        status["imageID"] =
            json!(format!("simulated/{}@sha256:{}", image, names::hash_suffix(image, 12)));
    }
    status
}

fn terminated(exit: &Exit, id: &str) -> Value {
    json!({
        "exitCode": exit.code,
        "reason": exit.reason,
        "startedAt": clock::seconds(exit.started),
        "finishedAt": clock::seconds(exit.finished),
        "containerID": id,
    })
}
