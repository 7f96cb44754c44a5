//! Containers from state to state; markers in the names of their images choose how they behave.

use std::time::Duration;

use k8s_openapi::jiff::Timestamp;
use serde_json::Value;
use tokio::time::Instant;

use super::missing::Missing;
use crate::{
    clock,
    spec::{ClusterSpec, ImageMarkers, Timing},
    store::ObjectKey,
    validate::array,
};

/// How a container behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behaviour {
    /// Runs and serves.
    Serves,
    /// Runs and never gets ready.
    NeverReady,
    /// Exits soon, with this code and reason.
    Exits(i32, &'static str),
    /// Is never there to start.
    Unpullable,
}

impl Behaviour {
    /// By the marker in the image's name.
    pub fn of(image: &str, markers: &ImageMarkers) -> Self {
        let has = |marker: &String| !marker.is_empty() && image.contains(marker.as_str());
        if has(&markers.pull_error) {
            Self::Unpullable
        } else if has(&markers.crash_loop) {
            Self::Exits(1, "Error")
        } else if has(&markers.out_of_memory) {
            Self::Exits(137, "OOMKilled")
        } else if has(&markers.completes) {
            Self::Exits(0, "Completed")
        } else if has(&markers.never_ready) {
            Self::NeverReady
        } else {
            Self::Serves
        }
    }
}

/// How a container ended.
#[derive(Clone, Debug)]
pub struct Exit {
    pub code: i32,
    pub reason: &'static str,
    pub started: Timestamp,
    pub finished: Timestamp,
}

/// What a container is doing.
#[derive(Clone, Debug)]
pub enum State {
    /// Not running, until then at least.
    Waiting { reason: &'static str, message: String, until: Instant },
    /// Running.
    Running { since: Instant, started: Timestamp },
    /// Ended for good.
    Exited(Exit),
}

/// One container.
#[derive(Clone, Debug)]
pub struct Container {
    pub name: String,
    pub state: State,
    pub restarts: u32,
    pub last: Option<Exit>,
    /// Identity of the present or last instance.
    pub id: String,
    /// Attempts to pull that failed.
    pulls: u32,
}

/// An event to record.
#[derive(Debug)]
pub struct Notice {
    pub severity: &'static str,
    pub reason: &'static str,
    pub message: String,
}

/// One pod on its node.
#[derive(Debug)]
pub struct PodRun {
    pub key: ObjectKey,
    pub address: String,
    pub started: Timestamp,
    pub init: Vec<Container>,
    pub main: Vec<Container>,
    /// When a deleted pod ends.
    pub end: Option<Instant>,
}

impl Container {
    fn new(name: &str, until: Instant, reason: &'static str) -> Self {
        let state = State::Waiting { reason, message: String::new(), until };
        Self { name: name.into(), state, restarts: 0, last: None, id: String::new(), pulls: 0 }
    }

    /// Whether it runs.
    pub fn is_running(&self) -> bool {
        matches!(self.state, State::Running { .. })
    }

    /// Whether it ran at some time.
    pub fn ever_ran(&self) -> bool {
        self.is_running() || self.last.is_some() || matches!(self.state, State::Exited(_))
    }

    /// Whether it serves by now.
    pub fn is_ready(&self, behaviour: Behaviour, now: Instant, after: Duration) -> bool {
        let State::Running { since, .. } = &self.state else { return false };
        behaviour != Behaviour::NeverReady && now >= *since + after
    }

    /// Whether it ended well, for good.
    pub fn succeeded(&self) -> bool {
        matches!(&self.state, State::Exited(exit) if exit.code == 0)
    }
}

/// What the steps of one container depend on.
struct StepContext<'a> {
    behaviour: Behaviour,
    image: &'a str,
    /// Whether the container is started again when it ends with this code.
    restarts: fn(&str, i32) -> bool,
    policy: &'a str,
    missing: Option<&'a str>,
    timing: &'a Timing,
}

