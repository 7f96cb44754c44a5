//! The command line.

mod access;
mod close;
mod handover;
mod init;
mod output;
mod registry;
mod run;
mod show;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};
use souk_core::OrderId;

/// The provider's agent of the Souk market.
#[derive(Debug, Parser)]
#[command(name = "souk-provider", version)]
struct Cli {
    /// The configuration.
    #[arg(
        long,
        short,
        global = true,
        default_value = "provider.toml",
        env = "SOUK_PROVIDER_CONFIG"
    )]
    config: PathBuf,
    /// Write JSON for machines.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make key, certificate and configuration; detect what the cluster has.
    Init(init::Arguments),
    /// Write a Kubernetes user with the rights that the agent needs and no more, for `kubectl apply -f -`.
    Access(access::Arguments),
    /// Look whether everything is there that the agent needs.
    Check,
    /// Run the agent until SIGTERM or Ctrl-C.
    Run,
    /// Tell why there is or is no bid on an order.
    Why {
        /// The order's number.
        order: OrderId,
    },
    /// Tell how the agent stands.
    Status,
    /// List the leases.
    Leases,
    /// End a lease; without notice that counts as a breach.
    Close(close::Arguments),
    /// Publish the gateway's address and pin on the chain.
    Announce,
    /// Stop new bids by the provider's own wish, or allow them again.
    Maintenance {
        /// Whether new bids are refused.
        #[arg(value_enum)]
        switch: registry::Switch,
    },
    /// Tell the version.
    Version,
}

/// Runs the command; an error ends with what to do.
pub async fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match &cli.command {
        Command::Init(arguments) => init::run(arguments, cli.json).await,
        Command::Access(arguments) => access::run(arguments),
        Command::Check => init::check(&cli.config, cli.json).await,
        Command::Close(arguments) => close::run(&cli.config, arguments, cli.json).await,
        Command::Announce => registry::announce(&cli.config, cli.json).await,
        Command::Maintenance { switch } => {
            registry::maintenance(&cli.config, *switch, cli.json).await
        }
        Command::Run => run::run(&cli.config).await,
        Command::Why { order } => show::why(&cli.config, *order, cli.json).await,
        Command::Status => show::status(&cli.config, cli.json).await,
        Command::Leases => show::leases(&cli.config, cli.json).await,
        Command::Version => show::version(cli.json),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            output::error(&error, cli.json);
            ExitCode::from(1)
        }
    }
}
