//! A controller ends a stream. What its payee earned stays until it is withdrawn.

use cosmwasm_std::{Response, Storage};
use souk_api::escrow::{ReserveChange, events::StreamClosed};

use crate::{
    ContractError, Ctx, controller,
    rules::account::Account,
    state::{accounts, streams},
};

/// Ends a stream; whole units are owed to the payee, the fraction goes back to the account, and so does what
/// is not earned after `not_after`.
///
/// # Errors
/// If there is no such stream, or if it is closed.
pub fn close_stream(
    ctx: &mut Ctx,
    local: u64,
    number: u64,
    reserved: ReserveChange,
    not_after: Option<u64>,
) -> Result<Response, ContractError> {
    let mut account = controller::open_account(ctx, local)?;
    let reading = account.reading(not_after);
    let (closed, unearned) = end(ctx.storage_mut(), &mut account, number, reading)?;
    if unearned > 0 {
        account.restart(ctx.config.min_runway);
    }
    account.change_reserve(reserved);
    accounts::save(ctx.storage_mut(), &account)?;
    Ok(Response::new().add_event(closed).add_event(account.changed()))
}

/// Ends an open stream of a settled account, which the caller saves, with what it had earned when the clock
/// showed `reading`. Beside the event: what came back of its later pay, scaled.
pub(super) fn end(
    storage: &mut dyn Storage,
    account: &mut Account,
    number: u64,
    reading: u64,
) -> Result<(StreamClosed, u128), ContractError> {
    let id = account.id;
    let mut stream = streams::get(storage, id, number)?;
    if !stream.is_open() {
        return Err(ContractError::StreamClosed { account: id, stream: number });
    }
    let unearned = account.end_stream(&mut stream, reading);
    streams::save(storage, id, number, &stream)?;
    let earned = stream.earned(account.clock());
    Ok((StreamClosed { account: id, stream: number, earned }, unearned))
}
