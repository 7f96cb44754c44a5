//! The tenant takes own money out of an open account.

use cosmwasm_std::Response;
use souk_api::escrow::events::DepositWithdrawn;
use souk_core::{AccountId, Amount};

use super::Ctx;
use crate::{ContractError, pay, state};

/// Pays the tenant, as long as the least runway remains and the account is not depleted.
pub fn withdraw_deposit(
    ctx: &mut Ctx,
    id: AccountId,
    amount: Amount,
) -> Result<Response, ContractError> {
    if amount == Amount::ZERO {
        return Err(ContractError::ZeroAmount);
    }
    let min_runway = ctx.min_runway()?;
    let mut account = ctx.settled_account(id)?;
    account.withdraw_own(amount, min_runway)?;
    let denom = account.record.denom.clone();
    ctx.count_out(&denom, amount)?;
    state::save_account(ctx.deps.storage, &account)?;
    Ok(Response::new()
        .add_messages(pay::pay(&denom, &account.record.tenant, amount)?)
        .add_event(DepositWithdrawn { account: id, amount })
        .add_event(account.changed()))
}
