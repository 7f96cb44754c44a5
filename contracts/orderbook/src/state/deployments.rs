//! Deployments, and which are whose.

use cosmwasm_schema::cw_serde;
use cosmwasm_std::{Addr, Binary, Empty, StdResult, Storage};
use cw_storage_plus::Map;
use souk_contract_std::Page;
use souk_core::{AuctionPolicy, Denom, DeploymentId, Rate};

use super::absence::Absence;
use crate::ContractError;

const DEPLOYMENTS: Map<u64, Deployment> = Map::new("d");
const BY_TENANT: Map<(&Addr, u64), Empty> = Map::new("w");

/// A deployment, its groups apart.
#[cw_serde]
pub struct Deployment {
    /// Its tenant.
    #[serde(rename = "o")]
    pub tenant: Addr,
    /// A key for everyday actions.
    #[serde(rename = "k", default, skip_serializing_if = "Option::is_none")]
    pub delegate: Option<Addr>,
    /// How much all its leases may cost together after what the delegate sends, base units an hour.
    #[serde(rename = "l", default, skip_serializing_if = "Option::is_none")]
    pub delegate_limit: Option<Rate>,
    /// What the manifest must hash to.
    #[serde(rename = "h")]
    pub commitment: Binary,
    /// What it is paid in.
    #[serde(rename = "m")]
    pub denom: Denom,
    /// How winners are found.
    #[serde(rename = "p")]
    pub auction: AuctionPolicy,
    /// If not empty, only these may bid.
    #[serde(rename = "a", default, skip_serializing_if = "Vec::is_empty")]
    pub allow: Vec<Addr>,
    /// These may not.
    #[serde(rename = "r", default, skip_serializing_if = "Vec::is_empty")]
    pub refuse: Vec<Addr>,
    /// When it was created.
    #[serde(rename = "t")]
    pub created_at: u64,
    /// How many groups it has.
    #[serde(rename = "g")]
    pub groups: u32,
    /// How many orders it has, closed ones that were not pruned included.
    #[serde(rename = "n")]
    pub orders: u32,
    /// What some records keep of the account's reserve. It is read and not kept: the escrow has it.
    #[serde(rename = "v", default, skip_serializing)]
    pub reserved: Option<Rate>,
    /// When and why it was marked.
    #[serde(rename = "d", default, skip_serializing_if = "Option::is_none")]
    pub mark: Option<Mark>,
    /// Whether anyone may start a group of it that rests for lack of funds.
    #[serde(rename = "f", default, skip_serializing_if = "std::ops::Not::not")]
    pub anyone_starts: bool,
    /// The least notice for which its leases may be taken back, in seconds.
    #[serde(rename = "w", default, skip_serializing_if = "Option::is_none")]
    pub reclamation: Option<u64>,
    /// What holds when a provider is not seen any more; none if its tenant asked for nothing of its own.
    #[serde(rename = "e", default, skip_serializing_if = "Option::is_none")]
    pub absence: Option<Absence>,
    /// Whether it ended.
    #[serde(rename = "x", default)]
    pub closed: bool,
}

impl Deployment {
    /// Refuses to change one that has ended.
    ///
    /// # Errors
    /// If it has.
    pub fn must_be_active(&self, id: DeploymentId) -> Result<(), ContractError> {
        if self.closed { Err(ContractError::DeploymentClosed(id)) } else { Ok(()) }
    }

    /// What holds when a provider of its orders to come is not seen any more.
    pub fn absence(&self) -> Absence {
        self.absence.unwrap_or_else(|| souk_api::orderbook::Absence::default().into())
    }

    /// Whether a sender is its tenant or delegate.
    pub fn is_for_tenant(&self, sender: &Addr) -> bool {
        *sender == self.tenant || self.delegate.as_ref() == Some(sender)
    }

    /// Whether an order that this sender lets be opened may become a lease without its tenant: the auction
    /// binds, and the sender is the delegate.
    pub fn is_bound_by_delegate(&self, sender: &Addr) -> bool {
        let binds = matches!(self.auction, AuctionPolicy::LowestPrice { .. });
        binds && *sender != self.tenant && self.delegate.as_ref() == Some(sender)
    }
}

