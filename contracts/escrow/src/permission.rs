//! Who may send what, beyond the roles that every contract has: controllers, listed tokens,
//! tenants.

use souk_api::{Permission, escrow::ExecuteMsg};
use souk_contract_std::permission;

use crate::{ContractError, Ctx, state::accounts};

/// Refuses a message that its sender may not send.
///
/// # Errors
/// Those of [`permission::check`], or if the tenant's account is not there.
pub fn check(ctx: &Ctx, msg: &ExecuteMsg) -> Result<(), ContractError> {
    let sender = ctx.sender();
    permission::check(ctx, msg, |needed| match (needed, msg) {
        (Permission::Controller, _) => Ok(ctx.config.controllers.contains(sender)),
        (Permission::Cw20, _) => Ok(ctx.config.cw20_tokens.contains(sender)),
        (Permission::Tenant, ExecuteMsg::WithdrawDeposit { account, .. }) => {
            Ok(accounts::get(ctx.storage(), *account)?.record.tenant == sender.as_str())
        }
        // Permissions of other contracts are nobody's here.
        _ => Ok(false),
    })
}
