//! The price of a group by the table of rates, rounded up to whole base units.

use std::collections::BTreeSet;

use souk_core::{EndpointKind, GroupSpec};

use crate::{
    config::{Hourly, RateTable},
    model::placement::{GpuModel, Placement},
};

/// A resource without a price in the table, which is therefore not offered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoRate {
    /// A GPU model.
    #[error("GPU {0} has no price (bidding.rates.gpu or gpu_models)")]
    Gpu(String),
    /// A storage class.
    #[error("storage class {0} has no price (bidding.rates.persistent)")]
    Storage(String),
}

const GIB: u128 = 1 << 30;
const BILLION: u128 = 1_000_000_000;

/// The price of a device an hour; none if it has no price. The most specific entry counts.
pub fn gpu_rate(table: &RateTable, gpu: &GpuModel) -> Option<Hourly> {
    let memory = gpu.memory.as_ref().and_then(|m| m.parse::<crate::config::Bytes>().ok());
    let fits = |rate: &&crate::config::GpuRate| {
        gpu.is_called(&rate.model)
            && rate.vendor.as_ref().is_none_or(|vendor| *vendor == gpu.vendor)
            && rate.memory.is_none_or(|wanted| memory == Some(wanted))
    };
    // Another name of the market's means fewer devices than the model's own.
    let exact = |rate: &&crate::config::GpuRate| {
        (rate.memory.is_some(), rate.vendor.is_some(), rate.model != gpu.model)
    };
    let own = table.gpu_models.iter().filter(fits).max_by_key(exact).map(|rate| rate.price);
    own.or(table.gpu)
}

/// The price of the whole group where it is placed, in base units an hour; at least 1.
///
/// # Errors
///
/// If the group asks for a resource that has no price.
pub fn price(
    group: &GroupSpec,
    placements: &[Placement],
    table: &RateTable,
) -> Result<u128, NoRate> {
    let mut sum = Sum(0);
    for unit in &group.units {
        let count = u128::from(unit.count);
        let of = &unit.resources;
        sum.add(table.cpu, u128::from(of.cpu_milli) * count, 1_000);
        sum.add(table.memory, u128::from(of.memory) * count, GIB);
        for volume in &of.storage {
            let bytes = u128::from(volume.size) * count;
            let class = volume.attribute("class");
            if volume.is_persistent() {
                let class = class.unwrap_or("default");
                let rate = table.persistent.get(class);
                sum.add(*rate.ok_or_else(|| NoRate::Storage(class.to_owned()))?, bytes, GIB);
            } else if class == Some("ram") {
                sum.add(table.memory, bytes, GIB);
            } else {
                sum.add(table.storage, bytes, GIB);
            }
        }
        if let Some(gpu) = &of.gpu {
            let placed = placements.iter().find(|p| p.unit == unit.id);
            let model = placed.and_then(|p| p.gpu.as_ref());
            let rate = model.and_then(|model| gpu_rate(table, model));
            let rate = rate.ok_or_else(|| {
                NoRate::Gpu(model.map_or_else(|| "unknown".into(), |m| m.model.clone()))
            })?;
            sum.add(rate, u128::from(gpu.units) * count, 1);
        }
    }
    let endpoints = || group.units.iter().flat_map(|unit| &unit.resources.endpoints);
    let shared = endpoints().filter(|e| e.kind != EndpointKind::LeasedIp).count();
    let ips: BTreeSet<u32> =
        endpoints().filter(|e| e.kind == EndpointKind::LeasedIp).map(|e| e.sequence).collect();
    sum.add(table.endpoint, shared as u128, 1);
    sum.add(table.ip, ips.len() as u128, 1);
    Ok(sum.0.max(table.minimum.billionths()).div_ceil(BILLION).max(1))
}

/// Billionths of a base unit; each part is rounded up by less than one of them.
struct Sum(u128);

impl Sum {
    fn add(&mut self, rate: Hourly, amount: u128, per: u128) {
        // A rate is at most 2^96 whole units, 2^126 billionths: whole units are multiplied
        // apart, so that a product that does not fit is held at the top and never wraps.
        let whole = rate.billionths().saturating_mul(amount / per);
        let part = rate.billionths().saturating_mul(amount % per).div_ceil(per);
        self.0 = self.0.saturating_add(whole).saturating_add(part);
    }
}
