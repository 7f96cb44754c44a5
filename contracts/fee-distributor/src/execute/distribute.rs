//! Anyone lets income be split.

use cosmwasm_std::Response;
use souk_api::fees::events::Distributed;
use souk_core::{Amount, Denom};

use super::Ctx;
use crate::{ContractError, pay, state};

/// Splits all that came since the last time; with nothing there it succeeds and does nothing.
pub fn distribute(ctx: &mut Ctx, denom: Denom) -> Result<Response, ContractError> {
    let place = ctx.config.place(&denom)?;
    let totals = state::totals(ctx.deps.storage)?;
    let mut income = ctx.income(place, &totals)?;
    let balance = pay::balance(ctx.deps.as_ref(), &ctx.env, &denom)?;
    let is_staked = denom.as_native() == Some(ctx.config.stake_denom.as_str());
    let staked = if is_staked { totals.sum() } else { 0 };
    let came = income.undistributed(balance, staked);
    if came == Amount::ZERO && income.pool == Amount::ZERO {
        return Ok(Response::new());
    }
    let stakes = ctx.config.stakes(&totals);
    let done = income.distribute(came, &ctx.config.split, stakes, ctx.config.drip_period);
    state::save_income(ctx.deps.storage, place, &income)?;
    if let Some(added) = &done.drip {
        state::save_ending(ctx.deps.storage, place, added)?;
    }
    let (pool, stakers, burn) = (done.pool, done.stakers, done.burn);
    Ok(Response::new()
        .add_messages(pay::pay(&denom, ctx.config.pool.as_str(), pool)?)
        .add_event(Distributed { denom, pool, stakers, burn }))
}
