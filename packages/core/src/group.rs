//! A group: what one provider runs as a whole, and what it must be.

use cosmwasm_schema::cw_serde;

use crate::{Attribute, Price, Resources, SignedBy};

/// What the orderbook keeps of a placement group.
#[cw_serde]
#[derive(Eq)]
pub struct GroupSpec {
    /// The placement's name; unique within the deployment.
    pub name: String,
    /// What the provider must be.
    pub requirements: Requirements,
    /// What runs there, and how often.
    pub units: Vec<GroupUnit>,
    /// The most that the whole group may cost, in base units an hour.
    pub ceiling: Price,
}

/// Replicas of one kind.
#[cw_serde]
#[derive(Eq)]
pub struct GroupUnit {
    /// Its number within the group, from 1, as in the manifest.
    pub id: u32,
    /// What each replica needs.
    pub resources: Resources,
    /// How many replicas.
    pub count: u32,
}

/// What a provider must be to bid on a group.
#[cw_serde]
#[derive(Eq, Default)]
pub struct Requirements {
    /// Whose attestations count; empty: the provider's own claims do.
    #[serde(default)]
    pub signed_by: SignedBy,
    /// Attributes it must have; a key may end in `*`.
    #[serde(default)]
    pub attributes: Vec<Attribute>,
}

/// Sums over a group's replicas. Saturating: a sum that does not fit is above any limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Thousandths of a core.
    pub cpu_milli: u64,
    /// Bytes.
    pub memory: u64,
    /// GPUs.
    pub gpu: u64,
    /// Bytes of all volumes.
    pub storage: u64,
    /// Replicas.
    pub replicas: u64,
    /// Endpoints of all units, each counted once however many replicas stand behind it.
    pub endpoints: u64,
}

impl GroupSpec {
    /// Sums over all replicas.
    pub fn totals(&self) -> Totals {
        let mut sum = Totals::default();
        for unit in &self.units {
            let count = u64::from(unit.count);
            let of = &unit.resources;
            let add = |sum: u64, each: u64| sum.saturating_add(each.saturating_mul(count));
            let volumes = of.storage.iter().fold(0u64, |sum, v| sum.saturating_add(v.size));
            sum.cpu_milli = add(sum.cpu_milli, of.cpu_milli);
            sum.memory = add(sum.memory, of.memory);
            sum.gpu = add(sum.gpu, of.gpu.as_ref().map_or(0, |gpu| u64::from(gpu.units)));
            sum.storage = add(sum.storage, volumes);
            sum.replicas = sum.replicas.saturating_add(count);
            let endpoints = u64::try_from(of.endpoints.len()).unwrap_or(u64::MAX);
            sum.endpoints = sum.endpoints.saturating_add(endpoints);
        }
        sum
    }
}
