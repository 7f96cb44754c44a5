//! Anyone lets a tenant or depositor have back what a closed account left of their money.

use cosmwasm_std::Response;
use souk_api::escrow::events::Refunded;
use souk_contract_std::pay;
use souk_core::{AccountId, Amount};

use crate::{
    ContractError, Ctx,
    state::{accounts, deposits, totals},
};

/// Pays what is left of another's deposit, which is deleted, or the tenant's part: a second
/// claim of that succeeds and pays nothing, so that it can stand in one transaction with the
/// close.
///
/// # Errors
/// If the account is open, or if there is no such deposit (any more).
pub fn claim_refund(
    ctx: &mut Ctx,
    id: AccountId,
    number: Option<u32>,
) -> Result<Response, ContractError> {
    let mut account = accounts::get(ctx.storage(), id)?;
    let (to, amount) = match number {
        None => {
            let amount = account.refund_own()?;
            if amount == Amount::ZERO {
                return Ok(Response::new());
            }
            (account.record.tenant.clone(), amount)
        }
        Some(number) => {
            let deposit = deposits::get(ctx.storage(), id, number)?;
            let amount = account.refund_deposit(&deposit)?;
            deposits::remove(ctx.storage_mut(), id, number);
            (deposit.depositor.into_string(), amount)
        }
    };
    let denom = account.record.denom.clone();
    totals::count_out(ctx.storage_mut(), &denom, amount)?;
    accounts::save(ctx.storage_mut(), &account)?;
    Ok(Response::new()
        .add_messages(pay::pay(&denom, &to, amount)?)
        .add_event(Refunded { account: id, deposit: number, to, amount, denom })
        .add_event(account.changed()))
}
