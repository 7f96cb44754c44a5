//! A staker asks coins back.

use cosmwasm_std::Response;
use souk_api::fees::events::Unstaked;
use souk_contract_std::CommonError;
use souk_core::Amount;

use super::settle;
use crate::{ContractError, Ctx, state::stakers};

/// Moves stake to what unstakes. It earned until this second.
///
/// # Errors
/// If the amount is zero or more than is staked.
pub fn unstake(ctx: &mut Ctx, amount: Amount) -> Result<Response, ContractError> {
    if amount == Amount::ZERO {
        return Err(CommonError::ZeroAmount.into());
    }
    let address = ctx.sender().clone();
    let mut totals = stakers::totals(ctx.storage())?;
    let mut staker = stakers::get(ctx.storage(), &address)?;
    settle::staker(ctx, &address, &staker, &totals)?;
    let claimable_at = ctx.now().saturating_add(ctx.config.unstaking_period);
    if !staker.unstake(&mut totals, amount, claimable_at) {
        let (staker, stake) = (address, staker.stake);
        return Err(ContractError::NotStaked { staker, stake, asked: amount });
    }
    stakers::save(ctx.storage_mut(), &address, &staker)?;
    stakers::save_totals(ctx.storage_mut(), &totals)?;
    let staker = address.into_string();
    Ok(Response::new().add_event(Unstaked { staker, amount, claimable_at }))
}
