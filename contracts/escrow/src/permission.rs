//! Who may send what, beyond the roles that every contract has: controllers, listed tokens,
//! tenants.

use souk_api::{Permission, escrow::ExecuteMsg};
use souk_contract_std::permission;
use souk_core::AccountId;

use crate::{ContractError, Ctx, state::accounts};

/// Refuses a message that its sender may not send.
///
/// # Errors
/// Those of [`permission::check`], or if the tenant's account is not there.
pub fn check(ctx: &Ctx, msg: &ExecuteMsg) -> Result<(), ContractError> {
    let sender = ctx.sender();
    permission::check(ctx, msg, |needed| match needed {
        Permission::Controller => Ok(ctx.config.controllers.contains(sender)),
        Permission::Cw20 => Ok(ctx.config.cw20_tokens.contains(sender)),
        Permission::Tenant => match account_of_tenant(msg) {
            Some(account) => {
                Ok(accounts::get(ctx.storage(), account)?.record.tenant == sender.as_str())
            }
            None => Ok(false),
        },
        // Permissions of other contracts are nobody's here.
        _ => Ok(false),
    })
}

/// The account whose tenant sends a message. Each message is named, so that a new one does not
/// compile before it is decided here.
fn account_of_tenant(msg: &ExecuteMsg) -> Option<AccountId> {
    match msg {
        ExecuteMsg::WithdrawDeposit { account, .. } => Some(*account),
        ExecuteMsg::OpenAccount { .. }
        | ExecuteMsg::OpenTokenAccount { .. }
        | ExecuteMsg::OpenStream { .. }
        | ExecuteMsg::OpenStreams { .. }
        | ExecuteMsg::CloseStream { .. }
        | ExecuteMsg::Reserve { .. }
        | ExecuteMsg::CloseAccount { .. }
        | ExecuteMsg::Deposit { .. }
        | ExecuteMsg::Withdraw { .. }
        | ExecuteMsg::ClaimRefund { .. }
        | ExecuteMsg::SweepFees { .. }
        | ExecuteMsg::Receive(_)
        | ExecuteMsg::UpdateConfig { .. }
        | ExecuteMsg::Pause {}
        | ExecuteMsg::Unpause {}
        | ExecuteMsg::UpdateOwnership(_) => None,
    }
}
