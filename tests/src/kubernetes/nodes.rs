//! Nodes that really run pods: kubelet, containerd and runc.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, ensure};
use souk_localnet::scenario::NODE_LABEL;

use super::plane::{ControlPlane, Options, run, script};
use crate::tools;

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

/// Image of [`RealNodes`] that answers HTTP on port 8080; `/cgi-bin/env` prints its environment,
/// and the argument `crash` ends it with exit code 3.
pub const WEB_IMAGE: &str = "registry.local/web:1";

/// Image of [`RealNodes`] with an SSH server, which is logged in to by key as root when it starts; the log
/// says as whom.
pub const SSH_IMAGE: &str = "registry.local/ssh:1";

/// Whether nodes have [`SSH_IMAGE`], which is made of Debian's packages.
///
/// # Errors
/// If they do not; what kept it from being made is on the standard error of whatever made the images.
pub fn ssh_image() -> Result<()> {
    let made = Command::new(script("images.sh")).output().context("tests/kubernetes/images.sh")?;
    let folder = PathBuf::from(String::from_utf8_lossy(&made.stdout).trim());
    ensure!(folder.join("ssh.tar").is_file(), "there is no {SSH_IMAGE}: apt gave no packages");
    Ok(())
}

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
        let start = |(node, number)| start(plane.state(), node, number);
        let addresses = nodes.iter().zip(1..).map(start).collect();
        Self { plane, addresses }
    }

    /// Starts one more node, which can be stopped; `number` is that of none before.
    pub fn join(&self, node: &RealNode, number: usize) -> Machine {
        let (state, name) = (self.plane.state().to_owned(), node.name.clone());
        Machine { address: start(&state, node, number), state, name }
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

    /// The addresses of the nodes, in their order, at which this machine reaches them.
    pub fn addresses(&self) -> &[String] {
        &self.addresses
    }
}

/// A node that can be stopped. It stops with this, too.
#[derive(Debug)]
pub struct Machine {
    /// At which this machine reaches it.
    pub address: String,
    state: PathBuf,
    name: String,
}

impl Machine {
    /// Ends everything that runs on it at once, as a power cut does.
    pub fn stop(&self) {
        let state = self.state.display().to_string();
        run(Command::new(script("node.sh")).args(["stop", &state, &self.name]));
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Starts a node, waits until it is ready, and gives its address.
fn start(state: &Path, node: &RealNode, number: usize) -> String {
    let labels: Vec<String> =
        node.labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let (folder, number) = (state.display().to_string(), number.to_string());
    let mut start = Command::new(script("node.sh"));
    start.args(["start", &folder, &node.name, &number]);
    run(start.env("LABELS", labels.join(",")).env("GPUS", node.gpus.to_string()));
    let route = std::fs::read_to_string(state.join("nodes").join(&node.name).join("route"));
    let route = route.expect("the node's route");
    route.split_whitespace().last().expect("its address").to_owned()
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
    tools::or_not_run::<()>(Err(anyhow::anyhow!(reason.clone())));
    Some(reason)
}
