//! Anyone lets a stream's payee be paid what is owed by now.

use cosmwasm_std::Response;
use souk_api::escrow::events::Withdrawn;
use souk_core::{AccountId, Amount};

use super::Ctx;
use crate::{ContractError, pay, state};

/// Pays the payee; with nothing owed it succeeds and pays nothing. The account itself is not
/// written: settling it later gives the same. A closed stream that is paid is forgotten.
pub fn withdraw(ctx: &mut Ctx, id: AccountId, number: u64) -> Result<Response, ContractError> {
    let account = ctx.settled_account(id)?;
    let mut stream = state::stream(ctx.deps.storage, id, number)?;
    let due = stream.draw(account.clock());
    if !stream.is_open() {
        state::remove_stream(ctx.deps.storage, id, number);
    }
    if due.sum() == Amount::ZERO {
        return Ok(Response::new());
    }
    if stream.is_open() {
        state::save_stream(ctx.deps.storage, id, number, &stream)?;
    }
    let denom = account.record.denom;
    let mut totals = state::totals(ctx.deps.storage, &denom)?;
    totals.pay_stream(&denom, due)?;
    state::save_totals(ctx.deps.storage, &denom, &totals)?;
    let payee = stream.payee.into_string();
    Ok(Response::new().add_messages(pay::pay(&denom, &payee, due.payee)?).add_event(Withdrawn {
        account: id,
        stream: number,
        payee,
        amount: due.payee,
        fee: due.fee,
        denom,
    }))
}
