//! A controller ends a stream. What its payee earned stays until it is withdrawn.

use cosmwasm_std::{Response, Storage};
use souk_api::escrow::events::StreamClosed;
use souk_core::Rate;

use super::Ctx;
use crate::{ContractError, account::Account, state};

/// Ends a stream; whole units are owed to the payee, the fraction goes back to the account.
pub fn close_stream(
    ctx: &mut Ctx,
    local: u64,
    number: u64,
    reserved: Rate,
) -> Result<Response, ContractError> {
    let mut account = ctx.own_open_account(local)?;
    let closed = end(ctx.deps.storage, &mut account, number)?;
    account.record.reserved = reserved;
    state::save_account(ctx.deps.storage, &account)?;
    Ok(Response::new().add_event(closed).add_event(account.changed()))
}

/// Ends an open stream of a settled account, which the caller saves.
pub fn end(
    storage: &mut dyn Storage,
    account: &mut Account,
    number: u64,
) -> Result<StreamClosed, ContractError> {
    let id = account.id;
    let mut stream = state::stream(storage, id, number)?;
    if !stream.is_open() {
        return Err(ContractError::StreamClosed { account: id, stream: number });
    }
    account.end_stream(&mut stream);
    state::save_stream(storage, id, number, &stream)?;
    Ok(StreamClosed { account: id, stream: number, earned: stream.earned(account.clock()) })
}