impl PodRun {
    /// A pod that its node has just accepted.
    pub fn new(
        key: ObjectKey,
        pod: &Value,
        address: String,
        now: Instant,
        timing: &Timing,
    ) -> Self {
        let until = now + Duration::from_millis(timing.start);
        let list = |list: &str, reason: &'static str| -> Vec<Container> {
            array(&pod["spec"][list])
                .map(|c| Container::new(c["name"].as_str().unwrap_or_default(), until, reason))
                .collect()
        };
        let init = list("initContainers", "PodInitializing");
        let reason = if init.is_empty() { "ContainerCreating" } else { "PodInitializing" };
        Self {
            key,
            address,
            started: clock::now(),
            main: list("containers", reason),
            init,
            end: None,
        }
    }

    /// Moves every container as far as time lets it; the answer is when to look again.
    pub fn advance(
        &mut self,
        pod: &Value,
        missing: &Missing,
        spec: &ClusterSpec,
        now: Instant,
        notices: &mut Vec<Notice>,
    ) -> Option<Duration> {
        if let Some(what) = &missing.volume {
            let message = format!("MountVolume.SetUp failed for volume {what}");
            notices.push(Notice { severity: "Warning", reason: "FailedMount", message });
            return Some(Duration::from_millis(500));
        }
        let policy = pod["spec"]["restartPolicy"].as_str().unwrap_or("Always");
        let mut wait: Option<Duration> = None;
        let mut soonest = |w: Option<Duration>| {
            if let Some(w) = w {
                wait = Some(wait.map_or(w, |x| x.min(w)));
            }
        };
        for (container, wanted) in self.init.iter_mut().zip(array(&pod["spec"]["initContainers"])) {
            let image = wanted["image"].as_str().unwrap_or_default();
            let sidecar = wanted["restartPolicy"] == "Always";
            let behaviour = match Behaviour::of(image, &spec.images) {
                // An init container that would serve does its work and ends.
                Behaviour::Serves | Behaviour::NeverReady if !sidecar => {
                    Behaviour::Exits(0, "Completed")
                }
                other => other,
            };
            let restarts: fn(&str, i32) -> bool =
                if sidecar { |_, _| true } else { |policy, code| code != 0 && policy != "Never" };
            let missing = missing.of(&container.name);
            let context =
                StepContext { behaviour, image, restarts, policy, missing, timing: &spec.timing };
            soonest(container.advance(&context, now, notices));
            let done = container.succeeded() || (sidecar && container.is_running());
            if !done {
                return wait;
            }
        }
        for (container, wanted) in self.main.iter_mut().zip(array(&pod["spec"]["containers"])) {
            let image = wanted["image"].as_str().unwrap_or_default();
            let restarts: fn(&str, i32) -> bool = |policy, code| match policy {
                "Always" => true,
                "OnFailure" => code != 0,
                _ => false,
            };
            let behaviour = Behaviour::of(image, &spec.images);
            let missing = missing.of(&container.name);
            let context =
                StepContext { behaviour, image, restarts, policy, missing, timing: &spec.timing };
            soonest(container.advance(&context, now, notices));
        }
        wait
    }

    /// Ends every container.
    pub fn stop(&mut self, at: Timestamp) {
        for container in self.main.iter_mut().chain(&mut self.init) {
            if let State::Running { started, .. } = container.state {
                container.state =
                    State::Exited(Exit { code: 0, reason: "Completed", started, finished: at });
            }
        }
    }
}

