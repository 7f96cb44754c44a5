//! A provider takes what has unbonded.

use cosmwasm_std::Response;
use souk_api::registry::events::UnbondedClaimed;

use super::{Ctx, bond_changed, pay, used};
use crate::{ContractError, state};

/// Pays what has unbonded, less what bids and leases still use; that stays pending. Works
/// after deregistration, too.
pub fn claim_unbonded(ctx: Ctx) -> Result<Response, ContractError> {
    ctx.no_coins()?;
    let config = state::config(ctx.deps.storage)?;
    let address = &ctx.info.sender;
    let mut provider = state::known(ctx.deps.storage, address)?
        .ok_or_else(|| ContractError::NotRegistered { provider: address.to_string() })?;
    let used = used::slots(ctx.deps.as_ref(), &config, address)?;
    let mut stake = provider.stake();
    let amount = stake.claim(ctx.now(), used, config.bond_per_slot)?;
    provider.set_stake(stake, config.bond_per_slot);
    state::save_details(ctx.deps.storage, &provider)?;
    let claimed = UnbondedClaimed { provider: provider.address.to_string(), amount };
    Ok(Response::new()
        .add_message(pay(&provider.address, config.bond_denom, amount))
        .add_event(claimed)
        .add_event(bond_changed(&provider)))
}
