//! Anyone lets an tenant or depositor have back what a closed account left of their money.

use cosmwasm_std::Response;
use souk_api::escrow::events::Refunded;
use souk_core::{AccountId, Amount};

use super::Ctx;
use crate::{ContractError, account::Account, pay, state};

/// Pays the tenant's part; a second claim succeeds and pays nothing, so that it can stand in
/// one transaction with the close.
pub fn claim_own(ctx: &mut Ctx, id: AccountId) -> Result<Response, ContractError> {
    let mut account = state::account(ctx.deps.storage, id)?;
    let amount = account.refund_own()?;
    if amount == Amount::ZERO {
        return Ok(Response::new());
    }
    let to = account.record.tenant.clone();
    refund(ctx, &account, None, to, amount)
}

/// Pays what is left of another's deposit, and forgets it.
pub fn claim_deposit(ctx: &mut Ctx, id: AccountId, number: u32) -> Result<Response, ContractError> {
    let mut account = state::account(ctx.deps.storage, id)?;
    let deposit = state::deposit(ctx.deps.storage, id, number)?;
    let amount = account.refund_deposit(&deposit)?;
    state::remove_deposit(ctx.deps.storage, id, number);
    refund(ctx, &account, Some(number), deposit.depositor.into_string(), amount)
}

fn refund(
    ctx: &mut Ctx,
    account: &Account,
    deposit: Option<u32>,
    to: String,
    amount: Amount,
) -> Result<Response, ContractError> {
    let denom = account.record.denom.clone();
    ctx.count_out(&denom, amount)?;
    state::save_account(ctx.deps.storage, account)?;
    Ok(Response::new()
        .add_messages(pay::pay(&denom, &to, amount)?)
        .add_event(Refunded { account: account.id, deposit, to, amount, denom })
        .add_event(account.changed()))
}
