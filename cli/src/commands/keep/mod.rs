//! `souk keep`: watches a deployment for its tenant, and says what the watcher's key may spend.

mod grant;
mod watch;
mod webhook;

use anyhow::Result;
use clap::Args;
use souk_client::Error;

use crate::{context::Context, exit::Exit};

/// Watch a deployment: say what its tenant should know, each thing once, and do what the flags ask for. It ends with
/// the deployment. Any key that may act does: the tenant's; for all but topping up its delegate's (`souk delegate`);
/// for topping up one that the tenant lets spend its coins (`souk keep grant`).
#[derive(Debug, Args)]
// Not `args_conflicts_with_subcommands`: options of every command may stand before `grant`.
#[command(subcommand_negates_reqs = true)]
pub struct Keep {
    #[command(subcommand)]
    spending: Option<grant::Spending>,
    #[command(flatten)]
    watch: watch::Watch,
}

impl Keep {
    /// Watches, or changes or shows a grant.
    pub async fn run(self, context: &Context) -> Result<Exit> {
        match self.spending {
            Some(_) if self.watch.is_given() => {
                let reason =
                    "say what `souk keep` watches or what a key may spend, not both at once";
                Err(Error::input("souk keep", reason).into())
            }
            Some(spending) => spending.run(context).await,
            None => self.watch.run(context).await,
        }
    }
}
