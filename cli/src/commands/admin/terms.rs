//! `souk admin terms`.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Args;
use souk_client::contracts::Terms;

use crate::{context::Context, exit::Exit};

/// Print terms.
#[derive(Debug, Args)]
pub struct ShowTerms {
    /// A terms file with what differs from the defaults.
    #[arg(long, value_name = "FILE")]
    terms: Option<PathBuf>,
    /// The contracts' owner; the account of --key if not given.
    #[arg(long, value_name = "ADDRESS|KEY")]
    owner: Option<String>,
}

impl ShowTerms {
    pub(super) fn run(self, context: &Context) -> Result<Exit> {
        let network = context.network()?;
        let owner = match &self.owner {
            Some(name) => context.address(name)?,
            None => context.key()?.address(&network.prefix)?,
        };
        let terms = match &self.terms {
            Some(path) => Terms::read_file(path, network.chain_defaults(), &owner)?,
            None => Terms::on(network.chain_defaults(), &owner),
        };
        let text = toml::to_string_pretty(&terms).context("terms as TOML")?;
        context.out.result(&terms, |_| text);
        Ok(Exit::Ok)
    }
}
