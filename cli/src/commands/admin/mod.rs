//! `souk admin`: put the contracts on a chain, compare them, move them to other code.

mod act;
mod terms;
mod verify;

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Subcommand};

use crate::{
    context::Context,
    exit::Exit,
    admin::{
        act::Goal,
        session::{Session, Setup},
    },
};

/// Put the contracts on a chain and look after them.
#[derive(Debug, Subcommand)]
pub enum Admin {
    /// Upload, make and link what is missing of the suite. Can be run again at any time: it does
    /// what is left to do.
    Deploy(act::Act),
    /// Compare the suite on the chain with artifacts, terms and record; fails if they differ.
    Verify(verify::Verify),
    /// Upload code that changed and move the contracts to it.
    Migrate(act::Act),
    /// Print the terms that a suite would be set up with, as a file to edit.
    Terms(terms::ShowTerms),
}

/// What the suite should be.
#[derive(Debug, Args)]
pub struct Wanted {
    /// What the suite is set up with; NETWORK.terms.toml beside the network's file if not given,
    /// the defaults if there is none.
    #[arg(long, value_name = "FILE")]
    terms: Option<PathBuf>,
    /// The folder of the compiled contracts and their checksums.
    #[arg(long, value_name = "FOLDER", default_value = "artifacts")]
    artifacts: PathBuf,
    /// Who acts, if that is not the chosen key.
    #[arg(long, value_name = "ADDRESS|KEY")]
    from: Option<String>,
}

impl Admin {
    /// Does it.
    pub async fn run(self, context: &Context) -> Result<Exit> {
        match self {
            Self::Deploy(act) => act.run(context, Goal::Deployed).await,
            Self::Migrate(act) => act.run(context, Goal::Migrated).await,
            Self::Verify(verify) => verify.run(context).await,
            Self::Terms(terms) => terms.run(context),
        }
    }
}

impl Wanted {
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
