//! Groups as the orderbook takes them: a ceiling for each group in whole base units an hour, and
//! denoms and auditors of the chain at hand.

use serde::Serialize;
use souk_core as core;

use crate::{
    compile::Compiled,
    groups::{GroupSpec, ResourceUnit},
    manifest::{Attribute, EndpointKind, Resources},
    souk::{Absence, PriceUnit},
};

/// How names in the file become the chain's.
pub struct Mapping<'m> {
    /// The chain's denom for one of the file (after the file's own `souk.denoms`).
    pub denom: &'m dyn Fn(&str) -> Result<core::Denom, String>,
    /// The chain's address for an auditor of the file.
    pub auditor: &'m dyn Fn(&str) -> Result<String, String>,
}

impl Default for Mapping<'_> {
    /// Denoms and auditors as the file has them.
    fn default() -> Self {
        Self {
            denom: &|denom| {
                denom.parse().map_err(|error: core::denom::DenomError| error.to_string())
            },
            auditor: &|auditor| Ok(auditor.to_owned()),
        }
    }
}

/// What a deployment is created with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Order {
    /// The one denom of all groups.
    pub denom: core::Denom,
    /// The groups, in the order of their names.
    pub groups: Vec<core::GroupSpec>,
    /// How winners are found.
    pub auction: core::AuctionPolicy,
    /// What holds when a provider is not seen any more; none if the file says nothing of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub absence: Option<Absence>,
}

/// Groups that the orderbook would refuse.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OrderError {
    /// The denom has no counterpart on the chain.
    #[error("the denom `{denom}` can't be used on this chain: {reason}")]
    Denom {
        /// As the file has it.
        denom: String,
        /// Why.
        reason: String,
    },
    /// Two denoms in one deployment.
    #[error("a deployment has one denom, here are {0} and {1}")]
    MixedDenoms(String, String),
    /// An auditor that has no counterpart on the chain.
    #[error("the auditor `{auditor}` can't be used on this chain: {reason}")]
    Auditor {
        /// As the file has it.
        auditor: String,
        /// Why.
        reason: String,
    },
    /// A price beyond what the chain holds.
    #[error("the price of group `{group}` is out of range: {error}")]
    Price {
        /// The group.
        group: String,
        /// Why.
        error: core::amount::AmountError,
    },
    /// Beyond the chain's limits.
    #[error(transparent)]
    Limit(#[from] core::limits::LimitError),
    /// Without any group there is nothing to order.
    #[error("there are no groups to order")]
    Empty,
}

impl Compiled {
    /// What the orderbook gets. The ceiling of a group is the sum of price times count of its
    /// units for an hour (600 blocks of six seconds, or as `souk.price` says), rounded up,
    /// at least 1.
    ///
    /// # Errors
    /// If a denom or an auditor cannot be used on the chain, prices are in several denoms or out of
    /// range, the groups are beyond the chain's limits, or there are none.
    pub fn order_groups(&self, mapping: &Mapping<'_>) -> Result<Order, OrderError> {
        let mut denom: Option<core::Denom> = None;
        let mut groups = Vec::with_capacity(self.groups.len());
        for spec in &self.groups {
            for unit in &spec.resources {
                let this = self.denom(&unit.price.denom, mapping)?;
                match &denom {
                    Some(first) if *first != this => {
                        return Err(OrderError::MixedDenoms(first.to_string(), this.to_string()));
                    }
                    _ => denom = Some(this),
                }
            }
            groups.push(self.group(spec, mapping)?);
        }
        core::limits::check_groups(&groups)?;
        let denom = denom.ok_or(OrderError::Empty)?;
        Ok(Order { denom, groups, auction: self.souk.auction, absence: self.souk.absence })
    }

    fn denom(&self, denom: &str, mapping: &Mapping<'_>) -> Result<core::Denom, OrderError> {
        let own = self.souk.denoms.get(denom).map_or(denom, String::as_str);
        let failed = |reason| OrderError::Denom { denom: denom.to_owned(), reason };
        (mapping.denom)(own).map_err(failed)
    }

    fn group(
        &self,
        spec: &GroupSpec,
        mapping: &Mapping<'_>,
    ) -> Result<core::GroupSpec, OrderError> {
        let auditors = |list: &Option<Vec<String>>| {
            let mapped = list.iter().flatten().map(|auditor| {
                let failed = |reason| OrderError::Auditor { auditor: auditor.clone(), reason };
                (mapping.auditor)(auditor).map_err(failed)
            });
            mapped.collect::<Result<Vec<_>, _>>()
        };
        let required = &spec.requirements;
        Ok(core::GroupSpec {
            name: spec.name.clone(),
            requirements: core::Requirements {
                signed_by: core::SignedBy {
                    all_of: auditors(&required.signed_by.all_of)?,
                    any_of: auditors(&required.signed_by.any_of)?,
                },
                attributes: attributes(required.attributes.as_deref().unwrap_or_default()),
            },
            units: spec.resources.iter().map(unit).collect(),
            ceiling: ceiling(spec, self.souk.price_per)?,
        })
    }
}

fn ceiling(spec: &GroupSpec, unit: PriceUnit) -> Result<core::Price, OrderError> {
    let failed = |error| OrderError::Price { group: spec.name.clone(), error };
    let (times, parts) = unit.per_hour();
    // Beyond 128 bits is beyond any price too.
    let sum = spec.resources.iter().try_fold(0u128, |sum, unit| {
        sum.checked_add(unit.price.amount.atomics().checked_mul(u128::from(unit.count))?)
    });
    let whole = sum
        .and_then(|sum| sum.checked_mul(times))
        .map_or(u128::MAX, |sum| sum.div_ceil(crate::groups::Decimal::ONE * parts));
    core::Price::new(whole.max(1)).map_err(failed)
}

fn unit(unit: &ResourceUnit) -> core::GroupUnit {
    core::GroupUnit {
        id: unit.resource.id,
        resources: resources(&unit.resource),
        count: unit.count,
    }
}

/// A replica's needs as the chain writes them; also what a provider compares a manifest by.
pub fn resources(of: &Resources) -> core::Resources {
    let gpu = core::Gpu {
        units: u32::try_from(of.gpu.units.get()).unwrap_or(u32::MAX),
        attributes: attributes(&of.gpu.attributes),
    };
    core::Resources {
        cpu_milli: of.cpu.units.get(),
        cpu_attributes: attributes(&of.cpu.attributes),
        memory: of.memory.size.get(),
        gpu: (gpu.units > 0).then_some(gpu),
        storage: of
            .storage
            .iter()
            .map(|volume| core::Volume {
                name: volume.name.clone(),
                size: volume.size.get(),
                attributes: attributes(&volume.attributes),
            })
            .collect(),
        endpoints: of
            .endpoints
            .iter()
            .map(|endpoint| core::Endpoint {
                kind: match endpoint.kind {
                    EndpointKind::SharedHttp => core::EndpointKind::SharedHttp,
                    EndpointKind::RandomPort => core::EndpointKind::RandomPort,
                    EndpointKind::LeasedIp => core::EndpointKind::LeasedIp,
                },
                sequence: endpoint.sequence_number,
            })
            .collect(),
    }
}

fn attributes(list: &[Attribute]) -> Vec<core::Attribute> {
    list.iter().map(|attribute| core::Attribute::new(&attribute.key, &attribute.value)).collect()
}
