//! What ended a pod or keeps it from running.
//!
//! Kubernetes says it in four places: the pod's own reason, its conditions, the present state of each
//! container and its last one. The last state counts while the present one is another attempt.

use k8s_openapi::api::core::v1::{
    ContainerState, ContainerStateTerminated, ContainerStatus, Pod, PodCondition, PodStatus,
};
use souk_gateway::body::PodFailure;

use super::advice;

/// Reasons of a state that is a step of an ordinary start.
const STARTING: [&str; 2] = ["ContainerCreating", "PodInitializing"];
/// Reasons of a condition that only repeat what containers say.
const REPEATED: [&str; 4] =
    ["ContainersNotReady", "ContainersNotInitialized", "PodCompleted", "PodFailed"];

/// What ended the pod or keeps it; none while it starts or runs as it should.
pub fn failure(pod: &Pod) -> Option<PodFailure> {
    let status = pod.status.as_ref()?;
    let inits = status.init_container_statuses.iter().flatten().filter(|init| !has_done(init));
    let containers = inits.chain(status.container_statuses.iter().flatten());
    let of_containers = containers.filter_map(of_container);
    // What keeps it now goes before what ended it once.
    let of_container = of_containers.min_by_key(|failure| failure.runs_again);
    let mut found = match (of_pod(status), unscheduled(status), of_container) {
        (Some(pod), _, container) => with_exit(pod, container),
        (None, Some(condition), _) => condition,
        (None, None, Some(container)) if !container.runs_again => container,
        (None, None, container) => of_conditions(status).or(container)?,
    };
    found.advice = advice::advice(&found, pod);
    Some(found)
}

/// In one line, for instance `OOMKilled (exit code 137), 3 restarts; back-off 8s restarting failed
/// container=web (CrashLoopBackOff); the memory is 256Mi: ask for more`.
pub fn one_line(failure: &PodFailure, restarts: u32) -> String {
    let mut text = failure.reason.clone();
    if let Some(code) = failure.exit_code {
        text.push_str(&format!(" (exit code {code})"));
        match restarts {
            0 => {}
            1 => text.push_str(", 1 restart"),
            more => text.push_str(&format!(", {more} restarts")),
        }
    }
    if let Some(message) = &failure.message {
        text.push_str(&format!(": {message}"));
    }
    if let Some(waiting) = &failure.waiting {
        text.push_str(&format!("; {waiting}"));
    }
    if failure.runs_again {
        match &failure.ended_at {
            Some(time) => text.push_str(&format!("; ended at {time}, runs again")),
            None => text.push_str("; runs again"),
        }
    }
    if let Some(advice) = &failure.advice {
        text.push_str(&format!("; {advice}"));
    }
    text
}

/// The pod's own reason: evicted, refused by its node, lost, too late.
fn of_pod(status: &PodStatus) -> Option<PodFailure> {
    let message = words(status.message.as_deref());
    let failed = status.phase.as_deref() == Some("Failed") && message.is_some();
    let reason = words(status.reason.as_deref()).or_else(|| failed.then(|| "Failed".to_owned()))?;
    Some(PodFailure { reason, message, ..PodFailure::default() })
}

/// How its container ended belongs to what ended the pod.
fn with_exit(pod: PodFailure, container: Option<PodFailure>) -> PodFailure {
    let Some(container) = container else { return pod };
    let PodFailure { container, exit_code, ended_at, .. } = container;
    PodFailure { container, exit_code, ended_at, ..pod }
}

fn unscheduled(status: &PodStatus) -> Option<PodFailure> {
    let mut conditions = status.conditions.iter().flatten();
    let found = conditions.find(|one| one.type_ == "PodScheduled" && one.status == "False")?;
    Some(of_condition(found))
}

/// A disruption under way, or a condition that keeps the pod from being ready for another reason
/// than its containers.
fn of_conditions(status: &PodStatus) -> Option<PodFailure> {
    let is_failure = |one: &&PodCondition| {
        let says_more = one.message.as_deref().is_some_and(|message| !message.is_empty());
        let repeats = one.reason.as_deref().is_some_and(|reason| REPEATED.contains(&reason));
        match (one.type_.as_str(), one.status.as_str()) {
            ("DisruptionTarget" | "PodResizePending", "True") => true,
            ("PodResizePending" | "PodResizeInProgress", _) => false,
            (_, "False") => says_more && !repeats,
            _ => false,
        }
    };
    let mut conditions = status.conditions.iter().flatten();
    conditions.find(is_failure).map(of_condition)
}

fn of_condition(condition: &PodCondition) -> PodFailure {
    let reason = words(condition.reason.as_deref()).unwrap_or_else(|| condition.type_.clone());
    let message = words(condition.message.as_deref());
    PodFailure { reason, message, ..PodFailure::default() }
}

/// Whether an init container did its work.
fn has_done(init: &ContainerStatus) -> bool {
    let ended = init.state.as_ref().and_then(|state| state.terminated.as_ref());
    ended.is_some_and(|ended| ended.exit_code == 0)
}

fn of_container(container: &ContainerStatus) -> Option<PodFailure> {
    let state = container.state.as_ref();
    let last = container.last_state.as_ref().and_then(|state| state.terminated.as_ref());
    let mut failure = match (state, last) {
        (Some(ContainerState { terminated: Some(ended), .. }), _) => of_end(ended),
        (Some(ContainerState { waiting: Some(waiting), .. }), last) => {
            let reason = words(waiting.reason.as_deref());
            let keeps = reason.filter(|reason| !STARTING.contains(&reason.as_str()));
            let message = words(waiting.message.as_deref());
            match (last.map(of_end), keeps) {
                (Some(ended), Some(reason)) => {
                    PodFailure { waiting: Some(waiting_line(&reason, message)), ..ended }
                }
                (Some(ended), None) => ended,
                (None, Some(reason)) => PodFailure { reason, message, ..PodFailure::default() },
                (None, None) => return None,
            }
        }
        (Some(ContainerState { running: Some(_), .. }), Some(last)) => {
            PodFailure { runs_again: true, ..of_end(last) }
        }
        _ => return None,
    };
    failure.container = Some(container.name.clone());
    Some(failure)
}

fn of_end(ended: &ContainerStateTerminated) -> PodFailure {
    let by_code = || if ended.exit_code == 0 { "Completed" } else { "Error" }.to_owned();
    PodFailure {
        reason: words(ended.reason.as_deref()).unwrap_or_else(by_code),
        exit_code: Some(ended.exit_code),
        ended_at: ended.finished_at.as_ref().map(|time| time.0.to_string()),
        message: words(ended.message.as_deref()),
        ..PodFailure::default()
    }
}

/// Why a container that ended waits. The cluster's back-off names pod and namespace behind the
/// container, which the reader knows.
fn waiting_line(reason: &str, message: Option<String>) -> String {
    match message {
        Some(message) => {
            let said = message.split(" pod=").next().unwrap_or(&message);
            format!("{said} ({reason})")
        }
        None => reason.to_owned(),
    }
}

/// A text without surrounding space; none if there is nothing in it.
fn words(text: Option<&str>) -> Option<String> {
    let text = text?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}
