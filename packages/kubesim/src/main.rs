//! `souk-kubesim`: a simulated Kubernetes cluster in a process of its own.

use std::{io::Write as _, net::SocketAddr, path::PathBuf};

use anyhow::Context;
use clap::Parser;
use souk_kubesim::{Access, ClusterSpec, KubeSim};

/// Simulates a Kubernetes cluster: its API over HTTP, its controllers, nodes and pods.
/// Nothing runs inside the pods.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Address to listen on; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Where to write the kubeconfig by which agents and kubectl reach the cluster.
    #[arg(long)]
    kubeconfig: PathBuf,
    /// What `souk-provider access` printed: the agent's user gets these rights and no others.
    #[arg(long, requires = "agent_kubeconfig")]
    access: Option<PathBuf>,
    /// Where to write the kubeconfig of that user.
    #[arg(long, requires = "access")]
    agent_kubeconfig: Option<PathBuf>,
    /// Nodes, classes, addresses and timings, as YAML or JSON; two plain nodes when absent.
    #[arg(long)]
    cluster: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt()
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "warn".into()),
        )
        .with_writer(std::io::stderr)
        .init();
    let arguments = Arguments::parse();
    let spec = match &arguments.cluster {
        Some(path) => ClusterSpec::read(path)?,
        None => ClusterSpec::default(),
    };
    let sim = KubeSim::listen(spec, arguments.listen).await?;
    sim.write_kubeconfig(&arguments.kubeconfig).with_context(|| {
        format!("cannot write the kubeconfig {}", arguments.kubeconfig.display())
    })?;
    if let (Some(access), Some(kubeconfig)) = (&arguments.access, &arguments.agent_kubeconfig) {
        let what = || format!("cannot use the access list {}", access.display());
        let list = std::fs::read(access).with_context(what)?;
        let list = serde_json::from_slice(&list).with_context(what)?;
        let user = Access::read(&list)?;
        sim.make(&list).with_context(what)?;
        sim.write_user_kubeconfig(user, kubeconfig)
            .with_context(|| format!("cannot write the kubeconfig {}", kubeconfig.display()))?;
    }
    // One line for whoever started this process and waits for the address.
    let _ = writeln!(std::io::stdout(), "simulated Kubernetes API at {}", sim.url());
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        result = tokio::signal::ctrl_c() => result?,
        _ = terminate.recv() => {}
    }
    sim.stop().await;
    Ok(())
}
