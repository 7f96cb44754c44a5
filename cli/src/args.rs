//! The command line's grammar. Each command's own arguments stand beside what it does.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::commands::{
    accept, audit, balance, bids, close, demo, deploy, deposit, devnet, fees, keys, lease, list,
    operator, provider, sdl, status, withdraw,
};

/// Souk: rent computers by the second on an open market.
#[derive(Debug, Parser)]
#[command(name = "souk", version, about, propagate_version = true, arg_required_else_help = true, after_help = EXIT_CODES)]
pub struct Cli {
    /// Choices that hold for every command.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 input refused before \
anything was sent, 4 refused by the chain, 5 chain or gateway unreachable, 6 not found, 7 not in \
time, 8 refused by the gateway.";

/// Choices that hold for every command.
#[derive(Debug, Args)]
pub struct Global {
    /// The network, by name or by its file.
    #[arg(long, global = true, env = "SOUK_NETWORK", value_name = "NAME|FILE")]
    pub network: Option<String>,
    /// The key that signs, by name or by its file.
    #[arg(long, global = true, env = "SOUK_KEY", value_name = "NAME|FILE")]
    pub key: Option<String>,
    /// Where keys, networks and deployments are kept; ~/.souk if not given.
    #[arg(long, global = true, env = "SOUK_HOME", value_name = "FOLDER")]
    pub home: Option<PathBuf>,
    /// Print JSON, one value a line, and nothing else on standard output.
    #[arg(long, global = true)]
    pub json: bool,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Deploy an SDL file: tender, bids, lease, manifest, running workload.
    Deploy(deploy::Deploy),
    /// Show the bids on an order, and why other providers did not bid.
    Bids(bids::Bids),
    /// Accept a bid and send the manifest to the winner.
    Accept(accept::Accept),
    /// List your deployments.
    List(list::List),
    /// Show a deployment: groups, leases, money and how long it lasts.
    Status(status::Status),
    /// Add coins to a deployment, yours or another's.
    Deposit(deposit::Deposit),
    /// Take your own money above the least runway out of a deployment.
    Withdraw(withdraw::Withdraw),
    /// Close a deployment and take what is left back, in one transaction.
    Close(close::Close),
    /// Look after leases: status, logs, events, manifest, close.
    #[command(subcommand)]
    Lease(lease::Lease),
    /// Register and look after a provider.
    #[command(subcommand)]
    Provider(provider::Provider),
    /// Attest what providers claim.
    #[command(subcommand)]
    Audit(audit::Audit),
    /// Fees: sweep, distribute, stake, claim.
    #[command(subcommand)]
    Fees(fees::Fees),
    /// Put the contracts on a chain.
    #[command(subcommand)]
    Operator(operator::Operator),
    /// Show the coins of an account.
    Balance(balance::Balance),
    /// Make and list keys.
    #[command(subcommand)]
    Keys(keys::Keys),
    /// Check, compile and begin SDL files.
    #[command(subcommand)]
    Sdl(sdl::Sdl),
    /// Run an embedded chain with the suite on it.
    Devnet(devnet::Devnet),
    /// Run the whole market on this machine and tell the story of one deployment.
    Demo(demo::Demo),
}
