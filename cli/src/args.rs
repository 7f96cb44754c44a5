//! The command line: options of every command, and the commands. Each command's own arguments are
//! beside what it does.

use clap::{Parser, Subcommand};

use crate::{
    commands::{
        accept, admin, audit, balance, bidders, bids, close, delegate, deploy, deposit, fees,
        group, keep, keys, lease, list, localnet, prices, provider, quote, sdl, status, withdraw,
    },
    context::Global,
};

/// Souk is an open market for cloud computing: describe containers in an SDL file, take the best
/// provider's bid, and pay for them by the second from a deposit on the market's chain.
#[derive(Debug, Parser)]
#[command(name = "souk", version, propagate_version = true, arg_required_else_help = true, after_help = souk_client::exit::HELP)]
pub struct Cli {
    /// Options of every command.
    #[command(flatten)]
    pub global: Global,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Deploy an SDL file: collect prices or bids, take one, start the workload.
    Deploy(deploy::Deploy),
    /// Ask providers what an SDL file would cost with them. Nothing is spent.
    Quote(quote::Quote),
    /// Show what providers ask for and have free, GPUs too.
    Prices(prices::Prices),
    /// Show the bids on an order, and why other providers did not bid.
    Bids(bids::Bids),
    /// Accept a bid or a quote for an open order, and send the manifest to its provider.
    Accept(accept::Accept),
    /// List your deployments.
    List(list::List),
    /// Show a deployment: groups, leases, money, and how long the money lasts.
    Status(status::Status),
    /// Add coins to a deployment, yours or somebody else's, and start what rested for lack of them.
    Deposit(deposit::Deposit),
    /// Watch a deployment: say what you should know, top it up, and close what absent providers left.
    Keep(keep::Keep),
    /// Take coins that you deposited out of a deployment; what keeps it funded for the minimal
    /// time stays.
    Withdraw(withdraw::Withdraw),
    /// Close a deployment, pay its providers, and return what is left of the deposits.
    Close(close::Close),
    /// Pause, start and close the groups of a deployment, and say who may not bid on them.
    #[command(subcommand)]
    Group(group::Group),
    /// Say who may bid on a deployment's orders to come.
    Bidders(bidders::Bidders),
    /// Name a key for everyday actions on a deployment, and how much it may let it cost.
    Delegate(delegate::Delegate),
    /// Show and manage leases: status, logs, events, manifest, close, absence, volumes.
    #[command(subcommand)]
    Lease(lease::Lease),
    /// Register a provider and show providers.
    #[command(subcommand)]
    Provider(provider::Provider),
    /// Attest attributes of providers, as an auditor.
    #[command(subcommand)]
    Audit(audit::Audit),
    /// Distribute the market's fees; stake coins and claim a share of the fees.
    #[command(subcommand)]
    Fees(fees::Fees),
    /// Deploy, verify and migrate the market's contracts, as its administrator.
    #[command(subcommand)]
    Admin(admin::Admin),
    /// Show the coins of an account.
    Balance(balance::Balance),
    /// Make and list keys.
    #[command(subcommand)]
    Keys(keys::Keys),
    /// Check, compile and create SDL files.
    #[command(subcommand)]
    Sdl(sdl::Sdl),
    /// Run a local chain with the contracts on it, and example providers with --providers.
    Devnet(localnet::Localnet),
    /// Show a whole market at work on this machine, from an SDL file to the last coin.
    Demo(localnet::Localnet),
}
