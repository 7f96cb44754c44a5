//! What a tenant can do about what ended or keeps its pod: a table by reason, exit code and words.

use k8s_openapi::api::core::v1::{Container, Pod};
use souk_gateway::body::PodFailure;

/// The parts of the pod that advice names.
struct AdviceInput<'a> {
    failure: &'a PodFailure,
    container: Option<&'a Container>,
    /// All that the cluster says, in lower case.
    said: String,
}

/// What to do; none if the cluster's words say all.
pub(super) fn advice(failure: &PodFailure, pod: &Pod) -> Option<String> {
    let spec = pod.spec.as_ref();
    let containers = spec
        .into_iter()
        .flat_map(|spec| spec.init_containers.iter().flatten().chain(&spec.containers));
    let named = |one: &&Container| failure.container.as_ref().is_none_or(|name| *name == one.name);
    let container = containers.into_iter().find(named);
    let parts = [&failure.message, &failure.waiting];
    let said = parts.into_iter().flatten().map(|text| text.to_lowercase()).collect::<Vec<_>>();
    AdviceInput { failure, container, said: said.join(" ") }.advice()
}

impl AdviceInput<'_> {
    fn advice(&self) -> Option<String> {
        let text = match self.failure.reason.as_str() {
            "OOMKilled" => return Some(self.memory()),
            "ErrImagePull" | "ImagePullBackOff" | "RegistryUnavailable" => self.image(),
            "InvalidImageName" => "write the image as `registry/name:tag`",
            "ErrImageNeverPull" => {
                "this provider runs only images that its nodes have: ask it, or choose another"
            }
            "ImageInspectError" => {
                "the node cannot read the image: push it again, or ask the provider"
            }
            "SignatureValidationFailed" => "the provider wants signed images: ask it which",
            "CreateContainerConfigError" => self.configuration(),
            "CreateContainerError" | "RunContainerError" | "ContainerCannotRun" | "StartError" => {
                self.start()
            }
            "Unschedulable" => {
                "the provider's nodes have no room for it now; it starts by itself once there is; if that lasts, close the lease and choose another bid"
            }
            "SchedulingGated" | "SchedulerError" => "ask the provider",
            "Evicted" => return self.evicted(),
            "DeadlineExceeded" => "it ran longer than it may; it is started again by itself",
            "Preempting" | "Preempted" | "PreemptionByScheduler" => {
                "the node was needed for something else; it is started again by itself, and the provider can say why"
            }
            "EvictionByEvictionAPI"
            | "DeletionByTaintManager"
            | "TerminationByKubelet"
            | "DeletionByPodGC"
            | "NodeLost"
            | "NodeShutdown"
            | "Shutdown"
            | "Terminated" => {
                "its node goes or is gone; it is started again by itself where there is room"
            }
            "UnexpectedAdmissionError" | "NodeAffinity" | "NodePorts" | "TopologyAffinityError" => {
                "its node refused it; it is started again by itself"
            }
            reason if reason.starts_with("OutOf") => {
                "its node refused it; it is started again by itself"
            }
            _ => return self.exit(),
        };
        Some(text.to_owned())
    }

    fn limit(&self, resource: &str) -> Option<String> {
        let limits = self.container?.resources.as_ref()?.limits.as_ref()?;
        Some(size(&limits.get(resource)?.0))
    }

    fn memory(&self) -> String {
        match self.limit("memory") {
            Some(memory) => format!("the memory is {memory}: ask for more"),
            None => "ask for more memory".to_owned(),
        }
    }

    fn image(&self) -> &'static str {
        let says = |words: &[&str]| words.iter().any(|word| self.said.contains(word));
        if says(&["no match for platform", "no matching manifest"]) {
            "the image is not made for the processors here: ask for its architecture, or build it for this one"
        } else if says(&["toomanyrequests", "429", "rate limit"]) {
            "the registry serves the provider no more for now: give the login of an account, or use another registry"
        } else if says(&[
            "unauthorized",
            "401",
            "403",
            "denied",
            "authentication",
            "authorization failed",
        ]) {
            "the registry refuses: check the image's name, and give its login under `credentials`"
        } else if says(&["not found", "manifest unknown", "404", "does not exist"]) {
            "there is no such image: check its name and tag"
        } else if says(&["x509", "certificate"]) {
            "the registry's certificate is not accepted: use a registry with one of a public authority"
        } else if says(&["no such host", "timeout", "connection refused", "i/o"]) {
            "the registry is not reached from the provider: check its name, and that it is public"
        } else {
            "check the image's name and tag, and the login under `credentials`"
        }
    }

    fn configuration(&self) -> &'static str {
        if self.said.contains("runasnonroot") || self.said.contains("run as root") {
            "this provider runs no image as root: use one with a user of its own (a number), or another provider"
        } else if self.said.contains("secret") || self.said.contains("configmap") {
            "send the manifest again: `souk lease send`"
        } else {
            "correct what it names and update the deployment"
        }
    }

    fn start(&self) -> &'static str {
        let says = |word: &str| self.said.contains(word);
        if says("exec format error") {
            "the program is made for other processors: ask for its architecture, or build it for this one"
        } else if says("executable file not found") || says("no such file or directory") {
            "the command is not in the image: check `command` and `args`"
        } else if says("permission denied") {
            "the command may not be executed: set its mode in the image"
        } else if says("mount") {
            "a mount fails: check the paths under `mount`"
        } else {
            "check `command`, `args` and the image"
        }
    }

    fn evicted(&self) -> Option<String> {
        let says = |word: &str| self.said.contains(word);
        Some(if says("ephemeral") || says("disk") || says("storage") || says("emptydir") {
            match self.limit("ephemeral-storage") {
                Some(disk) => format!(
                    "the disk is {disk}: ask for more storage, or write to a persistent volume"
                ),
                None => "ask for more storage, or write to a persistent volume".to_owned(),
            }
        } else if says("memory") {
            self.memory()
        } else {
            "it is started again by itself".to_owned()
        })
    }

    /// By the code of a container that ended by itself or by a signal.
    fn exit(&self) -> Option<String> {
        let text = match self.failure.exit_code? {
            0 => "its command ended: a service has to go on running in the foreground",
            126 => {
                "the command may not be executed: check `command` and the file's mode in the image"
            }
            127 => "the command is not in the image: check `command` and `args`",
            132 => "the program uses instructions that this processor does not have (SIGILL)",
            134 => {
                "the program ended itself (SIGABRT): read its log with `souk lease logs --previous`"
            }
            137 => {
                let memory = self.limit("memory").map(|memory| format!(" (it is {memory})"));
                let memory = memory.unwrap_or_default();
                return Some(format!(
                    "it was killed (SIGKILL), mostly for its memory{memory}, or since it did not end when asked to"
                ));
            }
            139 => "the program crashed (SIGSEGV): read its log with `souk lease logs --previous`",
            143 => "it was asked to end (SIGTERM)",
            _ => "read its log with `souk lease logs --previous`",
        };
        Some(text.to_owned())
    }
}

/// A size as people write it: bytes in the largest unit that gives a whole number.
fn size(quantity: &str) -> String {
    let Ok(bytes) = quantity.parse::<u64>() else { return quantity.to_owned() };
    let units = [(40, "Ti"), (30, "Gi"), (20, "Mi"), (10, "Ki")];
    let whole = units.iter().find(|(bits, _)| bytes > 0 && bytes.is_multiple_of(1 << bits));
    whole.map_or_else(|| quantity.to_owned(), |(bits, unit)| format!("{}{unit}", bytes >> bits))
}
