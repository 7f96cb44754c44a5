//! A controller lets an account pay someone by the second.

use cosmwasm_std::Response;
use souk_api::escrow::{ReserveChange, events::StreamOpened};
use souk_core::Price;

use crate::{
    ContractError, Ctx, controller,
    rules::{settings, stream::Stream},
    state::{accounts, streams},
};

/// Who is paid, and how much.
pub struct Terms {
    /// Who is paid.
    pub payee: String,
    /// Base units an hour.
    pub rate: Price,
    /// Fee in hundredths of a per cent.
    pub take_bps: u16,
    /// The pay of how many last seconds is not paid out while the stream runs.
    pub hold: u64,
}

/// Opens a stream on an account that is not depleted and lasts the least runway with it. A mark of controller or
/// token keeps accounts from being opened, and nothing of those that are: an auction that binds its bidders must
/// be able to end.
///
/// # Errors
/// If the account does not last, if the number was used before, or if the fee is more than everything.
pub fn open_stream(
    ctx: &mut Ctx,
    local: u64,
    number: u64,
    terms: Terms,
    reserved: ReserveChange,
) -> Result<Response, ContractError> {
    let Terms { payee, rate, take_bps, hold } = terms;
    settings::check_take_bps(take_bps)?;
    let payee = ctx.address(&payee)?;
    let mut account = controller::open_account(ctx, local)?;
    let id = account.id;
    if streams::has(ctx.storage(), id, number) {
        return Err(ContractError::StreamExists { account: id, stream: number });
    }
    let opened_at = account.open_stream(rate, reserved, ctx.config.min_runway)?;
    let stream = Stream::starting(payee.clone(), rate, take_bps, opened_at, hold);
    accounts::save(ctx.storage_mut(), &account)?;
    streams::save(ctx.storage_mut(), id, number, &stream)?;
    Ok(Response::new()
        .add_event(StreamOpened { account: id, stream: number, payee: payee.into(), rate })
        .add_event(account.changed()))
}
