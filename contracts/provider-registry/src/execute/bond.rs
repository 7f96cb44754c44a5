//! A provider adds to its bond.

use cosmwasm_std::Response;
use souk_contract_std::coins;

use crate::{ContractError, Ctx, state::providers};

/// The coins sent join the bond and count at once.
///
/// # Errors
/// If the coins are not of the bond denom, or if the sender is not registered (any more).
pub fn bond(ctx: &mut Ctx) -> Result<Response, ContractError> {
    let paid = coins::of(&ctx.info, &ctx.config.bond_denom)?;
    let mut provider = providers::registered(ctx.storage(), ctx.sender())?;
    let mut stake = provider.stake();
    stake.add(paid)?;
    provider.set_stake(stake, ctx.config.bond_per_slot);
    providers::save_record(ctx.storage_mut(), &provider)?;
    Ok(Response::new().add_event(provider.bond_changed()))
}
