//! A controller opens an account, with the first coins in it or for a token's coins to follow.

use cosmwasm_std::Response;
use souk_api::escrow::events::AccountOpened;
use souk_core::{Amount, Denom, Rate};

use super::{Ctx, Paid};
use crate::{ContractError, account::Account, state};

/// Opens account `local` of the sender with the coins paid, which belong to `tenant`.
pub fn open_account(
    ctx: &mut Ctx,
    local: u64,
    tenant: String,
    paid: Paid,
    reserved: Rate,
) -> Result<Response, ContractError> {
    let Paid { denom, amount, .. } = paid;
    ctx.count_in(&denom, amount)?;
    open(ctx, local, tenant, denom, amount, reserved)
}

/// Opens account `local` of the sender, empty, for the coins of a listed token. The token's
/// word is not needed for it: one that turned hostile could take numbers or never answer.
pub fn open_token_account(
    ctx: &mut Ctx,
    local: u64,
    tenant: String,
    token: String,
    reserved: Rate,
) -> Result<Response, ContractError> {
    let address = ctx.deps.api.addr_validate(&token)?;
    if !ctx.config()?.cw20_tokens.contains(&address) {
        return Err(ContractError::TokenNotListed(address));
    }
    open(ctx, local, tenant, Denom::Cw20(token), Amount::ZERO, reserved)
}

fn open(
    ctx: &mut Ctx,
    local: u64,
    tenant: String,
    denom: Denom,
    amount: Amount,
    reserved: Rate,
) -> Result<Response, ContractError> {
    ctx.require_unpaused()?;
    let sender = ctx.info.sender.clone();
    let id = ctx.id_of(&sender, local)?;
    if state::has_account(ctx.deps.storage, id) {
        return Err(ContractError::AccountExists(id));
    }
    let tenant = ctx.deps.api.addr_validate(&tenant)?.into_string();
    let account = Account::opened(id, tenant.clone(), denom.clone(), amount, reserved, ctx.now());
    state::save_account(ctx.deps.storage, &account)?;
    Ok(Response::new()
        .add_event(AccountOpened { account: id, tenant, denom, amount })
        .add_event(account.changed()))
}
