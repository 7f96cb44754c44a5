//! The tenant takes own money out of an open account.

use cosmwasm_std::Response;
use souk_api::escrow::events::DepositWithdrawn;
use souk_contract_std::{CommonError, pay};
use souk_core::{AccountId, Amount};

use crate::{
    ContractError, Ctx,
    state::{accounts, totals},
};

/// Pays the tenant, as long as the least runway remains and the account is not depleted.
///
/// # Errors
/// If the account would not last, is depleted or closed, or if there is not as much.
pub fn withdraw_deposit(
    ctx: &mut Ctx,
    id: AccountId,
    amount: Amount,
) -> Result<Response, ContractError> {
    if amount == Amount::ZERO {
        return Err(CommonError::ZeroAmount.into());
    }
    let mut account = accounts::settled(ctx.storage(), id, ctx.now())?;
    account.withdraw_own(amount, ctx.config.min_runway)?;
    let denom = account.record.denom.clone();
    totals::count_out(ctx.storage_mut(), &denom, amount)?;
    accounts::save(ctx.storage_mut(), &account)?;
    Ok(Response::new()
        .add_messages(pay::pay(&denom, &account.record.tenant, amount)?)
        .add_event(DepositWithdrawn { account: id, amount })
        .add_event(account.changed()))
}
