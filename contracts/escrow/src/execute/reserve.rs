//! A controller says what open orders may come to cost.

use cosmwasm_std::Response;
use souk_api::escrow::ReserveChange;

use crate::{ContractError, Ctx, controller, state::accounts};

/// Changes the account's reserve. It binds at the next accept or withdrawal by the tenant.
///
/// # Errors
/// If there is no such account, or if it is closed.
pub fn reserve(
    ctx: &mut Ctx,
    local: u64,
    change: ReserveChange,
) -> Result<Response, ContractError> {
    let mut account = controller::open_account(ctx, local)?;
    account.change_reserve(change);
    accounts::save(ctx.storage_mut(), &account)?;
    Ok(Response::new().add_event(account.changed()))
}
