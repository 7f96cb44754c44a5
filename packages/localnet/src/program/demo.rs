//! `souk-localnet demo`: the scenario, with the clusters and the chain that are asked for.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Args;

use super::Global;
use crate::{
    chain::ChainKind,
    scenario::{self, Clusters, Environment},
};

/// Arguments of `demo`.
#[derive(Debug, Args)]
pub struct Demo {
    /// The SDL file to deploy; an example if not given.
    file: Option<PathBuf>,
    /// Leave everything running at the end, and print how to look around.
    #[arg(long)]
    keep: bool,
    /// Run on the chain of --network NAME|FILE, which must have the contracts on it, and fund all
    /// accounts from this key. Time passes there as it does: deploy the contracts with short
    /// periods.
    #[arg(long, value_name = "NAME|FILE")]
    funds: Option<String>,
    /// Run the workloads on real clusters: give one kubeconfig for each of the three providers,
    /// or one for all, in which the label `souk.market/provider` of a node names its provider.
    #[arg(long, value_name = "FILE", value_delimiter = ',')]
    kubeconfig: Vec<PathBuf>,
    /// The hosts at which node ports of the three providers are reached; the demonstration sends
    /// its workload HTTP requests there.
    #[arg(long, value_name = "HOST", value_delimiter = ',', requires = "kubeconfig")]
    node_host: Vec<String>,
    /// Pull no images: they are on the nodes already.
    #[arg(long, requires = "kubeconfig")]
    local_images: bool,
}

impl Demo {
    /// Runs it; Ctrl-C stops everything.
    pub(super) async fn run(self, global: &Global) -> Result<()> {
        let chain = match &self.funds {
            Some(name) => {
                let home = global.home()?;
                let funds = home.key_source(name).load();
                let funds = funds.with_context(|| format!("--funds {name}"))?;
                ChainKind::External { network: Box::new(global.network(&home)?), funds }
            }
            None => Environment::embedded_chain(),
        };
        let clusters = (!self.kubeconfig.is_empty()).then_some(Clusters {
            kubeconfigs: self.kubeconfig,
            local_images: self.local_images,
            hosts: self.node_host,
        });
        scenario::run(Environment { chain, clusters }, self.file.as_deref(), self.keep).await
    }
}
