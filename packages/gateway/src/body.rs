//! What routes take and give, as JSON.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use souk_core::OrderId;
use souk_sdl::Manifest;

use crate::Salt;

/// PUT of a manifest.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestUpload {
    /// The manifest of the whole deployment; the provider runs its own group.
    pub manifest: Manifest,
    /// The salt of the commitment; none if the commitment is the plain version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub salt: Option<Salt>,
}

/// Who answers at a gateway.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionInfo {
    /// The agent's version.
    pub version: String,
    /// The provider.
    pub provider: String,
    /// The chain that it follows.
    pub chain_id: String,
    /// The orderbook that it follows.
    pub orderbook: String,
}

/// How busy a provider is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderStatus {
    /// The block up to which the agent has read.
    pub height: u64,
    /// Leases that run here.
    pub leases: u32,
    /// Free thousandths of a core.
    pub free_cpu_milli: u64,
    /// Free bytes of memory.
    pub free_memory: u64,
    /// Free GPUs.
    pub free_gpus: u64,
    /// Free bytes of persistent storage by the market's class, of classes of which the provider has a
    /// limited amount.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub free_storage: BTreeMap<String, u64>,
}

/// Where a lease stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaseStatus {
    /// The lease.
    pub order: OrderId,
    /// What it is doing.
    pub phase: Phase,
    /// Why it stands there, if there is something to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Its services, by name.
    pub services: Vec<ServiceStatus>,
    /// Its volumes, if it ended and they are kept for some time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept_volumes: Option<KeptVolumes>,
    /// That its provider takes it back. It is served as before until it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reclaim: Option<Reclaim>,
}

/// A lease that its provider takes back with notice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reclaim {
    /// Why: `unstable`, `decommission` or `unspecified`.
    pub reason: String,
    /// The first second of block time in which anyone can end it.
    pub deadline: u64,
    /// Nor before this block.
    pub deadline_block: u64,
}

/// The volumes of a lease that ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptVolumes {
    /// When they go by the provider's clock, Unix seconds; in the past if they are being deleted.
    pub until: u64,
    /// Each of them.
    pub volumes: Vec<KeptVolume>,
}

/// A volume of a lease that ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptVolume {
    /// The market's storage class.
    pub class: String,
    /// Its size.
    pub bytes: u64,
}

/// What a lease is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// The tenant has not sent a manifest yet.
    WaitingForManifest,
    /// Objects are being applied or pods are starting.
    Deploying,
    /// All replicas are ready.
    Ready,
    /// The account is depleted: nothing runs until it is topped up.
    Suspended,
    /// The lease ended; its objects are being deleted.
    Closing,
    /// It ended and nothing is left of it.
    Closed,
}

/// A service of a lease.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceStatus {
    /// Its name.
    pub name: String,
    /// Replicas asked for.
    pub wanted: u32,
    /// Replicas that are ready.
    pub ready: u32,
    /// Where it can be reached over HTTP.
    pub uris: Vec<String>,
    /// Ports opened for it at the provider.
    pub ports: Vec<ForwardedPort>,
    /// Kubernetes objects that were made for it, as `kind/name`.
    pub objects: Vec<String>,
    /// Its pods; of those that failed only the newest.
    pub pods: Vec<PodStatus>,
    /// Pods that failed and were replaced, those among `pods` included. They are deleted after a while.
    #[serde(default, skip_serializing_if = "is_no_count")]
    pub failed_pods: u32,
}

/// A port that leads to a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForwardedPort {
    /// Host name or address.
    pub host: String,
    /// The port outside.
    pub external_port: u16,
    /// The port of the service.
    pub port: u16,
    /// `TCP` or `UDP`.
    pub protocol: String,
}

/// A pod.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PodStatus {
    /// Its name.
    pub name: String,
    /// Kubernetes' phase.
    pub phase: String,
    /// Whether it is ready.
    pub ready: bool,
    /// Restarts of its containers.
    pub restarts: u32,
    /// What ended it or keeps it, in one line, with what to do: `failure` for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What ended it or keeps it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Box<PodFailure>>,
}

/// What ended a pod or keeps it from running, in the cluster's words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PodFailure {
    /// In a word, such as `OOMKilled`, `ImagePullBackOff`, `Unschedulable` or `Evicted`.
    pub reason: String,
    /// The container, if it is one's and not the pod's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
    /// With which code the container ended, if it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// When it ended, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<String>,
    /// What the cluster says of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Why a container that ended does not run again yet, such as a back-off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting: Option<String>,
    /// Whether it runs again.
    #[serde(default, skip_serializing_if = "is_false")]
    pub runs_again: bool,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
}

/// What of the logs is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogQuery {
    /// One service; all if none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// Whether to go on with new lines.
    #[serde(default)]
    pub follow: bool,
    /// Lines of the past for each pod.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tail: Option<u32>,
    /// The container's run before the present one.
    #[serde(default)]
    pub previous: bool,
}

/// One line of a log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// The service.
    pub service: String,
    /// The pod.
    pub pod: String,
    /// The text without its end of line.
    pub line: String,
    /// Whether the next line of this pod is the rest of this one, which was too long for one.
    #[serde(default, skip_serializing_if = "is_false")]
    pub continues: bool,
    /// Lines of this pod that were left out here, since they came faster than they were read; then
    /// the text says so, too, and is not the pod's.
    #[serde(default, skip_serializing_if = "souk_core::time::is_zero")]
    pub skipped: u64,
}

fn is_false(value: &bool) -> bool {
    !value
}

fn is_no_count(value: &u32) -> bool {
    *value == 0
}

/// What of the events is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventQuery {
    /// Whether to go on with new events.
    #[serde(default)]
    pub follow: bool,
}

/// One Kubernetes event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClusterEvent {
    /// The object, as `kind/name`.
    pub object: String,
    /// `Normal` or `Warning`.
    pub kind: String,
    /// Why, in a word.
    pub reason: String,
    /// What happened.
    pub message: String,
    /// How often.
    pub count: u32,
    /// When last, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_seen: Option<String>,
}

/// What the provider decided on an order, in coarse form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderReason {
    /// The order.
    pub order: OrderId,
    /// What it decided.
    pub verdict: Verdict,
    /// Why, for people.
    pub reason: String,
    /// The block at which it decided.
    pub height: u64,
}

/// A provider's decision on an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It has bid or is about to.
    Bid,
    /// It does not bid.
    Pass,
    /// It has not decided yet, or not seen the order.
    Undecided,
}

/// Every error of a gateway.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorBody {
    /// A word for programs, such as `manifest_mismatch`.
    pub code: String,
    /// What was wrong and what to do, for people.
    pub message: String,
}
