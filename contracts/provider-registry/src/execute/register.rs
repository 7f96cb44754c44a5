//! A provider registers with a bond.

use cosmwasm_std::Response;
use souk_api::{
    published::{ProviderRecord, VERSION},
    registry::{Contact, Gateway, events::Registered},
};
use souk_core::{Amount, Attribute, attributes, limits::MAX_CLAIMS};

use super::{Ctx, bond_changed, check_contact};
use crate::{
    ContractError,
    bond::{BondError, Stake},
    gateway,
    state::{self, Provider},
};

/// The sender registers. Whoever was registered before keeps what still unbonds and the
/// count of slashes.
pub fn register(
    ctx: Ctx,
    payee: Option<String>,
    operator: String,
    gateway: Gateway,
    attributes: Vec<Attribute>,
    contact: Contact,
) -> Result<Response, ContractError> {
    let config = state::config(ctx.deps.storage)?;
    if config.paused {
        return Err(ContractError::Paused);
    }
    let bond = ctx.paid(&config.bond_denom)?;
    if bond < config.min_bond {
        return Err(BondError::TooSmall { bond, min: config.min_bond }.into());
    }
    gateway::check(&gateway)?;
    attributes::check_claims(&attributes, MAX_CLAIMS)?;
    check_contact(&contact)?;

    let address = ctx.info.sender.clone();
    let before = state::known(ctx.deps.storage, &address)?;
    if before.as_ref().is_some_and(|before| before.registered) {
        return Err(ContractError::AlreadyRegistered { provider: address });
    }
    let before = before.as_ref();
    let record = ProviderRecord {
        v: VERSION,
        operator: ctx.address(&operator)?.into(),
        payee: payee.map_or_else(|| Ok(address.clone()), |payee| ctx.address(&payee))?.into(),
        bond,
        slots: Stake::of(bond).slots(config.bond_per_slot),
        maintenance: false,
        slashes: before.map_or(0, |before| before.record.slashes),
        attributes,
    };
    let provider = Provider {
        address,
        record,
        gateway,
        contact,
        unbonding: before.map_or(Amount::ZERO, |before| before.unbonding),
        claimable_at: before.map_or(0, |before| before.claimable_at),
        registered: true,
    };
    state::save(ctx.deps.storage, &provider)?;
    let registered = Registered {
        provider: provider.address.to_string(),
        operator: provider.record.operator.clone(),
        bond,
    };
    Ok(Response::new().add_event(registered).add_event(bond_changed(&provider)))
}
