//! The command line.

mod access;
mod announce;
mod backup;
mod close;
mod enqueue;
mod health;
mod init;
mod output;
mod reclaim;
mod registry;
mod run;
mod show;
mod withdraw_bid;

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
    /// Write JSON.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Create key, certificate and configuration; detect what the cluster has.
    Init(init::Arguments),
    /// Write what the agent needs in the cluster, for `kubectl apply -f -`: user, role, admission policy.
    Access(access::Arguments),
    /// Check whether the agent has everything that it needs.
    Check,
    /// Run the agent until SIGTERM or Ctrl-C.
    Run,
    /// Show why there is a bid on an order, or none.
    Why {
        /// The order's number.
        order: OrderId,
    },
    /// Show health, height, orders, bids, leases and reserved capacity.
    Status,
    /// List the leases.
    Leases,
    /// Make a sealed copy of configuration, keys and store; the agent may run meanwhile.
    Backup(backup::Arguments),
    /// Put a copy back: the configuration where --config says, the other files where it wants them.
    Restore(backup::Arguments),
    /// End a lease; it counts as a breach.
    Close(close::Arguments),
    /// Take a lease back with the notice that its terms say: it runs, and is paid, until that is over.
    Reclaim(reclaim::Arguments),
    /// Take an open bid back; the agent does it by itself after a while.
    WithdrawBid {
        /// The order's number.
        order: OrderId,
    },
    /// Show how the gateway's address and pin get on the chain: the provider's own key sends them.
    Announce,
    /// Stop new bids, or allow them again.
    Maintenance {
        /// `on` stops new bids.
        #[arg(value_enum)]
        switch: registry::Switch,
    },
    /// Show the version.
    Version,
}

/// Runs the command; an error says what to do.
pub async fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match &cli.command {
        Command::Init(arguments) => init::run(arguments, cli.json).await,
        Command::Access(arguments) => access::run(&cli.config, arguments),
        Command::Backup(arguments) => backup::back_up(&cli.config, arguments, cli.json),
        Command::Restore(arguments) => backup::restore(&cli.config, arguments, cli.json).await,
        Command::Check => init::check(&cli.config, cli.json).await,
        Command::Close(arguments) => close::run(&cli.config, arguments, cli.json).await,
        Command::Reclaim(arguments) => reclaim::run(&cli.config, arguments, cli.json).await,
        Command::WithdrawBid { order } => withdraw_bid::run(&cli.config, *order, cli.json).await,
        Command::Announce => announce::announce(&cli.config, cli.json).await,
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
