//! A provider adds to its bond.

use cosmwasm_std::Response;

use super::{Ctx, bond_changed};
use crate::{ContractError, state};

/// The coins sent join the bond and count at once.
pub fn bond(ctx: Ctx) -> Result<Response, ContractError> {
    let config = state::config(ctx.deps.storage)?;
    let paid = ctx.paid(&config.bond_denom)?;
    let mut provider = state::registered(ctx.deps.storage, &ctx.info.sender)?;
    let mut stake = provider.stake();
    stake.add(paid)?;
    provider.set_stake(stake, config.bond_per_slot);
    state::save_record(ctx.deps.storage, &provider)?;
    Ok(Response::new().add_event(bond_changed(&provider)))
}
