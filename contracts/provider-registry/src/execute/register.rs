//! A provider registers with a bond.

use cosmwasm_std::Response;
use souk_api::{
    published::{ProviderRecord, VERSION},
    registry::{Contact, Gateway, events::Registered},
};
use souk_contract_std::coins;
use souk_core::{Amount, Attribute, attributes, limits::MAX_CLAIMS};

use crate::{
    ContractError, Ctx,
    rules::{
        bond::{BondError, Stake},
        gateway, settings,
    },
    state::providers::{self, Provider},
};

/// The sender registers. Whoever was registered before keeps what still unbonds, the count of
/// slashes and the notice of one.
///
/// # Errors
/// If the bond is too small or of another denom, if gateway, attributes or contact break a
/// rule, or if the sender is registered already.
pub fn register(
    ctx: &mut Ctx,
    payee: Option<String>,
    operator: &str,
    gateway: Gateway,
    attributes: Vec<Attribute>,
    contact: Contact,
) -> Result<Response, ContractError> {
    let min = ctx.config.min_bond;
    let bond = coins::of(&ctx.info, &ctx.config.bond_denom)?;
    if bond < min {
        return Err(BondError::TooSmall { bond, min }.into());
    }
    gateway::check(&gateway)?;
    attributes::check_claims(&attributes, MAX_CLAIMS)?;
    settings::check_contact(&contact)?;

    let address = ctx.sender().clone();
    let before = providers::find(ctx.storage(), &address)?;
    if before.as_ref().is_some_and(|before| before.registered) {
        return Err(ContractError::AlreadyRegistered { provider: address });
    }
    let before = before.as_ref();
    let record = ProviderRecord {
        v: VERSION,
        operator: ctx.address(operator)?.into(),
        payee: payee.map_or_else(|| Ok(address.clone()), |payee| ctx.address(&payee))?.into(),
        bond,
        slots: Stake::of(bond).slots(ctx.config.bond_per_slot),
        maintenance: false,
        slashes: before.map_or(0, |before| before.record.slashes),
        attributes,
        quote_key: None,
        floors: None,
    };
    let provider = Provider {
        address,
        record,
        gateway,
        next_gateway: None,
        contact,
        unbonding: before.map_or(Amount::ZERO, |before| before.unbonding),
        claimable_at: before.map_or(0, |before| before.claimable_at),
        slate: before.map(|before| before.slate.clone()).unwrap_or_default(),
        registered: true,
    };
    providers::save(ctx.storage_mut(), &provider)?;
    let registered = Registered {
        provider: provider.address.to_string(),
        operator: provider.record.operator.clone(),
        bond,
    };
    Ok(Response::new().add_event(registered).add_event(provider.bond_changed()))
}
