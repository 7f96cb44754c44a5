//! What several actions begin with: income is counted until now, before whatever changes how
//! it is shared.

use cosmwasm_std::{Addr, StdResult};
use souk_core::Amount;

use crate::{
    Ctx,
    rules::{
        income::Income,
        stake::{Staker, Totals},
    },
    state::{DenomIndex, incomes, stakers},
};

/// A denom's account, counted until now.
pub fn income(ctx: &mut Ctx, denom: DenomIndex, totals: &Totals) -> StdResult<Income> {
    let (now, stakes) = (ctx.now(), ctx.config.stakes(totals));
    incomes::settled(ctx.storage_mut(), denom, now, stakes)
}

/// Counts every denom until now, before the least total stake becomes `to`.
pub fn before_min(ctx: &mut Ctx, totals: &Totals, to: Amount) -> StdResult<()> {
    let from = ctx.config.min_total_stake;
    for denom in ctx.config.denom_indexes() {
        let mut counted = income(ctx, denom, totals)?;
        if counted.raise_min(from, to) {
            incomes::save(ctx.storage_mut(), denom, &counted)?;
        }
    }
    Ok(())
}

/// Counts every denom until now and what a staker has earned in each: before its stake
/// changes, so that the new stake earns from now on and the old one until now.
pub fn staker(ctx: &mut Ctx, address: &Addr, staker: &Staker, totals: &Totals) -> StdResult<()> {
    for denom in ctx.config.denom_indexes() {
        let income = income(ctx, denom, totals)?;
        let mut reward = stakers::reward(ctx.storage(), address, denom)?;
        if reward.seen != income.index.value {
            reward.settle(staker.stake, &income.index);
            stakers::save_reward(ctx.storage_mut(), address, denom, &reward)?;
        }
    }
    Ok(())
}
