//! A controller lets an account pay someone by the second.

use cosmwasm_std::{Event, Response};
use souk_api::escrow::{NewStream, ReserveChange, events::StreamOpened};

use crate::{
    ContractError, Ctx, controller,
    rules::{account::Account, settings, stream::Stream},
    state::{accounts, streams},
};

/// Opens a stream on an account that is not depleted and lasts the least runway with it. A mark of controller or
/// token keeps accounts from being opened, and nothing of those that are: an auction that binds its bidders must
/// be able to end.
///
/// # Errors
/// If the account does not last, if the number was used before, or if the fee is more than everything.
pub fn open_stream(
    ctx: &mut Ctx,
    local: u64,
    new: NewStream,
    reserved: ReserveChange,
) -> Result<Response, ContractError> {
    let account = controller::open_account(ctx, local)?;
    open(ctx, account, vec![new], reserved)
}

/// Opens several streams on an account, all or none.
///
/// # Errors
/// Those of [`open_stream`], for any of them.
pub fn open_streams(
    ctx: &mut Ctx,
    local: u64,
    new: Vec<NewStream>,
) -> Result<Response, ContractError> {
    let account = controller::open_account(ctx, local)?;
    open(ctx, account, new, ReserveChange::NONE)
}

/// Opens streams on a settled account, which lets go of what their orders had reserved, and saves it.
fn open(
    ctx: &mut Ctx,
    mut account: Account,
    new: Vec<NewStream>,
    reserved: ReserveChange,
) -> Result<Response, ContractError> {
    account.change_reserve(reserved);
    let opened = begin(ctx, &mut account, new)?;
    accounts::save(ctx.storage_mut(), &account)?;
    Ok(Response::new().add_events(opened).add_event(account.changed()))
}

/// Begins streams of a settled account, which the caller saves.
pub(super) fn begin(
    ctx: &mut Ctx,
    account: &mut Account,
    new: Vec<NewStream>,
) -> Result<Vec<Event>, ContractError> {
    let mut events = Vec::with_capacity(new.len());
    for NewStream { stream: number, payee, rate, take_bps, hold } in new {
        settings::check_take_bps(take_bps)?;
        let payee = ctx.address(&payee)?;
        let id = account.id;
        if streams::has(ctx.storage(), id, number) {
            return Err(ContractError::StreamExists { account: id, stream: number });
        }
        let opened_at = account.open_stream(rate, ctx.config.min_runway)?;
        let stream = Stream::starting(payee.clone(), rate, take_bps, opened_at, hold);
        streams::save(ctx.storage_mut(), id, number, &stream)?;
        let payee = payee.into();
        events.push(StreamOpened { account: id, stream: number, payee, rate }.into());
    }
    Ok(events)
}
