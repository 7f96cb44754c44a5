//! A controller says what open binding auctions may come to cost.

use cosmwasm_std::Response;
use souk_core::Rate;

use super::Ctx;
use crate::{ContractError, state};

/// Sets the account's reserve. It binds at the next accept or withdrawal by the owner.
pub fn reserve(ctx: &mut Ctx, local: u64, reserved: Rate) -> Result<Response, ContractError> {
    let mut account = ctx.own_open_account(local)?;
    account.record.reserved = reserved;
    state::save_account(ctx.deps.storage, &account)?;
    Ok(Response::new().add_event(account.changed()))
}