impl Container {
    /// Moves on until time has to pass; the answer is how much.
    fn advance(
        &mut self,
        context: &StepContext<'_>,
        now: Instant,
        notices: &mut Vec<Notice>,
    ) -> Option<Duration> {
        loop {
            match &self.state {
                State::Waiting { until, .. } if now < *until => return Some(*until - now),
                State::Waiting { .. } => {
                    if let Some(wait) = self.start(context, now, notices) {
                        return Some(wait);
                    }
                }
                State::Running { since, started } => {
                    let Behaviour::Exits(code, reason) = context.behaviour else {
                        let ready = *since + Duration::from_millis(context.timing.ready);
                        return (now < ready).then(|| ready - now);
                    };
                    let due = *since + Duration::from_millis(context.timing.crash);
                    if now < due {
                        return Some(due - now);
                    }
                    let exit = Exit { code, reason, started: *started, finished: clock::now() };
                    self.exit(context, exit, now, notices);
                }
                State::Exited(_) => return None,
            }
        }
    }

    /// Starts, or says how long the attempt has to wait.
    fn start(
        &mut self,
        context: &StepContext<'_>,
        now: Instant,
        notices: &mut Vec<Notice>,
    ) -> Option<Duration> {
        let image = context.image;
        if context.behaviour == Behaviour::Unpullable {
            let pause = backoff(context.timing, self.pulls);
            let tag = format!("{image:?}");
            let error = format!(
                "failed to pull and unpack image {tag}: simulated: the image's name says that it cannot be pulled"
            );
            // The real kubelet alternates between the failure and the pause after it.
            let (reason, message) = if self.pulls == 0 {
                ("ErrImagePull", error.clone())
            } else {
                ("ImagePullBackOff", format!("Back-off pulling image {tag}: ErrImagePull: {error}"))
            };
            let mut notice = |severity, reason, message: String| {
                notices.push(Notice { severity, reason, message })
            };
            notice("Normal", "Pulling", format!("Pulling image {tag}"));
            notice("Warning", "Failed", format!("Failed to pull image {tag}: {error}"));
            notice("Warning", "Failed", format!("Error: {reason}"));
            self.pulls = self.pulls.saturating_add(1);
            self.state = State::Waiting { reason, message, until: now + pause };
            return Some(pause);
        }
        if let Some(what) = context.missing {
            let pause = Duration::from_millis(500);
            notices.push(Notice {
                severity: "Warning",
                reason: "Failed",
                message: format!("Error: {what}"),
            });
            self.state = State::Waiting {
                reason: "CreateContainerConfigError",
                message: what.to_owned(),
                until: now + pause,
            };
            return Some(pause);
        }
        for (reason, message) in [
            ("Pulled", format!("Successfully pulled image {image:?} (simulated)")),
            ("Created", format!("Container created: {}", self.name)),
            ("Started", format!("Container started: {}", self.name)),
        ] {
            notices.push(Notice { severity: "Normal", reason, message });
        }
        self.id = format!("simulated://{}", uuid::Uuid::new_v4().simple());
        self.state = State::Running { since: now, started: clock::now() };
        None
    }

    fn exit(
        &mut self,
        context: &StepContext<'_>,
        exit: Exit,
        now: Instant,
        notices: &mut Vec<Notice>,
    ) {
        if !(context.restarts)(context.policy, exit.code) {
            self.state = State::Exited(exit);
            return;
        }
        let pause = backoff(context.timing, self.restarts);
        self.restarts = self.restarts.saturating_add(1);
        self.last = Some(exit);
        let message =
            format!("back-off {} restarting failed container={}", human_duration(pause), self.name);
        notices.push(Notice {
            severity: "Warning",
            reason: "BackOff",
            message: format!("Back-off restarting failed container {}", self.name),
        });
        self.state = State::Waiting { reason: "CrashLoopBackOff", message, until: now + pause };
    }
}

fn human_duration(pause: Duration) -> String {
    if pause.as_secs() > 0 {
        format!("{}s", pause.as_secs())
    } else {
        format!("{}ms", pause.as_millis())
    }
}

fn backoff(timing: &Timing, times: u32) -> Duration {
    let factor = 1u64.checked_shl(times.min(20)).unwrap_or(u64::MAX);
    Duration::from_millis(timing.backoff.saturating_mul(factor).min(timing.backoff_max))
}
