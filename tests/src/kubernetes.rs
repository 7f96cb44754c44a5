//! A real Kubernetes control plane on this machine, with simulated nodes by kwok, and real nodes
//! where the machine allows it. The scripts in `tests/kubernetes` do the work.

use std::{
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use anyhow::{Context as _, Result};
use k8s_openapi::api::{core::v1::Node, networking::v1::IngressClass, storage::v1::StorageClass};
use kube::{
    Api, Client, Config, Resource,
    api::{Patch, PatchParams, PostParams},
    config::{KubeConfigOptions, Kubeconfig},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};
use souk_cli::demo::NODE_LABEL;
use souk_kubesim::spec::NodeSpec;

/// What a cluster is started with.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Whether real nodes can join; needs root.
    pub real_nodes: bool,
}

/// A control plane that runs until this is dropped or the process ends, however it ends.
#[derive(Debug)]
pub struct ControlPlane {
    /// Removes the cluster when its input ends.
    guard: Child,
    state: PathBuf,
}

/// Storage classes of which kwok makes volumes; folders of this machine.
pub const STORAGE_CLASSES: [&str; 4] = ["default", "beta1", "beta2", "beta3"];
/// The ingress class; no controller serves it.
pub const INGRESS_CLASS: &str = "nginx";

impl ControlPlane {
    /// Starts etcd, API server, controller manager, scheduler and kwok, and waits until all
    /// answer: some ten seconds, if the programs are built already. Panics with the reason if
    /// it cannot.
    pub fn start(options: Options) -> Self {
        let mut guard = Command::new(script("cluster.sh"))
            .arg("run")
            .env("REAL_NODES", if options.real_nodes { "1" } else { "0" })
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("tests/kubernetes/cluster.sh starts");
        let mut state = String::new();
        let output = guard.stdout.take().expect("its output is piped");
        // At its end without a line the script has said why on the standard error.
        BufReader::new(output).read_line(&mut state).expect("its output is text");
        let state = PathBuf::from(state.trim());
        if state.as_os_str().is_empty() {
            let status = guard.wait();
            panic!("no control plane: tests/kubernetes/cluster.sh ended with {status:?}");
        }
        Self { guard, state }
    }

    /// The way to the API server, with all rights.
    pub fn kubeconfig(&self) -> PathBuf {
        self.state.join("kubeconfig")
    }

    /// Its folder: keys, logs (`log/`), and what the scripts need to know of it.
    pub fn state(&self) -> &Path {
        &self.state
    }

    /// Kills the API server; what runs goes on without it.
    pub fn stop_api(&self) {
        self.control("api-stop");
    }

    /// Starts the API server again and waits until it answers.
    pub fn start_api(&self) {
        self.control("api-start");
    }

    fn control(&self, verb: &str) {
        run(Command::new(script("control-plane.sh")).arg(verb).arg(&self.state));
    }

    /// A client with all rights. A client belongs to the runtime in which it is made.
    pub async fn client(&self) -> Client {
        let file = Kubeconfig::read_from(self.kubeconfig()).expect("a kubeconfig");
        let options = KubeConfigOptions::default();
        let config = Config::from_custom_kubeconfig(file, &options).await.expect("a configuration");
        Client::try_from(config).expect("a client")
    }

    /// Adds simulated nodes, with `count` as souk-kubesim understands it.
    pub async fn add_nodes(&self, specs: &[NodeSpec]) {
        let client = self.client().await;
        let nodes = Api::<Node>::all(client.clone());
        for spec in specs {
            for at in 1..=spec.count {
                let name = match spec.count {
                    1 => spec.name.clone(),
                    _ => format!("{}-{at}", spec.name),
                };
                let (node, status) = simulated(spec, &name);
                create(&client, &node).await;
                let patch = Patch::Merge(json!({ "status": status }));
                let patched = nodes.patch_status(&name, &PatchParams::default(), &patch).await;
                patched.unwrap_or_else(|error| panic!("status of node {name}: {error}"));
            }
        }
    }

    /// Adds [`STORAGE_CLASSES`] and [`INGRESS_CLASS`].
    pub async fn add_classes(&self) {
        let client = self.client().await;
        for name in STORAGE_CLASSES {
            let class =
                json!({ "metadata": { "name": name }, "provisioner": "kwok.x-k8s.io/volume" });
            create(&client, &parse::<StorageClass>(class)).await;
        }
        let class = json!({
            "metadata": { "name": INGRESS_CLASS }, "spec": { "controller": "souk.test/none" },
        });
        create(&client, &parse::<IngressClass>(class)).await;
    }
}

impl Drop for ControlPlane {
    fn drop(&mut self) {
        drop(self.guard.stdin.take());
        // What cannot be waited for has ended.
        let _ = self.guard.wait();
    }
}

/// Makes a cluster-wide object that is not there yet.
async fn create<K>(client: &Client, object: &K)
where
    K: Resource<DynamicType = ()> + Clone + std::fmt::Debug + Serialize + DeserializeOwned,
{
    let made = Api::<K>::all(client.clone()).create(&PostParams::default(), object).await;
    made.unwrap_or_else(|error| panic!("{} {:?}: {error}", K::kind(&()), object.meta().name));
}

fn parse<K: DeserializeOwned>(value: Value) -> K {
    serde_json::from_value(value).expect("an object of its kind")
}

