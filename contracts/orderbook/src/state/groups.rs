//! Groups: what each asks for, written once, and how it stands.

use cosmwasm_schema::cw_serde;
use cosmwasm_std::{Addr, StdResult, Storage};
use cw_storage_plus::Map;
use souk_api::orderbook::GroupState;
use souk_core::{GroupId, GroupSeq, GroupSpec, OrderId};

use super::deployments::Deployment;
use crate::ContractError;

const GROUPS: Map<(u64, u32), Group> = Map::new("g");
const SPECS: Map<(u64, u32), GroupSpec> = Map::new("s");

/// How a group stands.
#[cw_serde]
pub struct Group {
    /// Its state while its deployment is active.
    #[serde(rename = "s")]
    state: GroupState,
    /// Its latest order.
    #[serde(rename = "o")]
    pub order: OrderId,
    /// Providers that closed a lease of it, each a reopening.
    #[serde(rename = "x", default, skip_serializing_if = "Vec::is_empty")]
    pub excluded: Vec<Addr>,
}

impl Group {
    /// A group with its first order.
    pub fn opened(order: OrderId) -> Self {
        Self { state: GroupState::Open, order, excluded: Vec::new() }
    }

    /// Its state: with its deployment a group is closed as well, which is not written into
    /// each.
    pub fn state(&self, deployment: &Deployment) -> GroupState {
        if deployment.closed { GroupState::Closed } else { self.state }
    }

    /// Sets its state.
    pub fn set_state(&mut self, state: GroupState) {
        self.state = state;
    }
}

/// A group's standing.
///
/// # Errors
/// [`ContractError::GroupNotFound`], or if it is stored in a form that cannot be read.
pub fn get(storage: &dyn Storage, id: GroupId) -> Result<Group, ContractError> {
    GROUPS.may_load(storage, key(id))?.ok_or(ContractError::GroupNotFound(id))
}

/// What a group asks for.
///
/// # Errors
/// [`ContractError::GroupNotFound`], or if it is stored in a form that cannot be read.
pub fn spec(storage: &dyn Storage, id: GroupId) -> Result<GroupSpec, ContractError> {
    SPECS.may_load(storage, key(id))?.ok_or(ContractError::GroupNotFound(id))
}

/// Saves a group's standing.
///
/// # Errors
/// If it cannot be written as JSON.
pub fn save(storage: &mut dyn Storage, id: GroupId, group: &Group) -> StdResult<()> {
    GROUPS.save(storage, key(id), group)
}

/// Saves what a group asks for, once.
///
/// # Errors
/// If it cannot be written as JSON.
pub fn save_spec(storage: &mut dyn Storage, id: GroupId, spec: &GroupSpec) -> StdResult<()> {
    SPECS.save(storage, key(id), spec)
}

/// Deletes a group.
pub fn delete(storage: &mut dyn Storage, id: GroupId) {
    GROUPS.remove(storage, key(id));
    SPECS.remove(storage, key(id));
}

/// A deployment's groups, from 1.
pub fn of(deployment: &Deployment) -> impl Iterator<Item = GroupSeq> + use<> {
    (1..=deployment.groups).map(GroupSeq)
}

fn key(id: GroupId) -> (u64, u32) {
    (id.deployment.0, id.group.0)
}
