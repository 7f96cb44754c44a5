//! Someone stakes.

use cosmwasm_std::Response;
use souk_api::fees::events::Staked;
use souk_contract_std::coins;

use super::settle;
use crate::{ContractError, Ctx, state::stakers};

/// Stakes the coins sent. They earn from this second on.
///
/// # Errors
/// If the coins are not of the staked denom, or if all stakes could not be counted any more.
pub fn stake(ctx: &mut Ctx) -> Result<Response, ContractError> {
    let amount = coins::of(&ctx.info, &ctx.config.stake_denom)?;
    let address = ctx.sender().clone();
    let mut totals = stakers::totals(ctx.storage())?;
    let mut staker = stakers::get(ctx.storage(), &address)?;
    settle::staker(ctx, &address, &staker, &totals)?;
    if !staker.add(&mut totals, amount) {
        return Err(ContractError::TooMuchStaked { amount });
    }
    stakers::save(ctx.storage_mut(), &address, &staker)?;
    stakers::save_totals(ctx.storage_mut(), &totals)?;
    let (staker, stake) = (address.into_string(), staker.stake);
    Ok(Response::new().add_event(Staked { staker, amount, stake }))
}
