//! The cluster file: nodes, classes, addresses, timings and what image names do.

use std::{collections::BTreeMap, net::Ipv4Addr, path::Path};

use serde::{Deserialize, Serialize};

/// A cluster to simulate. Every field has a default; unknown fields are refused.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ClusterSpec {
    /// Name, seen in the kubeconfig.
    pub name: String,
    /// Nodes.
    pub nodes: Vec<NodeSpec>,
    /// Storage classes.
    pub storage_classes: Vec<StorageClassSpec>,
    /// Ingress classes.
    pub ingress_classes: Vec<IngressClassSpec>,
    /// Names of runtime classes, each with a handler of its own name.
    pub runtime_classes: Vec<String>,
    /// Addresses for services of type `LoadBalancer`.
    pub load_balancers: AddressPool,
    /// Bearer token that requests must carry; a random one when absent.
    pub token: Option<String>,
    /// How long simulated things take.
    pub timing: Timing,
    /// Parts of image names that make containers fail.
    pub images: ImageMarkers,
    /// Changes of each kind that are kept for watches to resume from.
    pub history: usize,
    /// Verbs on resources that are refused with 403, to test what an agent says about it.
    pub denied: Vec<Denied>,
}

/// One node, or several alike.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NodeSpec {
    /// Name; with a `count` above one the nodes are `name-1`, `name-2`, ….
    pub name: String,
    /// How many nodes alike.
    #[serde(default = "one")]
    pub count: u32,
    /// Labels beside the usual ones of architecture, system and host name.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// Taints.
    #[serde(default)]
    pub taints: Vec<TaintSpec>,
    /// Allocatable quantities: `cpu`, `memory`, `ephemeral-storage`, `pods` (110 when absent),
    /// and extended resources such as `nvidia.com/gpu`.
    pub allocatable: BTreeMap<String, String>,
    /// Capacity where it is more than what is allocatable.
    #[serde(default)]
    pub capacity: BTreeMap<String, String>,
    /// Whether no new pods are to be put here.
    #[serde(default)]
    pub unschedulable: bool,
    /// Whether the node reports itself ready.
    #[serde(default = "yes")]
    pub ready: bool,
}

/// A taint of a node.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TaintSpec {
    /// Key.
    pub key: String,
    /// Value.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub value: String,
    /// `NoSchedule`, `PreferNoSchedule` or `NoExecute`.
    pub effect: String,
}

/// A storage class.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StorageClassSpec {
    /// Name.
    pub name: String,
    /// Whether claims without a class get this one.
    #[serde(default)]
    pub default: bool,
    /// Whether claims bind only when a pod that uses them is scheduled.
    #[serde(default)]
    pub wait_for_first_consumer: bool,
    /// Whether volumes outlive their claims.
    #[serde(default)]
    pub retain: bool,
    /// Whether claims may grow.
    #[serde(default)]
    pub allow_expansion: bool,
    /// Parameters.
    #[serde(default)]
    pub parameters: BTreeMap<String, String>,
}

/// An ingress class with a simulated controller.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IngressClassSpec {
    /// Name.
    pub name: String,
    /// Whether ingresses without a class get this one.
    #[serde(default)]
    pub default: bool,
    /// What `spec.controller` says; a simulated one when absent.
    #[serde(default)]
    pub controller: Option<String>,
    /// Address that the controller writes into ingress status; none when absent.
    #[serde(default)]
    pub address: Option<String>,
    /// Whether a host and path that another ingress of the class has are refused, as by the admission
    /// webhook of ingress-nginx.
    #[serde(default)]
    pub unique_hosts: bool,
}

/// Consecutive IPv4 addresses.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AddressPool {
    /// The first.
    pub from: Ipv4Addr,
    /// How many; with none, load balancers stay pending.
    pub count: u32,
}

/// How long simulated things take, in milliseconds.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Timing {
    /// From a pod's scheduling to its containers running.
    pub start: u64,
    /// From running to ready.
    pub ready: u64,
    /// From a pod's deletion to its end.
    pub terminate: u64,
    /// From the start of a crashing container to its crash.
    pub crash: u64,
    /// First pause of a crash loop; doubles up to `backoff_max`.
    pub backoff: u64,
    /// Longest pause of a crash loop.
    pub backoff_max: u64,
    /// Between log lines of a container after its first few.
    pub log_line: u64,
    /// Between bookmarks of a watch.
    pub bookmark: u64,
}

/// Parts of image names that make containers fail.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ImageMarkers {
    /// Exits with code 1 soon after each start.
    pub crash_loop: String,
    /// Is killed for its memory soon after each start.
    pub out_of_memory: String,
    /// Cannot be pulled.
    pub pull_error: String,
    /// Runs and is never ready.
    pub never_ready: String,
    /// Exits with code 0 soon after each start.
    pub completes: String,
}

/// A permission that the agent's user lacks.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Denied {
    /// `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection` or `*`.
    pub verb: String,
    /// Plural, with `/log` and the like for subresources.
    pub resource: String,
}

fn one() -> u32 {
    1
}

fn yes() -> bool {
    true
}

impl Default for ClusterSpec {
    fn default() -> Self {
        Self {
            name: "kubesim".into(),
            nodes: vec![NodeSpec::new("node", 2, "16", "64Gi")],
            storage_classes: vec![StorageClassSpec::new("standard", true)],
            ingress_classes: vec![IngressClassSpec {
                name: "nginx".into(),
                default: false,
                controller: None,
                address: Some("203.0.113.10".into()),
                unique_hosts: false,
            }],
            runtime_classes: Vec::new(),
            load_balancers: AddressPool { from: Ipv4Addr::new(203, 0, 113, 32), count: 64 },
            token: None,
            timing: Timing::default(),
            images: ImageMarkers::default(),
            history: 4096,
            denied: Vec::new(),
        }
    }
}

