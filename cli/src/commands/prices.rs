//! `souk prices`: what providers ask for and have free.

use anyhow::Result;
use clap::Args;
use souk_client::{
    Error,
    quoting::{Filter, PublicPrice, PublicPrices, public_prices},
    show::table,
};

use crate::{context::Context, exit::Exit};

/// Show what providers ask for and have free, GPUs too, the lowest first. No key is needed.
#[derive(Debug, Args)]
pub struct Prices {
    /// This GPU model alone, such as h100.
    #[arg(long, value_name = "MODEL")]
    gpu: Option<String>,
    /// Providers that say they are in this region alone.
    #[arg(long, value_name = "REGION")]
    region: Option<String>,
    /// Prices in this denom alone.
    #[arg(long, value_name = "DENOM")]
    denom: Option<String>,
}

impl Prices {
    /// Asks all gateways and shows what they say.
    pub async fn run(self, context: &Context) -> Result<Exit> {
        let market = context.market()?;
        let denom = self.denom.as_deref().map(|text| {
            let read = text.parse();
            read.map_err(|error| Error::input(format!("denom `{text}`"), error))
        });
        let filter = Filter { gpu: self.gpu, region: self.region, denom: denom.transpose()? };
        let prices = public_prices(&market, &filter).await?;
        context.out.result(&prices, text);
        Ok(Exit::Ok)
    }
}

fn text(all: &PublicPrices) -> String {
    let mut text = match all.prices.is_empty() {
        true => "Nobody asks for such a price.\n".to_owned(),
        false => format!("{}\nBase units an hour.\n", rows(&all.prices)),
    };
    for other in &all.others {
        text.push_str(&format!("  no prices from {}: {}\n", other.provider, other.reason));
    }
    text
}

fn rows(prices: &[PublicPrice]) -> comfy_table::Table {
    let mut rows = table([
        "provider",
        "region",
        "denom",
        "gpu",
        "a gpu",
        "free",
        "a core",
        "a GiB",
        "least",
        "free cores",
        "free GiB",
        "takes leases",
    ]);
    for price in prices {
        let dash = || "-".to_owned();
        rows.add_row([
            price.provider.clone(),
            price.region.clone().unwrap_or_else(dash),
            price.denom.to_string(),
            price.gpu.clone().unwrap_or_else(dash),
            price.gpu_price.map_or_else(dash, |price| price.to_string()),
            price.gpus.map_or_else(dash, |(free, all)| format!("{free} of {all}")),
            price.cpu.to_string(),
            price.memory.to_string(),
            price.minimum.to_string(),
            (price.free_cpu_milli / 1_000).to_string(),
            (price.free_memory >> 30).to_string(),
            if price.takes_leases { "yes" } else { "no" }.to_owned(),
        ]);
    }
    rows
}
