//! What ended a pod or keeps it from running.
//!
//! Kubernetes says it in four places: the pod's own reason, its conditions, the present state of each
//! container and its last one. The last state counts while the present one is another attempt.

use k8s_openapi::api::core::v1::{
    ContainerState, ContainerStateTerminated, ContainerStatus, Pod, PodCondition, PodStatus,
};
use souk_gateway::body::PodTrouble;

use super::advice;

/// Reasons of a state that is a step of an ordinary start.
const STARTING: [&str; 2] = ["ContainerCreating", "PodInitializing"];
/// Reasons of a condition that only repeat what containers say.
const REPEATED: [&str; 4] =
    ["ContainersNotReady", "ContainersNotInitialized", "PodCompleted", "PodFailed"];

/// What ended the pod or keeps it; none while it starts or runs as it should.
pub fn trouble(pod: &Pod) -> Option<PodTrouble> {
    let status = pod.status.as_ref()?;
    let inits = status.init_container_statuses.iter().flatten().filter(|init| !has_done(init));
    let containers = inits.chain(status.container_statuses.iter().flatten());
    let of_containers = containers.filter_map(of_container);
    // What keeps it now goes before what ended it once.
    let of_container = of_containers.min_by_key(|trouble| trouble.runs_again);
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
pub fn one_line(trouble: &PodTrouble, restarts: u32) -> String {
    let mut text = trouble.reason.clone();
    if let Some(code) = trouble.exit_code {
        text.push_str(&format!(" (exit code {code})"));
        match restarts {
            0 => {}
            1 => text.push_str(", 1 restart"),
            more => text.push_str(&format!(", {more} restarts")),
        }
    }
    if let Some(message) = &trouble.message {
        text.push_str(&format!(": {message}"));
    }
    if let Some(waiting) = &trouble.waiting {
        text.push_str(&format!("; {waiting}"));
    }
    if trouble.runs_again {
        match &trouble.ended_at {
            Some(time) => text.push_str(&format!("; ended at {time}, runs again")),
            None => text.push_str("; runs again"),
        }
    }
    if let Some(advice) = &trouble.advice {
        text.push_str(&format!("; {advice}"));
    }
    text
}

/// The pod's own reason: evicted, refused by its node, lost, too late.
fn of_pod(status: &PodStatus) -> Option<PodTrouble> {
    let message = words(status.message.as_deref());
    let failed = status.phase.as_deref() == Some("Failed") && message.is_some();
    let reason = words(status.reason.as_deref()).or_else(|| failed.then(|| "Failed".to_owned()))?;
    Some(PodTrouble { reason, message, ..PodTrouble::default() })
}

/// How its container ended belongs to what ended the pod.
fn with_exit(pod: PodTrouble, container: Option<PodTrouble>) -> PodTrouble {
    let Some(container) = container else { return pod };
    let PodTrouble { container, exit_code, ended_at, .. } = container;
    PodTrouble { container, exit_code, ended_at, ..pod }
}

fn unscheduled(status: &PodStatus) -> Option<PodTrouble> {
    let mut conditions = status.conditions.iter().flatten();
    let found = conditions.find(|one| one.type_ == "PodScheduled" && one.status == "False")?;
    Some(of_condition(found))
}

/// A disruption under way, or a condition that keeps the pod from being ready for another reason
/// than its containers.
fn of_conditions(status: &PodStatus) -> Option<PodTrouble> {
    let is_trouble = |one: &&PodCondition| {
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
    conditions.find(is_trouble).map(of_condition)
}

fn of_condition(condition: &PodCondition) -> PodTrouble {
    let reason = words(condition.reason.as_deref()).unwrap_or_else(|| condition.type_.clone());
    let message = words(condition.message.as_deref());
    PodTrouble { reason, message, ..PodTrouble::default() }
}

/// Whether an init container did its work.
fn has_done(init: &ContainerStatus) -> bool {
    let ended = init.state.as_ref().and_then(|state| state.terminated.as_ref());
    ended.is_some_and(|ended| ended.exit_code == 0)
}

fn of_container(container: &ContainerStatus) -> Option<PodTrouble> {
    let state = container.state.as_ref();
    let last = container.last_state.as_ref().and_then(|state| state.terminated.as_ref());
    let mut trouble = match (state, last) {
        (Some(ContainerState { terminated: Some(ended), .. }), _) => of_end(ended),
        (Some(ContainerState { waiting: Some(waiting), .. }), last) => {
            let reason = words(waiting.reason.as_deref());
            let keeps = reason.filter(|reason| !STARTING.contains(&reason.as_str()));
            let message = words(waiting.message.as_deref());
            match (last.map(of_end), keeps) {
                (Some(ended), Some(reason)) => {
                    PodTrouble { waiting: Some(waiting_line(&reason, message)), ..ended }
                }
                (Some(ended), None) => ended,
                (None, Some(reason)) => PodTrouble { reason, message, ..PodTrouble::default() },
                (None, None) => return None,
            }
        }
        (Some(ContainerState { running: Some(_), .. }), Some(last)) => {
            PodTrouble { runs_again: true, ..of_end(last) }
        }
        _ => return None,
    };
    trouble.container = Some(container.name.clone());
    Some(trouble)
}

fn of_end(ended: &ContainerStateTerminated) -> PodTrouble {
    let by_code = || if ended.exit_code == 0 { "Completed" } else { "Error" }.to_owned();
    PodTrouble {
        reason: words(ended.reason.as_deref()).unwrap_or_else(by_code),
        exit_code: Some(ended.exit_code),
        ended_at: ended.finished_at.as_ref().map(|time| time.0.to_string()),
        message: words(ended.message.as_deref()),
        ..PodTrouble::default()
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
