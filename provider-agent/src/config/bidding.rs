//! `[bidding]`: prices and limits.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, de};
use souk_core::{
    Attribute, Denom,
    absence::{MIN_LIMIT, is_limit},
    attributes,
    limits::MAX_CLAIMS,
    reclaim::is_window,
    time::DAY,
};

use super::{Bytes, ConfigError, Hourly, Seconds};

/// Prices and limits.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bidding {
    /// Whether the agent bids; leases are not affected.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Prices, one table per denom in which the provider takes orders.
    pub rates: Vec<RateTable>,
    /// The most open bids for one tenant, so that none reserves all capacity by orders.
    #[serde(default = "default_open_bids")]
    pub max_open_bids_per_tenant: u32,
    /// The most slots, in per cent of all, that open bids for one tenant use: 1 to 100, and one slot at least.
    #[serde(default = "default_share")]
    pub max_slots_percent_per_tenant: u32,
    /// An open bid that was not accepted for so long is taken back, in block time. Bids in auctions bind and
    /// stay.
    #[serde(default = "default_take_back")]
    pub take_bids_back_after: Seconds,
    /// The floor in a binding auction, in per cent of the table's price: 1 to 100; 100 never bids
    /// below the table's price.
    #[serde(default = "default_floor")]
    pub auction_floor_percent: u32,
    /// Overcommit of the nodes' capacity.
    #[serde(default)]
    pub overcommit: Overcommit,
    /// A lease without manifest is closed after this time, in block time.
    #[serde(default = "default_manifest_timeout")]
    pub manifest_timeout: Seconds,
    /// The notice that bids offer where an order asks for one, an hour to 30 days, in block time. Orders that
    /// ask for more get no bid. If it is not set, bids offer what each order asks for.
    #[serde(default)]
    pub reclamation_window: Option<Seconds>,
    /// The shortest limit for absence of orders that are bid on, six hours to 30 days: for how long the provider may
    /// not be seen before its lease can be closed as absent, in block time.
    #[serde(default = "default_absence_limit")]
    pub shortest_absence_limit: Seconds,
    /// How often earnings are withdrawn, in block time.
    #[serde(default = "default_withdraw")]
    pub withdraw_every: Seconds,
    /// Whether the agent ends depleted deployments of its leases once that is allowed.
    #[serde(default = "yes", alias = "reap")]
    pub end_deployments: bool,
    /// The attributes that the provider claims: region, tier, capabilities. They are registered on the
    /// chain by `souk provider register`; `check` compares.
    #[serde(default)]
    pub attributes: Vec<Claim>,
}

/// Overcommit in per cent of the capacity, 10 to 1000: 150 offers one and a half times as much. GPUs
/// are never overcommitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Overcommit {
    /// Of cores.
    pub cpu: u32,
    /// Of memory.
    pub memory: u32,
    /// Of the nodes' disks.
    pub storage: u32,
}

impl Default for Overcommit {
    fn default() -> Self {
        Self { cpu: 100, memory: 100, storage: 100 }
    }
}

/// Prices in one denom, in base units an hour.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateTable {
    /// The denom.
    #[serde(deserialize_with = "denom")]
    pub denom: Denom,
    /// A core.
    pub cpu: Hourly,
    /// A GiB of memory.
    pub memory: Hourly,
    /// A GiB of the container's own disk.
    pub storage: Hourly,
    /// A GiB of persistent storage by class; a class that is not here is not offered.
    #[serde(default)]
    pub persistent: BTreeMap<String, Hourly>,
    /// An HTTP or port endpoint.
    #[serde(default)]
    pub endpoint: Hourly,
    /// A leased address.
    #[serde(default)]
    pub ip: Hourly,
    /// A GPU of a model without a price of its own; without it such models are not offered.
    #[serde(default)]
    pub gpu: Option<Hourly>,
    /// GPUs by model.
    #[serde(default)]
    pub gpu_models: Vec<GpuRate>,
    /// The lowest price of any bid.
    #[serde(default)]
    pub minimum: Hourly,
}

/// The price of a GPU model.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GpuRate {
    /// The vendor; any if not given.
    #[serde(default)]
    pub vendor: Option<String>,
    /// The canonical model, such as `h100`.
    pub model: String,
    /// Memory of a device, such as `80Gi`; any if not given.
    #[serde(default)]
    pub memory: Option<Bytes>,
    /// A device.
    pub price: Hourly,
}

/// An attribute, written `{ key = "region", value = "eu-west" }`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// The key.
    pub key: String,
    /// The value.
    pub value: String,
}

