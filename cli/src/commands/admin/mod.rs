//! `souk admin`: deploy the market's contracts, verify them, migrate them to new code.

mod act;
mod at_once;
mod owner;
mod slash;
mod terms;
mod verify;
mod written;

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Subcommand};

use self::owner::Change;
use crate::{
    admin::{
        act::Goal,
        session::{Session, Setup},
    },
    context::Context,
    exit::Exit,
};

/// Deploy, verify, configure, pause and migrate the market's contracts, as its administrator.
#[derive(Debug, Subcommand)]
pub enum Admin {
    /// Deploy the contracts: upload their code, instantiate them, link them. May be run again at
    /// any time: it does what is still missing.
    Deploy(act::Act),
    /// Compare the contracts on the chain with the artifacts, the terms and the deployment's
    /// record; fails if anything differs.
    Verify(verify::Verify),
    /// Migrate the contracts to the artifacts' code: upload what changed, then migrate.
    Migrate(act::Act),
    /// Stop new business of the contracts, as guardian or owner: deposits, payouts, closes and refunds go on. A
    /// guardian's pause ends by itself after a week.
    Pause(owner::SendTo),
    /// Allow new business again, as owner.
    Unpause(owner::SendTo),
    /// Set the orderbook's denoms and parameters to those of the terms, as owner.
    Configure(owner::Send),
    /// Notice a slash of a provider's bond, carry it out, or take the notice back, as slasher.
    #[command(subcommand)]
    Slash(slash::Slash),
    /// Print the terms with which the contracts would be deployed, as a file to edit.
    Terms(terms::ShowTerms),
}

/// What the contracts should be.
#[derive(Debug, Args)]
pub struct Target {
    /// The terms file; if not given, NETWORK.terms.toml beside the network's file, or the defaults.
    #[arg(long, value_name = "FILE")]
    terms: Option<PathBuf>,
    /// The folder with the compiled contracts and their checksums.
    #[arg(long, value_name = "FOLDER", default_value = "artifacts")]
    artifacts: PathBuf,
    /// The account that sends the transactions, if it is not that of --key.
    #[arg(long, value_name = "ADDRESS|KEY")]
    from: Option<String>,
}

impl Admin {
    /// Does it.
    pub async fn run(self, context: &Context) -> Result<Exit> {
        match self {
            Self::Deploy(act) => act.run(context, Goal::Deployed).await,
            Self::Migrate(act) => act.run(context, Goal::Migrated).await,
            Self::Pause(send) => send.run(context, Change::Pause).await,
            Self::Unpause(send) => send.run(context, Change::Unpause).await,
            Self::Configure(send) => send.configure(context).await,
            Self::Verify(verify) => verify.run(context).await,
            Self::Slash(slash) => slash.run(context).await,
            Self::Terms(terms) => terms.run(context),
        }
    }
}

impl Target {
    fn session(&self, context: &Context) -> Result<Session> {
        let network = context.network()?;
        let setup = Setup {
            artifacts: &self.artifacts,
            terms: self.terms.as_deref(),
            sender: self.sender(context)?,
            network_path: context.network_path()?,
            network,
        };
        Session::open(setup, |name| context.address(name))
    }

    /// Who acts: by --from, else the chosen key, else nobody.
    fn sender(&self, context: &Context) -> Result<Option<String>> {
        match &self.from {
            Some(name) => Ok(Some(context.address(name)?)),
            None if context.has_key() => {
                Ok(Some(context.key()?.address(&context.network()?.prefix)?))
            }
            None => Ok(None),
        }
    }
}
