//! `souk-real`: the demonstration on the real thing. Starts a wasmd chain and a Kubernetes
//! cluster whose nodes run containers, and then says to `souk` what a person would say: deploy
//! the contracts, run the demonstration on this network and this cluster. `scripts/demo --real`
//! starts it.

#![allow(clippy::print_stdout)]

use std::{ffi::OsString, path::PathBuf, process::ExitCode, time::Instant};

use anyhow::{Result, ensure};
use clap::Parser;
use souk_chain::SecretKey;
use souk_cli::{args::Cli, exit::Exit};
use souk_tests::{
    kubernetes::{RealNode, RealNodes, real_nodes_cannot_run},
    tools,
    wasmd::{Options, PREFIX, SHORT_TERMS, Wasmd},
};

/// Run the demonstration on a wasmd chain and a Kubernetes cluster.
#[derive(Debug, Parser)]
struct Real {
    /// The SDL file; one whose images are on the nodes, if none.
    file: Option<PathBuf>,
    /// Leave everything running at the end and say how to look around.
    #[arg(long)]
    keep: bool,
    /// Leave the clusters simulated: only the chain is real.
    #[arg(long)]
    simulated_clusters: bool,
}

/// What was started. The cluster's own guard removes it when this is dropped.
struct Stage {
    node: Wasmd,
    network: PathBuf,
    cluster: Option<RealNodes>,
}

#[tokio::main]
async fn main() -> ExitCode {
    souk_cli::start_logging();
    match run(&Real::parse()).await {
        Ok(exit) => exit.into(),
        Err(error) => {
            let exit = souk_cli::exit::of(&error);
            souk_cli::print_error(&error, exit, false);
            exit.into()
        }
    }
}

async fn run(real: &Real) -> Result<Exit> {
    let stage = tokio::select! {
        stage = Stage::set(real) => stage?,
        interrupted = tokio::signal::ctrl_c() => {
            interrupted?;
            return Ok(Exit::Ok);
        }
    };
    // The demonstration ends at Ctrl-C by itself.
    let told = souk(stage.words(real)).await;
    stage.strike().await;
    told
}

/// Does what the words say, as the `souk` command does, and shows them.
async fn souk(words: Vec<OsString>) -> Result<Exit> {
    let shown: Vec<_> = words.iter().map(|word| word.to_string_lossy()).collect();
    println!("$ {}", shown.join(" "));
    souk_cli::run(Cli::try_parse_from(words)?).await
}

impl Stage {
    async fn set(real: &Real) -> Result<Self> {
        let start = Instant::now();
        let node = Wasmd::start(Options::default().chain_id("souk-real")).await?;
        println!("wasmd runs at {}, its folder is {}", node.rpc_url(), node.home().display());
        let pool = SecretKey::generate().address(PREFIX)?;
        let words = node.deploy_words(&format!("pool = \"{pool}\"\n{SHORT_TERMS}"))?;
        let exit = souk(words).await?;
        ensure!(exit == Exit::Ok, "souk admin deploy ended with {exit:?}");
        let network = node.network_file();
        let cluster = match real.simulated_clusters {
            true => None,
            false => Some(cluster().await?),
        };
        println!("chain and cluster were ready after {:.0} s", start.elapsed().as_secs_f32());
        Ok(Self { node, network, cluster })
    }

    /// The demonstration's command line.
    fn words(&self, real: &Real) -> Vec<OsString> {
        let mut words: Vec<OsString> = vec!["souk".into(), "demo".into()];
        words.extend(["--network".into(), self.network.clone().into_os_string()]);
        words.extend(["--funds".into(), self.node.funds_file().into_os_string()]);
        if let Some(cluster) = &self.cluster {
            words.extend(["--kubeconfig".into(), cluster.plane.kubeconfig().into_os_string()]);
            words.push("--local-images".into());
            words.extend(["--node-host".into(), cluster.addresses().join(",").into()]);
        }
        if real.keep {
            words.push("--keep".into());
        }
        let own = || self.cluster.as_ref().map(|_| tools::root().join("tests/real.yaml"));
        words.extend(real.file.clone().or_else(own).map(PathBuf::into_os_string));
        words
    }

    async fn strike(mut self) {
        self.node.stop().await;
        // The guard waits for the nodes to end.
        let _ = tokio::task::spawn_blocking(move || drop(self.cluster)).await;
    }
}

/// A cluster with a node for each provider of the demonstration.
async fn cluster() -> Result<RealNodes> {
    if let Some(reason) = real_nodes_cannot_run() {
        return Err(anyhow::anyhow!(reason)
            .context("there is no real cluster; --simulated-clusters runs the rest of it"));
    }
    let nodes = vec![
        RealNode::new("aurora").nvidia(8, "NVIDIA-H100-80GB-HBM3", 81_559),
        RealNode::new("baobab").nvidia(8, "NVIDIA-A100-SXM4-80GB", 81_920),
        RealNode::new("cedar"),
    ];
    let cluster = RealNodes::of_providers(nodes).await?;
    println!("Kubernetes runs: KUBECONFIG={}", cluster.plane.kubeconfig().display());
    Ok(cluster)
}