impl Bidding {
    /// The attributes as the market's type.
    pub fn claims(&self) -> Vec<Attribute> {
        let claim = |claim: &Claim| Attribute::new(claim.key.clone(), claim.value.clone());
        self.attributes.iter().map(claim).collect()
    }

    /// How many open bids one tenant may have of a provider whose bond backs `slots`.
    pub fn most_open_bids(&self, slots: u32) -> u32 {
        let share = u64::from(slots) * u64::from(self.max_slots_percent_per_tenant) / 100;
        let share = u32::try_from(share).unwrap_or(u32::MAX).max(1);
        share.min(self.max_open_bids_per_tenant)
    }

    /// Prices in a denom, if the provider takes orders in it.
    pub fn table(&self, denom: &Denom) -> Option<&RateTable> {
        self.rates.iter().find(|table| table.denom == *denom)
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if self.enabled && self.rates.is_empty() {
            return Err(ConfigError::invalid(
                "bidding.rates",
                "[]",
                "there are no prices",
                "add a table [[bidding.rates]] with a denom and prices, or set bidding.enabled = false",
            ));
        }
        for (index, table) in self.rates.iter().enumerate() {
            if self.rates.iter().take(index).any(|before| before.denom == table.denom) {
                return Err(ConfigError::invalid(
                    "bidding.rates.denom",
                    &table.denom,
                    "there are two tables for it",
                    "keep one table for each denom",
                ));
            }
        }
        let overcommit = self.overcommit;
        for (key, percent) in [
            ("bidding.overcommit.cpu", overcommit.cpu),
            ("bidding.overcommit.memory", overcommit.memory),
            ("bidding.overcommit.storage", overcommit.storage),
        ] {
            if !(10..=1_000).contains(&percent) {
                return Err(ConfigError::invalid(
                    key,
                    percent,
                    "it is out of range",
                    "write per cent from 10 to 1000; 100 is no overcommit",
                ));
            }
        }
        if !(1..=100).contains(&self.auction_floor_percent) {
            return Err(ConfigError::invalid(
                "bidding.auction_floor_percent",
                self.auction_floor_percent,
                "it is out of range",
                "write per cent of the table's price from 1 to 100",
            ));
        }
        if !(1..=100).contains(&self.max_slots_percent_per_tenant) {
            return Err(ConfigError::invalid(
                "bidding.max_slots_percent_per_tenant",
                self.max_slots_percent_per_tenant,
                "it is out of range",
                "write per cent of the provider's slots from 1 to 100",
            ));
        }
        if !(300..=7 * DAY).contains(&self.take_bids_back_after.0) {
            return Err(ConfigError::invalid(
                "bidding.take_bids_back_after",
                self.take_bids_back_after,
                "it is out of range",
                "write 5m to 7days; a tenant needs time to choose",
            ));
        }
        if !(30..=DAY).contains(&self.manifest_timeout.0) {
            return Err(ConfigError::invalid(
                "bidding.manifest_timeout",
                self.manifest_timeout,
                "it is out of range",
                "write 30s to 1day",
            ));
        }
        if let Some(window) = self.reclamation_window
            && !is_window(window.0)
        {
            return Err(ConfigError::invalid(
                "bidding.reclamation_window",
                window,
                "it is out of range",
                "write 1h to 30days, or leave it out to offer what each order asks for",
            ));
        }
        if !is_limit(self.shortest_absence_limit.0) {
            return Err(ConfigError::invalid(
                "bidding.shortest_absence_limit",
                self.shortest_absence_limit,
                "it is out of range",
                "write 6h to 30days; no order asks for less or more",
            ));
        }
        if self.withdraw_every.0 < 60 {
            return Err(ConfigError::invalid(
                "bidding.withdraw_every",
                self.withdraw_every,
                "each withdrawal costs a fee",
                "write 1m or more",
            ));
        }
        attributes::check_claims(&self.claims(), MAX_CLAIMS).map_err(|error| {
            ConfigError::invalid(
                "bidding.attributes",
                format!("{} attributes", self.attributes.len()),
                error.to_string(),
                "correct it; the chain has the same rules",
            )
        })
    }
}

fn denom<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Denom, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
}

const fn yes() -> bool {
    true
}
const fn default_open_bids() -> u32 {
    20
}
const fn default_share() -> u32 {
    50
}
const fn default_take_back() -> Seconds {
    Seconds(3_600)
}
const fn default_floor() -> u32 {
    100
}
const fn default_manifest_timeout() -> Seconds {
    Seconds(300)
}
const fn default_absence_limit() -> Seconds {
    Seconds(MIN_LIMIT)
}
const fn default_withdraw() -> Seconds {
    Seconds(DAY)
}
