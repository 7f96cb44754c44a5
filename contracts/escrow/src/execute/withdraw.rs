//! Anyone lets a stream's payee be paid what is owed by now.

use cosmwasm_std::Response;
use souk_api::escrow::events::Withdrawn;
use souk_contract_std::pay;
use souk_core::{AccountId, Amount};

use crate::{
    ContractError, Ctx,
    state::{accounts, streams, totals},
};

/// Pays the payee; with nothing owed it succeeds and pays nothing. The account itself is not
/// written: settling it later gives the same. A closed stream that is paid is deleted.
///
/// # Errors
/// If there is no such account or stream (any more), or if what is left of the account is not what belongs
/// to its tenant and depositors: the payee would be paid of others' coins.
pub fn withdraw(ctx: &mut Ctx, id: AccountId, number: u64) -> Result<Response, ContractError> {
    let account = accounts::settled(ctx.storage(), id, ctx.now())?;
    let mut stream = streams::get(ctx.storage(), id, number)?;
    if !account.adds_up() {
        return Err(ContractError::AddsUpWrong(id));
    }
    let due = stream.draw(account.clock()).map_err(|(drawn, earned)| {
        ContractError::OverdrawnStream { account: id, stream: number, drawn, earned }
    })?;
    if !stream.is_open() {
        streams::remove(ctx.storage_mut(), id, number);
    }
    if due.sum() == Amount::ZERO {
        return Ok(Response::new());
    }
    if stream.is_open() {
        streams::save(ctx.storage_mut(), id, number, &stream)?;
    }
    let denom = account.record.denom;
    let mut sums = totals::get(ctx.storage(), &denom)?;
    sums.pay_stream(&denom, due)?;
    totals::save(ctx.storage_mut(), &denom, &sums)?;
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
