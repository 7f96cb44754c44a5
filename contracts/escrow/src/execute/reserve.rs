//! A controller says what open binding auctions may come to cost.

use cosmwasm_std::Response;
use souk_core::Rate;

use crate::{ContractError, Ctx, controller, state::accounts};

/// Sets the account's reserve. It binds at the next accept or withdrawal by the tenant.
///
/// # Errors
/// If there is no such account, or if it is closed.
pub fn reserve(ctx: &mut Ctx, local: u64, reserved: Rate) -> Result<Response, ContractError> {
    let mut account = controller::open_account(ctx, local)?;
    account.record.reserved = reserved;
    accounts::save(ctx.storage_mut(), &account)?;
    Ok(Response::new().add_event(account.changed()))
}
