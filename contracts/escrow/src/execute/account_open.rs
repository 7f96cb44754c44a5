//! A controller opens an account with the first coins in it.

use cosmwasm_std::Response;
use souk_api::escrow::events::AccountOpened;
use souk_core::Rate;

use super::{Ctx, Paid};
use crate::{ContractError, account::Account, state};

/// Opens account `local` of the controller that paid; the coins belong to `owner`.
pub fn open_account(
    ctx: &mut Ctx,
    local: u64,
    owner: String,
    paid: Paid,
    reserved: Rate,
) -> Result<Response, ContractError> {
    ctx.require_unpaused()?;
    let id = ctx.id_of(&paid.from, local)?;
    if state::has_account(ctx.deps.storage, id) {
        return Err(ContractError::AccountExists(id));
    }
    let owner = ctx.deps.api.addr_validate(&owner)?.into_string();
    let Paid { denom, amount, .. } = paid;
    ctx.count_in(&denom, amount)?;
    let account = Account::opened(id, owner.clone(), denom.clone(), amount, reserved, ctx.now());
    state::save_account(ctx.deps.storage, &account)?;
    Ok(Response::new()
        .add_event(AccountOpened { account: id, owner, denom, amount })
        .add_event(account.changed()))
}
