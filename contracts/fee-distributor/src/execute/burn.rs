//! Anyone lets what was put aside be burned. A pull of its own, so that a denom that cannot
//! be burned blocks nothing else.

use cosmwasm_std::Response;
use souk_api::fees::events::Burned;
use souk_core::{Amount, Denom};

use super::Ctx;
use crate::{ContractError, pay, state};

/// Burns; with nothing put aside it succeeds and does nothing.
pub fn burn(ctx: &mut Ctx, denom: Denom) -> Result<Response, ContractError> {
    let place = ctx.config.place(&denom)?;
    let totals = state::totals(ctx.deps.storage)?;
    let mut income = ctx.income(place, &totals)?;
    let amount = income.take_burn();
    if amount == Amount::ZERO {
        return Ok(Response::new());
    }
    state::save_income(ctx.deps.storage, place, &income)?;
    Ok(Response::new().add_messages(pay::burn(&denom, amount)?).add_event(Burned { denom, amount }))
}
