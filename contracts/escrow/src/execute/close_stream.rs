//! A controller ends a stream. What its payee earned stays until it is withdrawn.

use cosmwasm_std::{Response, Storage};
use souk_api::escrow::{ReserveChange, events::StreamClosed};

use crate::{
    ContractError, Ctx, controller,
    rules::account::Account,
    state::{accounts, streams},
};

/// Ends a stream; whole units are owed to the payee, the fraction goes back to the account.
///
/// # Errors
/// If there is no such stream, or if it is closed.
pub fn close_stream(
    ctx: &mut Ctx,
    local: u64,
    number: u64,
    reserved: ReserveChange,
) -> Result<Response, ContractError> {
    let mut account = controller::open_account(ctx, local)?;
    let closed = end(ctx.storage_mut(), &mut account, number)?;
    account.change_reserve(reserved);
    accounts::save(ctx.storage_mut(), &account)?;
    Ok(Response::new().add_event(closed).add_event(account.changed()))
}

/// Ends an open stream of a settled account, which the caller saves.
pub(super) fn end(
    storage: &mut dyn Storage,
    account: &mut Account,
    number: u64,
) -> Result<StreamClosed, ContractError> {
    let id = account.id;
    let mut stream = streams::get(storage, id, number)?;
    if !stream.is_open() {
        return Err(ContractError::StreamClosed { account: id, stream: number });
    }
    account.end_stream(&mut stream);
    streams::save(storage, id, number, &stream)?;
    Ok(StreamClosed { account: id, stream: number, earned: stream.earned(account.clock()) })
}
