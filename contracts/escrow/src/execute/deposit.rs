//! Anyone adds coins to an open account. A clock that had stopped may start again from now.

use cosmwasm_std::Response;
use souk_api::escrow::events::Deposited;
use souk_core::AccountId;

use super::{Ctx, Paid};
use crate::{ContractError, axis::Deposit, state};

/// Adds what was paid: the tenant's coins to the tenant's balance, another's as a deposit.
pub fn deposit(ctx: &mut Ctx, id: AccountId, paid: Paid) -> Result<Response, ContractError> {
    let (now, min_runway) = (ctx.now(), ctx.min_runway()?);
    let mut account = state::account(ctx.deps.storage, id)?;
    account.require_open()?;
    if account.record.denom != paid.denom {
        let held = account.record.denom;
        return Err(ContractError::WrongDenom { account: id, held, sent: paid.denom });
    }
    let amount = paid.amount;
    let from_tenant = account.record.tenant == paid.from.as_str();
    let (place, restarted) = account.deposit(from_tenant, amount, now, min_runway)?;
    ctx.count_in(&paid.denom, amount)?;
    state::save_account(ctx.deps.storage, &account)?;
    let depositor = paid.from.to_string();
    if let Some(place) = place {
        let deposit = Deposit { depositor: paid.from, start: place.start, amount };
        state::save_deposit(ctx.deps.storage, id, place.number, &deposit)?;
    }
    let number = place.map(|place| place.number);
    Ok(Response::new()
        .add_event(Deposited { account: id, depositor, deposit: number, amount, restarted })
        .add_event(account.changed()))
}
