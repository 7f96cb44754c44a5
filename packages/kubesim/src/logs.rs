//! Simulated logs: what a container would have said by now. The lines are a function of the
//! pod alone; they say that they are simulated and never show a value of the environment.

use k8s_openapi::jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::{clock, error::ApiError, validate::array};

/// One line and its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// When it was written.
    pub at: Timestamp,
    /// What it says, without its end.
    pub text: String,
}

/// One run of a container.
#[derive(Clone, Debug)]
pub struct Instance {
    container: Value,
    pod: String,
    started: Timestamp,
    finished: Option<Timestamp>,
    exit: Option<(i64, String)>,
    restarts: i64,
}

/// What to show of a log.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// At most this number of last lines.
    pub tail: Option<usize>,
    /// Only lines from then on.
    pub since: Option<Timestamp>,
    /// Whether to put times in front.
    pub timestamps: bool,
}

/// The container that a request means; a pod with several must be asked for one by name.
pub fn container<'p>(pod: &'p Value, name: Option<&str>) -> Result<&'p str, ApiError> {
    let names: Vec<&str> = ["containers", "initContainers"]
        .iter()
        .flat_map(|list| array(&pod["spec"][*list]))
        .filter_map(|c| c["name"].as_str())
        .collect();
    let pod_name = pod["metadata"]["name"].as_str().unwrap_or_default();
    match name {
        Some(name) => names.into_iter().find(|n| *n == name).ok_or_else(|| {
            ApiError::bad_request(format!("container {name} is not valid for pod {pod_name}"))
        }),
        None if names.len() == 1 => Ok(names[0]),
        None => Err(ApiError::bad_request(format!(
            "a container name must be specified for pod {pod_name}, choose one of: [{}]",
            names.join(" ")
        ))),
    }
}

/// The present run of a container, or the one before; refused when there is none.
pub fn instance(pod: &Value, name: &str, previous: bool) -> Result<Instance, ApiError> {
    let pod_name = pod["metadata"]["name"].as_str().unwrap_or_default();
    let find = |at: &Value, lists: [&str; 2]| -> Value {
        lists
            .iter()
            .flat_map(|list| array(&at[*list]))
            .find(|c| c["name"] == name)
            .cloned()
            .unwrap_or(Value::Null)
    };
    let container = find(&pod["spec"], ["containers", "initContainers"]);
    let status = find(&pod["status"], ["containerStatuses", "initContainerStatuses"]);
    let restarts = status["restartCount"].as_i64().unwrap_or(0);
    let (running, ended, last) = (
        &status["state"]["running"],
        &status["state"]["terminated"],
        &status["lastState"]["terminated"],
    );
    let time = |v: &Value| v.as_str().and_then(clock::parse);
    let exited = |state: &Value, restarts: i64| {
        Some(Instance {
            container: container.clone(),
            pod: pod_name.to_owned(),
            started: time(&state["startedAt"])?,
            finished: Some(time(&state["finishedAt"])?),
            exit: Some((
                state["exitCode"].as_i64().unwrap_or(0),
                state["reason"].as_str().unwrap_or_default().to_owned(),
            )),
            restarts,
        })
    };
    let found = if previous {
        exited(last, restarts - 1)
    } else if let Some(started) = time(&running["startedAt"]) {
        Some(Instance {
            container: container.clone(),
            pod: pod_name.to_owned(),
            started,
            finished: None,
            exit: None,
            restarts,
        })
    } else {
        // Between crashes the log of the last run is shown, as kubelets do.
        exited(ended, restarts).or_else(|| exited(last, restarts - 1))
    };
    found.ok_or_else(|| {
        ApiError::bad_request(if previous {
            format!("previous terminated container {name:?} in pod {pod_name:?} not found")
        } else {
            let reason = status["state"]["waiting"]["reason"].as_str().unwrap_or("ContainerCreating");
            let image = container["image"].as_str().unwrap_or_default();
            match reason {
                "ErrImagePull" | "ImagePullBackOff" => format!(
                    "container {name:?} in pod {pod_name:?} is waiting to start: trying and failing to pull image ({image})"
                ),
                _ => format!("container {name:?} in pod {pod_name:?} is waiting to start: {reason}"),
            }
        })
    })
}

impl Instance {
    /// Whether no line will follow.
    pub fn is_over(&self) -> bool {
        self.finished.is_some()
    }

    /// When it started.
    pub fn started(&self) -> Timestamp {
        self.started
    }

    /// All lines up to now, one every `period` milliseconds after the first few.
    pub fn lines(&self, now: Timestamp, period: u64) -> Vec<Line> {
        let header = self.header();
        let count = header.len();
        let at = |millis: i64| {
            self.started.saturating_add(SignedDuration::from_millis(millis)).unwrap_or(self.started)
        };
        let mut lines: Vec<Line> = header
            .into_iter()
            .enumerate()
            .map(|(i, text)| Line { at: at(i64::try_from(i).unwrap_or(0)), text })
            .collect();
        let period = i64::try_from(period.max(1)).unwrap_or(i64::MAX);
        let until = self.finished.map_or(now, |f| f.min(now));
        let elapsed = clock::millis_between(self.started, until);
        let base = i64::try_from(count).unwrap_or(0);
        for beat in 1..=(elapsed / period).min(100_000) {
            lines.push(Line {
                at: at(base + beat * period),
                text: format!("[simulated] {} is still running, line {beat}", self.pod),
            });
        }
        if let Some((code, reason)) = &self.exit {
            let last = lines.last().map_or(self.started, |l| l.at);
            let end = self.finished.unwrap_or(last).max(last);
            lines.push(Line {
                at: end,
                text: format!("[simulated] exit with code {code} ({reason})"),
            });
        }
        lines
    }

