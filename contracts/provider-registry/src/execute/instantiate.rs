//! Sets the registry up.

use cosmwasm_std::Response;
use souk_api::registry::InstantiateMsg;
use souk_core::{Amount, Denom, time::DAY};

use super::{Ctx, config::MAX_SLASHERS};
use crate::{
    ContractError,
    state::{self, Config},
};

const MAX_UNBONDING: u64 = 90 * DAY;

/// The sender becomes the owner unless one is named; there is no orderbook yet.
pub fn instantiate(ctx: Ctx, msg: InstantiateMsg) -> Result<Response, ContractError> {
    ctx.no_coins()?;
    check(&msg)?;
    let owner = match &msg.owner {
        Some(owner) => ctx.address(owner)?,
        None => ctx.info.sender.clone(),
    };
    let guardian = match &msg.guardian {
        Some(guardian) => ctx.address(guardian)?,
        None => owner.clone(),
    };
    let slashers = ctx.addresses("slashers", &msg.slashers, MAX_SLASHERS)?;
    cw_ownable::initialize_owner(ctx.deps.storage, ctx.deps.api, Some(owner.as_str()))?;
    let config = Config {
        guardian,
        bond_denom: msg.bond_denom,
        min_bond: msg.min_bond,
        unbonding_period: msg.unbonding_period,
        bond_per_slot: msg.bond_per_slot,
        orderbook: None,
        slashers,
        paused: false,
    };
    state::save_config(ctx.deps.storage, &config)?;
    Ok(Response::new())
}

fn check(msg: &InstantiateMsg) -> Result<(), ContractError> {
    let bad = |what, value: String, allowed| Err(ContractError::Config { what, value, allowed });
    if !matches!(msg.bond_denom.parse(), Ok(Denom::Native(_))) {
        return bad("bond_denom", msg.bond_denom.clone(), "a denom of the bank module");
    }
    if msg.unbonding_period > MAX_UNBONDING {
        return bad("unbonding_period", msg.unbonding_period.to_string(), "at most 90 days");
    }
    if msg.bond_per_slot == Amount::ZERO {
        return bad("bond_per_slot", msg.bond_per_slot.to_string(), "at least 1");
    }
    super::config::check_min_bond(msg.min_bond)
}
