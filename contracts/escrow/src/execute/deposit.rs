//! Anyone adds coins to an open account. A clock that had stopped may start again from now.

use cosmwasm_std::Response;
use souk_api::escrow::events::Deposited;
use souk_contract_std::Paid;
use souk_core::AccountId;

use crate::{
    ContractError, Ctx,
    rules::deposit::Deposit,
    state::{accounts, deposits, totals},
};

/// Adds the coin sent.
///
/// # Errors
/// If it is not one coin of the account's denom, or if the account is closed.
pub fn deposit(ctx: &mut Ctx, id: AccountId) -> Result<Response, ContractError> {
    let paid = ctx.one_coin()?;
    add(ctx, id, paid)
}

/// Adds what was paid: the tenant's coins to the tenant's balance, another's as a deposit.
pub(super) fn add(ctx: &mut Ctx, id: AccountId, paid: Paid) -> Result<Response, ContractError> {
    let (now, min_runway) = (ctx.now(), ctx.config.min_runway);
    let mut account = accounts::get(ctx.storage(), id)?;
    account.require_open()?;
    if account.record.denom != paid.denom {
        let held = account.record.denom;
        return Err(ContractError::WrongDenom { account: id, held, sent: paid.denom });
    }
    let amount = paid.amount;
    let from_tenant = account.record.tenant == paid.from.as_str();
    let (interval, restarted) = account.deposit(from_tenant, amount, now, min_runway)?;
    totals::count_in(ctx.storage_mut(), &paid.denom, amount)?;
    accounts::save(ctx.storage_mut(), &account)?;
    let depositor = paid.from.to_string();
    let number = interval.map(|interval| interval.number);
    if let Some(interval) = interval {
        let deposit = Deposit { depositor: paid.from, start: interval.start, amount };
        deposits::save(ctx.storage_mut(), id, interval.number, &deposit)?;
    }
    Ok(Response::new()
        .add_event(Deposited { account: id, depositor, deposit: number, amount, restarted })
        .add_event(account.changed()))
}
