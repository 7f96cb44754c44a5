//! Anyone lets the fee collector have the fees taken so far.

use cosmwasm_std::Response;
use souk_api::escrow::events::FeesSwept;
use souk_core::{Amount, Denom};

use super::Ctx;
use crate::{ContractError, pay, state};

/// Sends all fees of a denom; with none there it succeeds and sends nothing.
pub fn sweep_fees(ctx: &mut Ctx, denom: Denom) -> Result<Response, ContractError> {
    let mut totals = state::totals(ctx.deps.storage, &denom)?;
    let amount = totals.sweep();
    if amount == Amount::ZERO {
        return Ok(Response::new());
    }
    state::save_totals(ctx.deps.storage, &denom, &totals)?;
    let collector = ctx.config()?.fee_collector.into_string();
    Ok(Response::new().add_messages(pay::pay(&denom, &collector, amount)?).add_event(FeesSwept {
        denom,
        amount,
        collector,
    }))
}
