//! Group specs: what goes on the chain of a deployment, in Akash's form.

pub(crate) mod decimal;

use serde::{Deserialize, Serialize};

use crate::{
    manifest::{Attribute, Resources},
    wire,
};

pub use decimal::{Decimal, DecimalError};

/// One group: the resource units that one provider must offer together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupSpec {
    /// The placement's name.
    pub name: String,
    /// What the provider must be.
    pub requirements: PlacementRequirements,
    /// The units, numbered from 1.
    pub resources: Vec<ResourceUnit>,
}

/// What a provider must be to bid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlacementRequirements {
    /// Whose attestations count.
    pub signed_by: SignedBy,
    /// Attributes, sorted by key; the key may be a pattern.
    #[serde(deserialize_with = "wire::present")]
    pub attributes: Option<Vec<Attribute>>,
}

/// Auditors by address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedBy {
    /// Each of them must attest the attributes.
    #[serde(deserialize_with = "wire::present")]
    pub all_of: Option<Vec<String>>,
    /// At least one of them must.
    #[serde(deserialize_with = "wire::present")]
    pub any_of: Option<Vec<String>>,
}

/// A count of replicas of the same resources.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResourceUnit {
    /// What one replica needs.
    pub resource: Resources,
    /// Replicas.
    pub count: u32,
    /// The highest price for one replica, in the file's price unit (a block if not said otherwise).
    pub price: DecCoin,
}

/// A decimal amount of a denom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DecCoin {
    /// The denom.
    pub denom: String,
    /// The amount in base units.
    pub amount: Decimal,
}