    fn header(&self) -> Vec<String> {
        let list = |field: &str| -> Vec<String> {
            array(&self.container[field])
                .filter_map(Value::as_str)
                .map(|word| format!("{word:?}"))
                .collect()
        };
        let command = [list("command"), list("args")].concat();
        let command =
            if command.is_empty() { "the image's own".to_owned() } else { command.join(" ") };
        let keys: Vec<&str> =
            array(&self.container["env"]).filter_map(|e| e["name"].as_str()).collect();
        let ports: Vec<String> =
            array(&self.container["ports"]).map(|p| p["containerPort"].to_string()).collect();
        vec![
            format!(
                "[simulated] nothing runs here: this log is generated by souk-kubesim for container {} of pod {}",
                self.container["name"].as_str().unwrap_or_default(),
                self.pod
            ),
            format!("[simulated] image {}", self.container["image"].as_str().unwrap_or_default()),
            format!("[simulated] command {command}"),
            format!(
                "[simulated] environment keys: {}",
                if keys.is_empty() { "none".into() } else { keys.join(", ") }
            ),
            format!(
                "[simulated] started, restart {}, {}",
                self.restarts,
                if ports.is_empty() {
                    "no ports".into()
                } else {
                    format!("listening on {}", ports.join(", "))
                }
            ),
        ]
    }
}

/// The part of a log that was asked for, each line with its end.
pub fn select(lines: &[Line], selection: &Selection) -> String {
    let recent: Vec<&Line> =
        lines.iter().filter(|l| selection.since.is_none_or(|since| l.at >= since)).collect();
    let skip = selection.tail.map_or(0, |tail| recent.len().saturating_sub(tail));
    recent.into_iter().skip(skip).map(|l| written(l, selection.timestamps)).collect()
}

/// One line with its end, and its time if asked for.
pub fn written(line: &Line, timestamps: bool) -> String {
    if timestamps {
        format!("{} {}\n", clock::nanos(line.at), line.text)
    } else {
        format!("{}\n", line.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pod() -> Value {
        json!({
            "metadata": {"name": "web-1"},
            "spec": {"containers": [{
                "name": "web", "image": "nginx", "command": ["run"],
                "env": [{"name": "PASSWORD", "value": "hunter2"}],
            }]},
            "status": {"containerStatuses": [{
                "name": "web", "restartCount": 1,
                "state": {"running": {"startedAt": "2026-11-01T00:00:00Z"}},
                "lastState": {"terminated": {"startedAt": "2026-10-31T23:59:00Z", "finishedAt": "2026-10-31T23:59:30Z", "exitCode": 1, "reason": "Error"}},
            }]},
        })
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_log_grows_and_never_takes_back_a_line() {
        let instance = instance(&pod(), "web", false).unwrap();
        let before = instance.lines(at("2026-11-01T00:00:12Z"), 5_000);
        let after = instance.lines(at("2026-11-01T00:00:22Z"), 5_000);
        assert_eq!(before.len() + 2, after.len());
        assert_eq!(before[..], after[..before.len()]);
    }

    #[test]
    fn a_log_names_the_keys_of_the_environment_and_not_its_values() {
        let lines =
            instance(&pod(), "web", false).unwrap().lines(at("2026-11-01T00:00:01Z"), 5_000);
        let text = select(&lines, &Selection::default());
        assert!(text.contains("PASSWORD") && text.contains("nginx") && text.contains("simulated"));
        assert!(!text.contains("hunter2"));
    }

    #[test]
    fn the_run_before_a_crash_has_a_log_of_its_own() {
        let lines = instance(&pod(), "web", true).unwrap().lines(at("2026-11-01T00:00:01Z"), 5_000);
        assert!(lines.last().unwrap().text.contains("exit with code 1"));
        assert!(lines.iter().all(|l| l.at <= at("2026-10-31T23:59:31Z")));
    }

    #[test]
    fn tail_and_since_select_lines() {
        let lines =
            instance(&pod(), "web", false).unwrap().lines(at("2026-11-01T00:00:30Z"), 5_000);
        let tail = select(&lines, &Selection { tail: Some(2), ..Selection::default() });
        assert_eq!(tail.lines().count(), 2);
        let since = Selection {
            since: Some(at("2026-11-01T00:00:20Z")),
            timestamps: true,
            ..Selection::default()
        };
        let text = select(&lines, &since);
        assert!(text.lines().all(|l| l.starts_with("2026-11-01T00:00:2") || l.starts_with("2026-11-01T00:00:3")));
        assert!(!text.is_empty());
    }
}
