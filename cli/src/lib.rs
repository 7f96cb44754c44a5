//! The `souk` command line: deployments and bids for tenants, registration for providers,
//! attestations for auditors, deployment of the contracts for the market's administrator.
//!
//! [`commands`] has a file for each command: its arguments and what it does. `souk-client` asks the
//! contracts, signs and sends; [`output`] prints.

pub mod admin;
pub mod args;
pub mod commands;
pub mod consent;
pub mod context;
pub mod error;
pub mod exit;
pub mod output;
pub mod units;

use anyhow::Result;
use souk_client::Error;
use tracing_subscriber::EnvFilter;

use crate::{
    args::{Cli, Command},
    context::Context,
    exit::Exit,
};

/// Does what the command line says.
pub async fn run(cli: Cli) -> Result<Exit> {
    let context = Context::new(&cli.global)?;
    match cli.command {
        Command::Deploy(command) => command.run(&context).await,
        Command::Quote(command) => command.run(&context).await,
        Command::Prices(command) => command.run(&context).await,
        Command::Bids(command) => command.run(&context).await,
        Command::Accept(command) => command.run(&context).await,
        Command::List(command) => command.run(&context).await,
        Command::Status(command) => command.run(&context).await,
        Command::Deposit(command) => command.run(&context).await,
        Command::Keep(command) => command.run(&context).await,
        Command::Withdraw(command) => command.run(&context).await,
        Command::Close(command) => command.run(&context).await,
        Command::Group(command) => command.run(&context).await,
        Command::Bidders(command) => command.run(&context).await,
        Command::Delegate(command) => command.run(&context).await,
        Command::Lease(command) => command.run(&context).await,
        Command::Provider(command) => command.run(&context).await,
        Command::Audit(command) => command.run(&context).await,
        Command::Fees(command) => command.run(&context).await,
        Command::Admin(command) => command.run(&context).await,
        Command::Balance(command) => command.run(&context).await,
        Command::Keys(command) => command.run(&context),
        Command::Sdl(command) => command.run(&context),
        Command::Devnet(command) => command.run(&cli.global, "devnet"),
        Command::Demo(command) => command.run(&cli.global, "demo"),
    }
}

/// Diagnostics go to standard error, quiet unless `SOUK_LOG` asks for more.
pub fn start_logging() {
    let filter = EnvFilter::try_from_env("SOUK_LOG").unwrap_or_else(|_| EnvFilter::new("error"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}

/// Says what went wrong: the causes from the outside in, for people; an object for programs.
pub fn print_error(error: &anyhow::Error, exit: Exit, json: bool) {
    let text = error::describe(error);
    if json {
        let mut value = serde_json::json!({ "error": text, "exit": exit as u8 });
        if let Some(Error::Unfinished(unfinished)) = error.downcast_ref() {
            value["deployment"] = serde_json::json!(unfinished.deployment);
            value["orders"] = serde_json::json!(unfinished.orders);
        }
        output::note(&value.to_string());
    } else {
        output::note(&format!("error: {}", output::plain(&text)));
    }
}
