//! `souk quote`: what a file would cost at each provider.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use serde::Serialize;
use souk_chain::SecretKey;
use souk_client::{
    deploy::{self, Quotes},
    sdl, show,
};

use crate::{context::Context, exit::Exit};

/// Ask providers what an SDL file would cost with them. Nothing is spent, reserved or written, and no coins are
/// needed. Providers that match are asked, 200 at most, and have two seconds.
#[derive(Debug, Args)]
pub struct Quote {
    /// The SDL file.
    file: PathBuf,
    /// Who would deploy it, which some providers' prices and limits depend on; the account of --key if not given, and
    /// a new one without a key.
    #[arg(long, value_name = "ADDRESS|KEY")]
    tenant: Option<String>,
    /// Ask this provider alone.
    #[arg(long, value_name = "ADDRESS")]
    provider: Option<String>,
    /// Treat warnings about the file as errors.
    #[arg(long)]
    strict: bool,
}

/// The result.
#[derive(Debug, Serialize)]
struct Report {
    tenant: String,
    mapped: Vec<sdl::Mapped>,
    groups: Vec<Quotes>,
}

impl Quote {
    /// Asks and shows. Exits with 6 if for some group nobody gives a price.
    pub async fn run(self, context: &Context) -> Result<Exit> {
        let market = context.market()?;
        let compiled = sdl::read(&self.file, &market.network.map, self.strict)?;
        compiled.warnings.iter().for_each(|warning| context.out.progress(warning));
        let mapped = compiled.mapped.clone();
        let tenant = match &self.tenant {
            Some(name) => context.address(name)?,
            None if context.has_key() => context.key()?.address(&market.network.prefix)?,
            // Who is new has an address nobody knows.
            None => SecretKey::generate().address(&market.network.prefix)?,
        };
        let provider = self.provider.as_deref();
        let provider = provider.map(|name| context.address(name)).transpose()?;
        let (config, escrow) = tokio::try_join!(market.orderbook.config(), market.escrow.config())?;
        let plan = deploy::plan(compiled, None, false, &config, escrow.min_runway)?;
        let wanted = deploy::wanted(&plan, &tenant, &config)?;
        let asking = deploy::quotes(&market, wanted, provider.as_deref(), usize::MAX).await?;
        let groups = asking.quotes;
        let complete = groups.iter().all(|group| !group.offers.is_empty());
        context.out.result(&Report { tenant, mapped, groups }, |report| {
            let tables: Vec<String> = report.groups.iter().map(show::quotes).collect();
            tables.join("\n")
        });
        Ok(if complete { Exit::Ok } else { Exit::NotFound })
    }
}
