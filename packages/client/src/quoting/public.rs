//! What all gateways ask for in public, whatever is wanted.

use std::{cmp::Ordering, time::Duration};

use serde::Serialize;
use souk_api::registry::ProviderResponse;
use souk_core::Denom;
use souk_gateway::prices::{GpuRate, GpuStock, Prices, Rates};

use super::{
    ask::{heard, said},
    gather::{CONCURRENT, gather},
    words::short,
};
use crate::{
    error::{Error, GatewayError},
    gateway::{self, NoBid},
    market::Market,
};

/// How long a gateway has to say its prices.
const EACH: Duration = Duration::from_secs(2);
/// As many lines of one gateway count at most: kinds of GPU times denoms.
const MOST_LINES: usize = 64;

/// What is looked for.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// This GPU model alone, such as `h100`.
    pub gpu: Option<String>,
    /// Providers that say to be in this region alone.
    pub region: Option<String>,
    /// Prices in this denom alone.
    pub denom: Option<Denom>,
}

/// What a provider asks for in a denom, with one kind of its GPUs or without. Base units an hour, as decimal numbers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PublicPrice {
    /// The provider.
    pub provider: String,
    /// Where it is, by its claim in the registry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Whether it takes new leases, by its own word.
    pub takes_leases: bool,
    /// The denom.
    pub denom: Denom,
    /// A core.
    pub cpu: f64,
    /// A GiB of memory.
    pub memory: f64,
    /// The lowest price of a whole group.
    pub minimum: f64,
    /// The kind of GPU, such as `nvidia/h100/80Gi/pcie`; none for what has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gpu: Option<String>,
    /// A GPU of that kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gpu_price: Option<f64>,
    /// Those of the kind that are free, and all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gpus: Option<(u64, u64)>,
    /// Free thousandths of a core.
    pub free_cpu_milli: u64,
    /// Free bytes of memory.
    pub free_memory: u64,
}

/// A provider whose prices are not known.
pub type NoPrices = NoBid;

/// What all gateways say.
#[derive(Clone, Debug, Default, Serialize)]
pub struct PublicPrices {
    /// The lowest first: by the GPU's price where there is one, then by the price of a core with a GiB.
    pub prices: Vec<PublicPrice>,
    /// Those who do not say theirs, and why.
    pub others: Vec<NoPrices>,
}

/// Asks the gateways of all registered providers for their prices, a hundred at a time, each for two seconds.
///
/// # Errors
/// If the registry does not answer.
pub async fn public_prices(market: &Market, filter: &Filter) -> Result<PublicPrices, Error> {
    let mut providers = market.registry.providers().await?;
    let here = |provider: &ProviderResponse| match &filter.region {
        Some(wanted) => gateway::region(provider).as_ref() == Some(wanted),
        None => true,
    };
    providers.retain(here);
    let rounds = u32::try_from(providers.len().div_ceil(CONCURRENT)).unwrap_or(u32::MAX);
    let answers = gather(providers.iter().map(ask).collect(), EACH * rounds.max(1)).await;
    let mut all = PublicPrices::default();
    for (provider, answer) in providers.iter().zip(answers) {
        let answer =
            heard(answer, EACH).and_then(|prices| match prices.provider == provider.provider {
                true => Ok(prices),
                false => Err("its gateway speaks for another provider".to_owned()),
            });
        match answer {
            Ok(prices) => all.prices.extend(lines(provider, &prices, filter)),
            Err(reason) => all.others.push(said(provider, reason)),
        }
    }
    all.prices.sort_by(order);
    Ok(all)
}

async fn ask(provider: &ProviderResponse) -> Result<Prices, GatewayError> {
    gateway::client(provider)?.prices().await
}

/// A gateway's lines, as far as they are looked for. What is no price is left out.
fn lines(provider: &ProviderResponse, prices: &Prices, filter: &Filter) -> Vec<PublicPrice> {
    let mut lines = Vec::new();
    for rates in &prices.rates {
        if filter.denom.as_ref().is_some_and(|denom| *denom != rates.denom) {
            continue;
        }
        let Some(plain) = without_gpu(provider, prices, rates) else { continue };
        let before = lines.len();
        for gpu in &prices.gpus {
            let looked_for = |wanted: &String| wanted.eq_ignore_ascii_case(&gpu.model);
            if !filter.gpu.as_ref().is_none_or(looked_for) {
                continue;
            }
            let Some(price) = of_gpu(rates, gpu) else { continue };
            lines.push(PublicPrice {
                gpu: Some(kind(gpu)),
                gpu_price: Some(price),
                gpus: Some((gpu.free, gpu.total)),
                ..plain.clone()
            });
        }
        if lines.len() == before && filter.gpu.is_none() {
            lines.push(plain);
        }
    }
    lines.truncate(MOST_LINES);
    lines
}

fn without_gpu(provider: &ProviderResponse, prices: &Prices, rates: &Rates) -> Option<PublicPrice> {
    Some(PublicPrice {
        provider: provider.provider.clone(),
        region: gateway::region(provider),
        takes_leases: prices.takes_leases && !provider.maintenance,
        denom: rates.denom.clone(),
        cpu: number(&rates.cpu)?,
        memory: number(&rates.memory)?,
        minimum: number(&rates.minimum)?,
        gpu: None,
        gpu_price: None,
        gpus: None,
        free_cpu_milli: prices.free_cpu_milli,
        free_memory: prices.free_memory,
    })
}

/// What a GPU costs: the most exact of the rates that are for it.
fn of_gpu(rates: &Rates, gpu: &GpuStock) -> Option<f64> {
    let fits = |rate: &&GpuRate| {
        rate.model == gpu.model
            && rate.vendor.as_ref().is_none_or(|vendor| *vendor == gpu.vendor)
            && (rate.memory.is_none() || rate.memory == gpu.memory)
    };
    let exact = |rate: &&GpuRate| (rate.memory.is_some(), rate.vendor.is_some());
    let own = rates.gpu_models.iter().filter(fits).max_by_key(exact).map(|rate| &rate.price);
    number(own.or(rates.gpu.as_ref())?)
}

/// Its vendor, model, memory and interface, in one word.
fn kind(gpu: &GpuStock) -> String {
    let memory = gpu.memory.map(|bytes| format!("{}Gi", bytes >> 30));
    let parts = [Some(&gpu.vendor), Some(&gpu.model), memory.as_ref(), gpu.interface.as_ref()];
    let parts: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
    short(&parts.join("/"))
}

/// A price, for show and to be sorted by: no coin is counted by it.
fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite() && *number >= 0.0)
}

fn order(one: &PublicPrice, other: &PublicPrice) -> Ordering {
    let gpu = |price: &PublicPrice| price.gpu_price.unwrap_or(f64::INFINITY);
    let rest = |price: &PublicPrice| price.cpu + price.memory;
    let denom = |price: &PublicPrice| price.denom.to_string();
    denom(one)
        .cmp(&denom(other))
        .then(gpu(one).total_cmp(&gpu(other)))
        .then(rest(one).total_cmp(&rest(other)))
        .then_with(|| one.provider.cmp(&other.provider))
}

#[cfg(test)]
mod tests;