impl NodeSpec {
    /// `count` nodes with this much CPU and memory each, and 500Gi of ephemeral storage.
    pub fn new(name: &str, count: u32, cpu: &str, memory: &str) -> Self {
        let allocatable = [("cpu", cpu), ("memory", memory), ("ephemeral-storage", "500Gi")];
        Self {
            name: name.into(),
            count,
            labels: BTreeMap::new(),
            taints: Vec::new(),
            allocatable: allocatable.map(|(k, v)| (k.into(), v.into())).into(),
            capacity: BTreeMap::new(),
            unschedulable: false,
            ready: true,
        }
    }

    /// Adds a label.
    #[must_use]
    pub fn label(mut self, key: &str, value: &str) -> Self {
        self.labels.insert(key.into(), value.into());
        self
    }

    /// Adds a taint.
    #[must_use]
    pub fn taint(mut self, key: &str, value: &str, effect: &str) -> Self {
        self.taints.push(TaintSpec { key: key.into(), value: value.into(), effect: effect.into() });
        self
    }

    /// Offers so much of a resource.
    #[must_use]
    pub fn offering(mut self, resource: &str, quantity: &str) -> Self {
        self.allocatable.insert(resource.into(), quantity.into());
        self
    }

    /// Adds NVIDIA GPUs with the labels of GPU feature discovery: `product` as it writes it,
    /// such as `NVIDIA-H100-80GB-HBM3`, and memory of one in MiB.
    #[must_use]
    pub fn nvidia(self, count: u32, product: &str, memory_mib: u32) -> Self {
        self.offering("nvidia.com/gpu", &count.to_string())
            .label("nvidia.com/gpu.present", "true")
            .label("nvidia.com/gpu.product", product)
            .label("nvidia.com/gpu.memory", &memory_mib.to_string())
            .label("nvidia.com/gpu.count", &count.to_string())
            .label("nvidia.com/gpu.replicas", "1")
            .label("nvidia.com/gpu.sharing-strategy", "none")
    }
}

impl StorageClassSpec {
    /// A class that binds at once and deletes volumes with their claims.
    pub fn new(name: &str, default: bool) -> Self {
        Self {
            name: name.into(),
            default,
            wait_for_first_consumer: false,
            retain: false,
            allow_expansion: true,
            parameters: BTreeMap::new(),
        }
    }
}

impl Default for AddressPool {
    fn default() -> Self {
        ClusterSpec::default().load_balancers
    }
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            start: 300,
            ready: 200,
            terminate: 200,
            crash: 500,
            backoff: 2_000,
            backoff_max: 60_000,
            log_line: 5_000,
            bookmark: 5_000,
        }
    }
}

impl Timing {
    /// Everything as fast as it goes, for tests.
    pub fn fast() -> Self {
        Self {
            start: 20,
            ready: 20,
            terminate: 20,
            crash: 50,
            backoff: 100,
            backoff_max: 2_000,
            log_line: 200,
            bookmark: 500,
        }
    }
}

impl Default for ImageMarkers {
    fn default() -> Self {
        Self {
            crash_loop: "crashloop".into(),
            out_of_memory: "oomkill".into(),
            pull_error: "errimagepull".into(),
            never_ready: "neverready".into(),
            completes: "completes".into(),
        }
    }
}

/// Why a cluster file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SpecError {
    /// It cannot be read.
    #[error("cannot read the cluster file {path}: {source}; give the path of a readable file")]
    Read {
        /// Path as given.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// It is not what a cluster file must be.
    #[error("the cluster file {path} is not valid: {reason}")]
    Parse {
        /// Path as given.
        path: String,
        /// What is wrong and where.
        reason: String,
    },
    /// A value makes no sense.
    #[error("the cluster has {what}")]
    Value {
        /// Which value, and what it must be.
        what: String,
    },
}

impl ClusterSpec {
    /// Reads a cluster file, YAML or JSON.
    ///
    /// # Errors
    /// If the file cannot be read, has unknown fields, or fails [`Self::check`].
    pub fn read(path: &Path) -> Result<Self, SpecError> {
        let shown = path.display().to_string();
        let text = std::fs::read_to_string(path)
            .map_err(|source| SpecError::Read { path: shown.clone(), source })?;
        let spec: Self = serde_saphyr::from_str(&text)
            .map_err(|e| SpecError::Parse { path: shown, reason: e.to_string() })?;
        spec.check()?;
        Ok(spec)
    }

    /// Refuses values that no cluster can have.
    ///
    /// # Errors
    /// With the first value that is invalid.
    pub fn check(&self) -> Result<(), SpecError> {
        let refuse = |what: String| Err(SpecError::Value { what });
        for node in &self.nodes {
            for (resource, quantity) in node.allocatable.iter().chain(&node.capacity) {
                if crate::quantity::nano(quantity).is_none_or(|n| n < 0) {
                    return refuse(format!(
                        "node {:?} with {resource} {quantity:?}; write a quantity such as 4, 500m or 16Gi",
                        node.name
                    ));
                }
            }
            for taint in &node.taints {
                if !["NoSchedule", "PreferNoSchedule", "NoExecute"].contains(&taint.effect.as_str())
                {
                    return refuse(format!(
                        "a taint with effect {:?}; write NoSchedule, PreferNoSchedule or NoExecute",
                        taint.effect
                    ));
                }
            }
            if let Err(why) = crate::names::subdomain(&node.name) {
                return refuse(format!("a node named {:?}: {why}", node.name));
            }
        }
        Ok(())
    }
}
