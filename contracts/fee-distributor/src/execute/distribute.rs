//! Anyone lets income be split.

use cosmwasm_std::Response;
use souk_api::fees::events::Distributed;
use souk_contract_std::pay;
use souk_core::{Amount, Denom};

use super::settle;
use crate::{
    ContractError, Ctx,
    state::{incomes, stakers},
};

/// Splits all that came since the last time; with nothing there it succeeds and does nothing.
/// Nobody is paid by it.
///
/// # Errors
/// If the denom is not listed, or if its token does not answer.
pub fn distribute(ctx: &mut Ctx, denom: Denom) -> Result<Response, ContractError> {
    let index = ctx.config.index_of(&denom)?;
    let totals = stakers::totals(ctx.storage())?;
    let mut income = settle::income(ctx, index, &totals)?;
    let address = ctx.env.contract.address.as_str();
    let balance = pay::balance(&ctx.deps.querier, address, &denom)?;
    let came = income.undistributed(balance, ctx.config.staked_of(&denom, &totals));
    if came == Amount::ZERO {
        return Ok(Response::new());
    }
    let stakes = ctx.config.stakes(&totals);
    let done = income.distribute(came, &ctx.config.split, stakes, ctx.config.drip_period);
    incomes::save(ctx.storage_mut(), index, &income)?;
    if let Some(added) = &done.drip {
        incomes::save_ending(ctx.storage_mut(), index, added)?;
    }
    let (pool, stakers, burn) = (done.pool, done.stakers, done.burn);
    Ok(Response::new().add_event(Distributed { denom, pool, stakers, burn }))
}
