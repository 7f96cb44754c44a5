//! A staker asks coins back.

use cosmwasm_std::Response;
use souk_api::fees::events::Unstaked;
use souk_core::Amount;

use super::Ctx;
use crate::{ContractError, state};

/// Moves stake to what unstakes. It earned until this second.
pub fn unstake(ctx: &mut Ctx, amount: Amount) -> Result<Response, ContractError> {
    if amount == Amount::ZERO {
        return Err(ContractError::ZeroAmount);
    }
    let address = ctx.info.sender.clone();
    let mut totals = state::totals(ctx.deps.storage)?;
    let mut staker = state::staker(ctx.deps.storage, &address)?;
    ctx.settle_staker(&address, &staker, &totals)?;
    let claimable_at = ctx.now().saturating_add(ctx.config.unstaking_period);
    if !staker.unstake(&mut totals, amount, claimable_at) {
        let (staker, stake) = (address, staker.stake);
        return Err(ContractError::NotStaked { staker, stake, asked: amount });
    }
    state::save_staker(ctx.deps.storage, &address, &staker)?;
    state::save_totals(ctx.deps.storage, &totals)?;
    let staker = address.into_string();
    Ok(Response::new().add_event(Unstaked { staker, amount, claimable_at }))
}
