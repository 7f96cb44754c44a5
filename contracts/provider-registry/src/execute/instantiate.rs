//! Sets the registry up.

use cosmwasm_std::{DepsMut, Env, MessageInfo, Response};
use souk_api::registry::InstantiateMsg;
use souk_contract_std::{admin, limits};

use crate::{
    ContractError,
    rules::settings::{self, MAX_SLASHERS},
    state::Config,
};

/// The sender becomes the owner unless one is named; there is no orderbook yet.
///
/// # Errors
/// If coins came, an address is not valid on this chain or a setting is out of its range.
pub fn instantiate(
    deps: DepsMut,
    env: Env,
    info: MessageInfo,
    msg: InstantiateMsg,
) -> Result<Response, ContractError> {
    settings::check(&msg)?;
    let ctx = admin::set_up::<Config>(deps, env, info, msg.owner, msg.guardian)?;
    let config = Config {
        guardian: ctx.config.guardian.clone(),
        bond_denom: msg.bond_denom,
        min_bond: msg.min_bond,
        unbonding_period: msg.unbonding_period,
        bond_per_slot: msg.bond_per_slot,
        orderbook: None,
        slashers: limits::addresses(&ctx, "slashers", &msg.slashers, MAX_SLASHERS)?,
        paused: false,
        pause_ends: 0,
    };
    admin::configure(ctx, config)?;
    Ok(Response::new())
}