/// The mark of a deployment that is depleted or out of use. A clock that started again has another
/// `depleted_since` when it stops, so a mark of before is void.
#[cw_serde]
#[derive(Copy, Eq)]
pub struct Mark {
    /// The moment of depletion that was seen; none if all of its groups rested.
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    pub depleted_since: Option<u64>,
    /// When it was marked.
    #[serde(rename = "t")]
    pub at: u64,
    /// At which block.
    #[serde(rename = "b")]
    pub height: u64,
}

/// A deployment.
///
/// # Errors
/// [`ContractError::DeploymentNotFound`], or if it is stored in a form that cannot be read.
pub fn get(storage: &dyn Storage, id: DeploymentId) -> Result<Deployment, ContractError> {
    DEPLOYMENTS.may_load(storage, id.0)?.ok_or(ContractError::DeploymentNotFound(id))
}

/// Saves a new one.
///
/// # Errors
/// If it cannot be written as JSON.
pub fn create(storage: &mut dyn Storage, id: DeploymentId, new: &Deployment) -> StdResult<()> {
    BY_TENANT.save(storage, (&new.tenant, id.0), &Empty {})?;
    save(storage, id, new)
}

/// Saves a change.
///
/// # Errors
/// If it cannot be written as JSON.
pub fn save(storage: &mut dyn Storage, id: DeploymentId, changed: &Deployment) -> StdResult<()> {
    DEPLOYMENTS.save(storage, id.0, changed)
}

/// Deletes it.
pub fn delete(storage: &mut dyn Storage, id: DeploymentId, tenant: &Addr) {
    BY_TENANT.remove(storage, (tenant, id.0));
    DEPLOYMENTS.remove(storage, id.0);
}

/// Deployments by number.
///
/// # Errors
/// If an entry is stored in a form that cannot be read.
pub fn page(storage: &dyn Storage, page: Page<u64>) -> StdResult<Vec<(DeploymentId, Deployment)>> {
    let found = page.of(&DEPLOYMENTS, storage)?.into_iter();
    Ok(found.map(|(id, deployment)| (DeploymentId(id), deployment)).collect())
}

/// A tenant's deployments by number.
///
/// # Errors
/// If an entry is stored in a form that cannot be read, or the index names one that is not there.
pub fn page_of(
    storage: &dyn Storage,
    tenant: &Addr,
    page: Page<u64>,
) -> StdResult<Vec<(DeploymentId, Deployment)>> {
    let ids = page.keys_within(BY_TENANT.prefix(tenant), storage)?.into_iter();
    ids.map(|id| Ok((DeploymentId(id), DEPLOYMENTS.load(storage, id)?))).collect()
}

#[cfg(test)]
mod tests {
    use cosmwasm_std::{from_json, to_json_string};

    use super::*;

    #[test]
    fn a_deployment_of_the_first_release_is_read_and_stored_without_what_the_escrow_reserves()
    -> StdResult<()> {
        for old in [
            r#"{"o":"ann","h":"Bw==","m":{"native":"usouk"},"p":{"tenant_choice":{}},"t":5,"g":1,"n":1,"v":"0","x":false}"#,
            r#"{"o":"ann","k":"desk","h":"Bw==","m":{"native":"usouk"},"p":{"lowest_price":{"closes_after":60}},"a":["p"],"r":["q"],"t":5,"g":2,"n":3,"v":"7","d":{"s":6,"t":7,"b":8},"x":true}"#,
        ] {
            let deployment: Deployment = from_json(old)?;
            assert!(!deployment.anyone_starts && deployment.reclamation.is_none(), "{old}");
            assert_eq!(deployment.delegate_limit, None, "{old}");
            let new = to_json_string(&deployment)?;
            assert_eq!(new, old.replace(r#","v":"0""#, "").replace(r#","v":"7""#, ""));
            let again: Deployment = from_json(&new)?;
            assert_eq!(again, Deployment { reserved: None, ..deployment });
        }
        Ok(())
    }
}
