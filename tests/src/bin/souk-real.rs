//! `souk-real`: the demonstration on a real chain and a real cluster. Starts a wasmd chain and a
//! Kubernetes cluster whose nodes run containers, and then runs what a user would run: `souk admin
//! deploy` for the contracts, and `souk demo` on this network and this cluster. `scripts/demo
//! --real` starts it.

#![allow(clippy::print_stdout)]

use std::{ffi::OsString, path::PathBuf, process::ExitCode, time::Instant};

use anyhow::{Result, ensure};
use clap::Parser;
use souk_chain::SecretKey;
use souk_cli::{args::Cli, exit::Exit};
use souk_localnet::program;
use souk_tests::{
    kubernetes::{RealNode, RealNodes, real_nodes_cannot_run},
    tools,
    wasmd::{Options, PREFIX, SHORT_TERMS, Wasmd},
};

/// Run the demonstration on a wasmd chain and a Kubernetes cluster.
#[derive(Debug, Parser)]
struct Real {
    /// The SDL file; if not given, one whose images are on the nodes.
    file: Option<PathBuf>,
    /// Leave everything running at the end, and print how to look around.
    #[arg(long)]
    keep: bool,
    /// Leave the clusters simulated: only the chain is real.
    #[arg(long)]
    simulated_clusters: bool,
}

/// What was started. The cluster's own guard removes it when this is dropped.
struct Fixture {
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
    let fixture = tokio::select! {
        fixture = Fixture::start(real) => fixture?,
        interrupted = tokio::signal::ctrl_c() => {
            interrupted?;
            return Ok(Exit::Ok);
        }
    };
    // The demonstration ends at Ctrl-C by itself.
    let exit = demo(fixture.demo_command(real)).await;
    fixture.stop().await;
    exit
}

/// Runs the demonstration in this process, which stops the chain and the cluster after it.
async fn demo(command: Vec<OsString>) -> Result<Exit> {
    show(&command);
    program::run(program::Cli::try_parse_from(command)?).await?;
    Ok(Exit::Ok)
}

fn show(command: &[OsString]) {
    let shown: Vec<_> = command.iter().map(|word| word.to_string_lossy()).collect();
    println!("$ {}", shown.join(" "));
}

impl Fixture {
    async fn start(real: &Real) -> Result<Self> {
        let start = Instant::now();
        let node = Wasmd::start(Options::default().chain_id("souk-real")).await?;
        println!("wasmd runs at {}, its folder is {}", node.rpc_url(), node.home().display());
        let pool = SecretKey::generate().address(PREFIX)?;
        let command = node.deploy_command(&format!("pool = \"{pool}\"\n{SHORT_TERMS}"))?;
        show(&command);
        let exit = souk_cli::run(Cli::try_parse_from(command)?).await?;
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
    fn demo_command(&self, real: &Real) -> Vec<OsString> {
        let mut command: Vec<OsString> = vec!["souk-localnet".into(), "demo".into()];
        command.extend(["--network".into(), self.network.clone().into_os_string()]);
        command.extend(["--funds".into(), self.node.funds_file().into_os_string()]);
        if let Some(cluster) = &self.cluster {
            command.extend(["--kubeconfig".into(), cluster.plane.kubeconfig().into_os_string()]);
            command.push("--local-images".into());
            command.extend(["--node-host".into(), cluster.addresses().join(",").into()]);
        }
        if real.keep {
            command.push("--keep".into());
        }
        let own = || self.cluster.as_ref().map(|_| tools::root().join("tests/real.yaml"));
        command.extend(real.file.clone().or_else(own).map(PathBuf::into_os_string));
        command
    }

    async fn stop(mut self) {
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
