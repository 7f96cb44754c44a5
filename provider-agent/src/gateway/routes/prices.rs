//! GET prices: what the provider asks for and has free, for consoles and schedulers. No more than its configuration
//! says and its status counts.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{Json, extract};
use souk_gateway::prices::{GpuRate, GpuStock, Prices, Rates};
use tokio::sync::Mutex;

use crate::{
    config::{Bytes, RateTable},
    gateway::{GatewayError, Quoting, State},
    market::bidding::quoting::NotQuoted,
    model::placement::Available,
};

/// For this time an answer is given again: anyone may ask.
const MAX_AGE: Duration = Duration::from_secs(2);

/// The last answer. Whoever asks while one is made waits for that one.
#[derive(Debug, Default)]
pub struct PricesCache(Mutex<Option<(Instant, Prices)>>);

/// Open to anyone.
pub async fn get(
    extract::State(state): extract::State<Arc<State>>,
) -> Result<Json<Prices>, GatewayError> {
    let quoting = state.quoting.as_ref().ok_or(NotQuoted::Off)?;
    let mut last = state.prices.0.lock().await;
    if let Some((_, prices)) = last.as_ref().filter(|(made, _)| made.elapsed() < MAX_AGE) {
        return Ok(Json(prices.clone()));
    }
    let available = quoting.desk.available().await?;
    let prices = made(&state.policy.audience.provider, quoting, available);
    *last = Some((Instant::now(), prices.clone()));
    Ok(Json(prices))
}

fn made(provider: &str, quoting: &Quoting, available: Available) -> Prices {
    let bidding = &quoting.bidding;
    let gpus = available.gpus.into_iter().map(|(kind, count)| GpuStock {
        vendor: kind.vendor,
        model: kind.model,
        memory: kind.memory.and_then(|text| text.parse::<Bytes>().ok()).map(|bytes| bytes.0),
        interface: kind.interface,
        free: count.free,
        total: count.total,
    });
    Prices {
        provider: provider.to_owned(),
        height: available.height,
        takes_leases: available.takes_leases,
        attributes: bidding.claims(),
        rates: bidding.rates.iter().map(rates).collect(),
        gpus: gpus.collect(),
        free_cpu_milli: available.free.cpu_milli,
        free_memory: available.free.memory,
        shortest_absence_limit: bidding.shortest_absence_limit.0,
        reclamation_window: bidding.reclamation_window.map(|window| window.0),
    }
}

fn rates(table: &RateTable) -> Rates {
    let models = table.gpu_models.iter().map(|rate| GpuRate {
        vendor: rate.vendor.clone(),
        model: rate.model.clone(),
        memory: rate.memory.map(|bytes| bytes.0),
        price: rate.price.to_string(),
    });
    let persistent = table.persistent.iter();
    Rates {
        denom: table.denom.clone(),
        cpu: table.cpu.to_string(),
        memory: table.memory.to_string(),
        storage: table.storage.to_string(),
        persistent: persistent.map(|(class, rate)| (class.clone(), rate.to_string())).collect(),
        endpoint: table.endpoint.to_string(),
        ip: table.ip.to_string(),
        gpu: table.gpu.map(|rate| rate.to_string()),
        gpu_models: models.collect(),
        minimum: table.minimum.to_string(),
    }
}
