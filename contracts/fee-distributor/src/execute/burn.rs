//! Anyone lets what was put aside be burned. A pull of its own, so that a denom that cannot
//! be burned blocks nothing else.

use cosmwasm_std::Response;
use souk_api::fees::events::Burned;
use souk_contract_std::pay;
use souk_core::{Amount, Denom};

use super::settle;
use crate::{
    ContractError, Ctx,
    state::{incomes, stakers},
};

/// Burns; with nothing put aside it succeeds and does nothing.
///
/// # Errors
/// If the denom is not listed.
pub fn burn(ctx: &mut Ctx, denom: Denom) -> Result<Response, ContractError> {
    let index = ctx.config.index_of(&denom)?;
    let totals = stakers::totals(ctx.storage())?;
    let mut income = settle::income(ctx, index, &totals)?;
    let amount = income.take_burn();
    if amount == Amount::ZERO {
        return Ok(Response::new());
    }
    incomes::save(ctx.storage_mut(), index, &income)?;
    Ok(Response::new().add_messages(pay::burn(&denom, amount)?).add_event(Burned { denom, amount }))
}