/// A node that kwok takes care of, and what it has.
fn simulated(spec: &NodeSpec, name: &str) -> (Node, Value) {
    let mut labels: Map<String, Value> = [
        ("kubernetes.io/arch", "amd64"),
        ("kubernetes.io/os", "linux"),
        ("kubernetes.io/hostname", name),
    ]
    .map(|(key, value)| (key.to_owned(), json!(value)))
    .into_iter()
    .collect();
    labels.extend(spec.labels.iter().map(|(key, value)| (key.clone(), json!(value))));
    let node = json!({
        "metadata": {
            "name": name,
            "labels": labels,
            "annotations": { "kwok.x-k8s.io/node": "fake", "node.alpha.kubernetes.io/ttl": "0" },
        },
        "spec": { "taints": spec.taints, "unschedulable": spec.unschedulable },
    });
    let mut allocatable = spec.allocatable.clone();
    allocatable.entry("pods".to_owned()).or_insert_with(|| "110".to_owned());
    let mut capacity = allocatable.clone();
    capacity.extend(spec.capacity.clone());
    (parse(node), json!({ "allocatable": allocatable, "capacity": capacity }))
}

/// A real node to start.
#[derive(Clone, Debug, Default)]
pub struct RealNode {
    /// Its name, unique in its cluster.
    pub name: String,
    /// Its labels.
    pub labels: Vec<(String, String)>,
    /// How many `nvidia.com/gpu` devices it offers; they are faked.
    pub gpus: u32,
}

impl RealNode {
    /// A node of that name without labels or devices.
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    /// Adds a label.
    #[must_use]
    pub fn label(mut self, key: &str, value: &str) -> Self {
        self.labels.push((key.to_owned(), value.to_owned()));
        self
    }

    fn labelled_by_name(self) -> Self {
        let name = self.name.clone();
        self.label(NODE_LABEL, &name)
    }

    /// Offers devices as GPU feature discovery describes them: `product` as it writes it,
    /// memory of one in MiB.
    #[must_use]
    pub fn nvidia(mut self, count: u32, product: &str, memory_mib: u32) -> Self {
        self.gpus = count;
        self.label("nvidia.com/gpu.present", "true")
            .label("nvidia.com/gpu.product", product)
            .label("nvidia.com/gpu.memory", &memory_mib.to_string())
            .label("nvidia.com/gpu.count", &count.to_string())
            .label("nvidia.com/gpu.replicas", "1")
            .label("nvidia.com/gpu.sharing-strategy", "none")
    }
}

/// Image of [`RealNodes`] that answers HTTP on port 8080; `/cgi-bin/env` tells its environment,
/// and the argument `crash` ends it with exit code 3.
pub const WEB_IMAGE: &str = "registry.local/web:1";

/// A control plane with nodes that really run pods: kubelet, containerd and runc.
#[derive(Debug)]
pub struct RealNodes {
    /// The control plane; it also takes simulated nodes.
    pub plane: ControlPlane,
    addresses: Vec<String>,
}

impl RealNodes {
    /// Starts control plane and nodes, and waits until the nodes are ready.
    pub fn start(nodes: &[RealNode]) -> Self {
        let plane = ControlPlane::start(Options { real_nodes: true });
        let state = plane.state().display().to_string();
        for (node, number) in nodes.iter().zip(1..) {
            let labels: Vec<String> =
                node.labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
            let mut start = Command::new(script("node.sh"));
            start.args(["start", &state, &node.name, &number.to_string()]);
            run(start.env("LABELS", labels.join(",")).env("GPUS", node.gpus.to_string()));
        }
        let route = |node: &RealNode| {
            let path = plane.state().join("nodes").join(&node.name).join("route");
            let text = std::fs::read_to_string(&path).expect("the node's route");
            text.split_whitespace().last().expect("its address").to_owned()
        };
        let addresses = nodes.iter().map(route).collect();
        Self { plane, addresses }
    }

    /// A cluster that providers share: each node is the provider's whose name it has. With
    /// storage and ingress classes.
    ///
    /// # Errors
    /// If it does not start; what it said is on the standard error.
    pub async fn of_providers(nodes: Vec<RealNode>) -> Result<Self> {
        let nodes: Vec<RealNode> = nodes.into_iter().map(|node| node.labelled_by_name()).collect();
        let started = tokio::task::spawn_blocking(move || Self::start(&nodes)).await;
        let cluster = started.context("starting the cluster")?;
        cluster.plane.add_classes().await;
        Ok(cluster)
    }

    /// The address of a node by its place, at which this machine reaches it.
    pub fn address(&self, node: usize) -> &str {
        &self.addresses[node]
    }
}

/// Why real nodes cannot run on this machine; `None` if they can. With `CI=true` that is a
/// failure, else the test says that it did not run.
pub fn real_nodes_cannot_run() -> Option<String> {
    let try_out = Command::new("unshare").args(["-m", "-C", "-u", "-n", "true"]).output();
    let reason = match try_out {
        Ok(output) if output.status.success() => return None,
        Ok(output) => String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        Err(error) => format!("unshare: {error}"),
    };
    let reason = format!("real nodes need root and namespaces of their own: {reason}");
    let ci = std::env::var("CI").is_ok_and(|value| value == "true");
    assert!(!ci, "{reason}");
    eprintln!("NOT RUN: {reason}");
    Some(reason)
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("kubernetes").join(name)
}

fn run(command: &mut Command) {
    let status = command.stdin(Stdio::null()).status();
    let status = status.unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(status.success(), "{command:?} ended with {status}; what it said is above");
}
