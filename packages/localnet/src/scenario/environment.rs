//! Where the scenario runs: which chain, which clusters.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use anyhow::Result;
use souk_client::Error;

use super::print;
use crate::{chain::ChainKind, provider::ExistingCluster};

const BLOCK_TIME: Duration = Duration::from_millis(100);

/// Where the scenario runs.
#[derive(Debug)]
pub struct Environment {
    /// The chain.
    pub chain: ChainKind,
    /// The clusters; simulated ones if not given.
    pub clusters: Option<Clusters>,
}

/// Clusters that exist already.
#[derive(Debug)]
pub struct Clusters {
    /// One for each provider, or one for all: then a node is that provider's which its label
    /// [`NODE_LABEL`] names.
    pub kubeconfigs: Vec<PathBuf>,
    /// Whether images are on the nodes, and none is to be pulled.
    pub local_images: bool,
    /// The host at which each provider's node ports are reached, in the order of the example
    /// providers; `NAME.localhost`, which leads nowhere, where there is none.
    pub hosts: Vec<String>,
}

/// The label of nodes in a cluster that several providers share; its value is a provider's name.
pub const NODE_LABEL: &str = "souk.market/provider";

impl Clusters {
    /// The cluster of a provider, by its name and its index among the example providers.
    ///
    /// # Errors
    /// If there are several clusters and none has that index.
    pub fn of(&self, name: &str, index: usize) -> Result<ExistingCluster> {
        let (kubeconfig, nodes) = match self.kubeconfigs.as_slice() {
            [one] => (Some(one), BTreeMap::from([(NODE_LABEL.to_owned(), name.to_owned())])),
            several => (several.get(index), BTreeMap::new()),
        };
        let kubeconfig = kubeconfig.ok_or_else(|| {
            Error::input(
                "--kubeconfig",
                format!("there is none for {name}; give one for all providers, or one for each"),
            )
        })?;
        Ok(ExistingCluster {
            kubeconfig: kubeconfig.clone(),
            nodes,
            local_images: self.local_images,
            host: self.hosts.get(index).cloned(),
        })
    }
}

impl Environment {
    /// An embedded chain and simulated clusters.
    pub fn simulated() -> Self {
        Self { chain: Self::embedded_chain(), clusters: None }
    }

    /// The embedded chain on which the scenario runs unless another is given.
    pub fn embedded_chain() -> ChainKind {
        ChainKind::Embedded { chain_id: "souk-demo".to_owned(), block_time: BLOCK_TIME }
    }

    /// Prints which parts are simulated and which are real.
    pub fn print(&self) {
        let (mut simulated, mut real) = (Vec::new(), Vec::new());
        match &self.chain {
            ChainKind::Embedded { .. } | ChainKind::Running { .. } => simulated.push(
                "the chain (one process runs the contracts' native code behind the CometBFT RPC)"
                    .to_owned(),
            ),
            ChainKind::External { network, .. } => real
                .push(format!("the chain {}, its time and the contracts' wasm", network.chain_id)),
        }
        match self.clusters.as_ref().map(|clusters| clusters.kubeconfigs.len()) {
            None => {
                simulated.push("the three clusters, their pods and the pods' output".to_owned());
            }
            Some(1) => real.push(format!(
                "the Kubernetes cluster, in which the label {NODE_LABEL} of a node names its provider"
            )),
            Some(_) => real.push("the Kubernetes clusters".to_owned()),
        }
        real.push("transactions, agents, gateways, every coin".to_owned());
        if !simulated.is_empty() {
            print::line(format!("Simulated: {}.", simulated.join("; ")));
        }
        print::line(format!("Real: {}.", real.join("; ")));
    }
}
