//! The program `souk-localnet`. `souk devnet` and `souk demo` start it with their arguments.

mod demo;
mod devnet;

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Parser, Subcommand};
use souk_cli::{context::Context, exit::Exit};

/// Runs Souk's whole market on this machine: an embedded chain with the contracts, and providers
/// on simulated Kubernetes clusters.
#[derive(Debug, Parser)]
#[command(name = "souk-localnet", version, propagate_version = true, arg_required_else_help = true)]
pub struct Cli {
    /// Options of every command.
    #[command(flatten)]
    pub global: Global,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// The options that `souk` passes on.
#[derive(Debug, Args)]
pub struct Global {
    /// The network that `demo --funds` runs on: its name or its file.
    #[arg(long, global = true, env = "SOUK_NETWORK", value_name = "NAME|FILE")]
    pub network: Option<String>,
    /// Ignored: each account here has a key of its own.
    #[arg(long, global = true, env = "SOUK_KEY", value_name = "NAME|FILE", hide = true)]
    pub key: Option<String>,
    /// The folder with your keys, networks and deployments [default: ~/.souk].
    #[arg(long, global = true, env = "SOUK_HOME", value_name = "FOLDER")]
    pub home: Option<PathBuf>,
    /// Print JSON instead of text.
    #[arg(long, global = true)]
    pub json: bool,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a chain with the contracts on it, and providers if you like, until Ctrl-C.
    Devnet(devnet::Devnet),
    /// Show the whole market at work: one deployment from its file to the last coin.
    Demo(demo::Demo),
}

/// Runs the command until it is done or Ctrl-C.
pub async fn run(cli: Cli) -> Result<Exit> {
    let global = souk_cli::args::Global {
        network: cli.global.network,
        key: cli.global.key,
        home: cli.global.home,
        json: cli.global.json,
    };
    let context = Context::new(&global)?;
    match cli.command {
        Command::Devnet(command) => command.run(&context).await,
        Command::Demo(command) => command.run(&context).await,
    }
}
