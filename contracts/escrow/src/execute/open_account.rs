//! A controller opens an account with the first coins in it.

use cosmwasm_std::Response;
use souk_api::escrow::{NewStream, events::AccountOpened};
use souk_core::{Amount, Denom, Rate};

use super::open_stream::begin;
use crate::{
    ContractError, Ctx, controller,
    rules::account::Account,
    state::{accounts, totals},
};

/// Opens account `local` of the sender with the coin sent, which belongs to `tenant`, and begins `streams` of it.
///
/// # Errors
/// If it is not one coin, if the number was used before, or those of opening a stream.
pub fn open_account(
    ctx: &mut Ctx,
    local: u64,
    tenant: &str,
    reserved: Rate,
    streams: Vec<NewStream>,
) -> Result<Response, ContractError> {
    let paid = ctx.one_coin()?;
    totals::count_in(ctx.storage_mut(), &paid.denom, paid.amount)?;
    open(ctx, local, tenant, paid.denom, paid.amount, reserved, streams)
}

/// Opens an account; the amount is counted already.
pub(super) fn open(
    ctx: &mut Ctx,
    local: u64,
    tenant: &str,
    denom: Denom,
    amount: Amount,
    reserved: Rate,
    streams: Vec<NewStream>,
) -> Result<Response, ContractError> {
    ctx.config.must_be_listed(ctx.sender(), &denom)?;
    let id = controller::account_id(ctx, ctx.sender(), local)?;
    if accounts::has(ctx.storage(), id) {
        return Err(ContractError::AccountExists(id));
    }
    let tenant = ctx.address(tenant)?.into_string();
    let mut account =
        Account::opened(id, tenant.clone(), denom.clone(), amount, reserved, ctx.now());
    let opened = AccountOpened { account: id, tenant, denom, amount };
    let begun = begin(ctx, &mut account, streams)?;
    accounts::save(ctx.storage_mut(), &account)?;
    Ok(Response::new().add_event(opened).add_events(begun).add_event(account.changed()))
}
