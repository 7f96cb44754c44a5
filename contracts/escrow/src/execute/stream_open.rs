//! A controller lets an account pay someone by the second.

use cosmwasm_std::Response;
use souk_api::escrow::events::StreamOpened;
use souk_core::{Price, Rate};

use super::Ctx;
use crate::{ContractError, state, stream::Stream};

/// The highest take rate: everything.
const MAX_BPS: u16 = 10_000;

/// Who is paid, and how much.
pub struct Terms {
    /// Who is paid.
    pub payee: String,
    /// Base units an hour.
    pub rate: Price,
    /// Fee in hundredths of a per cent.
    pub take_bps: u16,
}

/// Opens a stream on an account that is not depleted and lasts the least runway with it.
pub fn open_stream(
    ctx: &mut Ctx,
    local: u64,
    number: u64,
    terms: Terms,
    reserved: Rate,
) -> Result<Response, ContractError> {
    ctx.require_unpaused()?;
    let Terms { payee, rate, take_bps } = terms;
    if take_bps > MAX_BPS {
        return Err(ContractError::TakeRate(take_bps));
    }
    let payee = ctx.deps.api.addr_validate(&payee)?;
    let min_runway = ctx.min_runway()?;
    let mut account = ctx.own_open_account(local)?;
    let id = account.id;
    if state::has_stream(ctx.deps.storage, id, number) {
        return Err(ContractError::StreamExists { account: id, stream: number });
    }
    let opened_at = account.open_stream(rate, reserved, min_runway)?;
    let stream = Stream::starting(payee.clone(), rate, take_bps, opened_at);
    state::save_account(ctx.deps.storage, &account)?;
    state::save_stream(ctx.deps.storage, id, number, &stream)?;
    Ok(Response::new()
        .add_event(StreamOpened { account: id, stream: number, payee: payee.into(), rate })
        .add_event(account.changed()))
}
