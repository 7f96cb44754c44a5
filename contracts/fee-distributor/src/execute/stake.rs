//! Someone stakes.

use cosmwasm_std::Response;
use souk_api::fees::events::Staked;
use souk_core::Amount;

use super::Ctx;
use crate::{ContractError, state};

/// Stakes the coins sent. They earn from this second on.
pub fn stake(ctx: &mut Ctx) -> Result<Response, ContractError> {
    if ctx.config.paused {
        return Err(ContractError::Paused);
    }
    let amount = coins_sent(ctx)?;
    let address = ctx.info.sender.clone();
    let mut totals = state::totals(ctx.deps.storage)?;
    let mut staker = state::staker(ctx.deps.storage, &address)?;
    ctx.settle_staker(&address, &staker, &totals)?;
    if !staker.add(&mut totals, amount) {
        return Err(ContractError::TooMuchStaked { amount });
    }
    state::save_staker(ctx.deps.storage, &address, &staker)?;
    state::save_totals(ctx.deps.storage, &totals)?;
    let (staker, stake) = (address.into_string(), staker.stake);
    Ok(Response::new().add_event(Staked { staker, amount, stake }))
}

fn coins_sent(ctx: &Ctx) -> Result<Amount, ContractError> {
    let stake_denom = &ctx.config.stake_denom;
    match ctx.info.funds.as_slice() {
        [coin] if coin.denom == *stake_denom => match Amount::new(coin.amount.u128())? {
            Amount::ZERO => Err(ContractError::ZeroAmount),
            amount => Ok(amount),
        },
        _ => {
            let (stake_denom, coins) = (stake_denom.clone(), ctx.coins());
            Err(ContractError::NotStakeDenom { stake_denom, coins })
        }
    }
}
