//! What the contract owes.

use cosmwasm_std::StdResult;
use souk_api::escrow::TotalsResponse;
use souk_core::Denom;

use crate::{View, state::totals};

/// In one denom, all accounts together.
pub fn totals(view: &View, denom: &Denom) -> StdResult<TotalsResponse> {
    let totals = totals::get(view.storage, denom)?;
    Ok(TotalsResponse { held: totals.held, fees: totals.fees })
}
