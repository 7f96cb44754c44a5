//! Anyone lets the fee collector have the fees taken so far.

use cosmwasm_std::Response;
use souk_api::escrow::events::FeesSwept;
use souk_contract_std::pay;
use souk_core::{Amount, Denom};

use crate::{ContractError, Ctx, state::totals};

/// Sends all fees of a denom; with none there it succeeds and sends nothing.
///
/// # Errors
/// None of its own.
pub fn sweep_fees(ctx: &mut Ctx, denom: Denom) -> Result<Response, ContractError> {
    let mut sums = totals::get(ctx.storage(), &denom)?;
    let amount = sums.sweep();
    if amount == Amount::ZERO {
        return Ok(Response::new());
    }
    totals::save(ctx.storage_mut(), &denom, &sums)?;
    let collector = ctx.config.fee_collector.to_string();
    Ok(Response::new().add_messages(pay::pay(&denom, &collector, amount)?).add_event(FeesSwept {
        denom,
        amount,
        collector,
    }))
}
