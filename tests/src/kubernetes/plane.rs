//! The control plane, with simulated nodes by kwok.

use std::{
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use k8s_openapi::api::{core::v1::Node, networking::v1::IngressClass, storage::v1::StorageClass};
use kube::{
    Api, Client, Config, Resource,
    api::{Patch, PatchParams, PostParams},
    config::{KubeConfigOptions, Kubeconfig},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};
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

pub(super) fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("kubernetes").join(name)
}

pub(super) fn run(command: &mut Command) {
    let status = command.stdin(Stdio::null()).status();
    let status = status.unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(status.success(), "{command:?} ended with {status}; what it said is above");
}
