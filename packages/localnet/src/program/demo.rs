//! `souk demo`: the whole market on this machine, and one deployment's story on it.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Args;

use crate::{
    context::Context,
    demo::{self, Clusters, Setting},
    exit::Exit,
    local::Venue,
};

/// Run the demonstration.
#[derive(Debug, Args)]
pub struct Demo {
    /// The SDL file; an example of ours if none.
    file: Option<PathBuf>,
    /// Leave everything running at the end and say how to look around.
    #[arg(long)]
    keep: bool,
    /// Run it on the chain of --network, which has the suite on it, and fund everyone from this
    /// key. Time passes there as it does: deploy the suite with short periods.
    #[arg(long, value_name = "NAME|FILE")]
    funds: Option<String>,
    /// Run the workloads there: one cluster for each of the three providers, or one for all, in
    /// which the label `souk.market/provider` of a node names its provider.
    #[arg(long, value_name = "FILE", value_delimiter = ',')]
    kubeconfig: Vec<PathBuf>,
    /// Where node ports of each of the three providers are reached; the demonstration asks its
    /// workload there by HTTP.
    #[arg(long, value_name = "HOST", value_delimiter = ',', requires = "kubeconfig")]
    node_host: Vec<String>,
    /// The images are on the nodes; pull none.
    #[arg(long, requires = "kubeconfig")]
    local_images: bool,
}

impl Demo {
    /// Runs it; Ctrl-C ends it cleanly.
    pub async fn run(self, context: &Context) -> Result<Exit> {
        let venue = match &self.funds {
            Some(name) => {
                let funds = context.home.key_source(name).load();
                let funds = funds.with_context(|| format!("--funds {name}"))?;
                Venue::Given { network: Box::new(context.network()?), funds }
            }
            None => demo::embedded(),
        };
        let clusters = (!self.kubeconfig.is_empty()).then_some(Clusters {
            kubeconfigs: self.kubeconfig,
            local_images: self.local_images,
            hosts: self.node_host,
        });
        demo::run(Setting { venue, clusters }, self.file.as_deref(), self.keep).await?;
        Ok(Exit::Ok)
    }
}
