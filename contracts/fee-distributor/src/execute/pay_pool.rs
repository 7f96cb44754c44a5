//! Anyone lets the pool have its part. A pull of its own, so that a pool that cannot be paid
//! blocks neither stakers nor the burn.

use cosmwasm_std::Response;
use souk_api::fees::events::PoolPaid;
use souk_contract_std::pay;
use souk_core::{Amount, Denom};

use super::settle;
use crate::{
    ContractError, Ctx,
    state::{incomes, stakers},
};

/// Pays what is the pool's by now to the address that the owner names by now; with nothing
/// there it succeeds and does nothing.
///
/// # Errors
/// If the denom is not listed.
pub fn pay_pool(ctx: &mut Ctx, denom: Denom) -> Result<Response, ContractError> {
    let index = ctx.config.index_of(&denom)?;
    let totals = stakers::totals(ctx.storage())?;
    let mut income = settle::income(ctx, index, &totals)?;
    let amount = income.take_pool();
    if amount == Amount::ZERO {
        return Ok(Response::new());
    }
    incomes::save(ctx.storage_mut(), index, &income)?;
    let pool = ctx.config.pool.to_string();
    Ok(Response::new().add_messages(pay::pay(&denom, &pool, amount)?).add_event(PoolPaid {
        denom,
        pool,
        amount,
    }))
}
