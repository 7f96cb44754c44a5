//! The program `souk-localnet`. `souk devnet` and `souk demo` start it with their arguments.

mod demo;
mod devnet;
mod exit;

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Parser, Subcommand};
use souk_client::{Network, home::Home};

pub use exit::report;

/// Runs Souk's whole market on this machine: an embedded chain with the contracts, and providers
/// on simulated Kubernetes clusters.
#[derive(Debug, Parser)]
#[command(name = "souk-localnet", version, propagate_version = true, arg_required_else_help = true, after_help = souk_client::exit::HELP)]
pub struct Cli {
    /// Options of every command.
    #[command(flatten)]
    pub global: Global,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// Options of every command, as `souk` has them.
#[derive(Debug, Args)]
#[command(next_help_heading = "Options of every command")]
pub struct Global {
    /// The network of `demo --funds`.
    #[arg(long, global = true, env = "SOUK_NETWORK", value_name = "NAME|FILE", hide = true)]
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
    /// Run a chain with the contracts on it, and example providers with --providers, until Ctrl-C.
    Devnet(devnet::Devnet),
    /// Show a whole market at work on this machine, from an SDL file to the last coin.
    Demo(demo::Demo),
}

impl Global {
    fn home(&self) -> Result<Home> {
        Ok(Home::open(self.home.clone())?)
    }

    fn network(&self, home: &Home) -> Result<Network> {
        let missing = || souk_client::Error::input("--funds", "give --network, too");
        let name = self.network.as_deref().ok_or_else(missing)?;
        Ok(Network::find(name, home.path())?)
    }
}

/// Runs the command until it is done or Ctrl-C.
pub async fn run(cli: Cli) -> Result<()> {
    match cli.command {
        Command::Devnet(command) => command.run(&cli.global).await,
        Command::Demo(command) => command.run(&cli.global).await,
    }
}
