//! Who may send what: checked from the message's own declaration, before it is looked at.

use souk_api::{Permission, fees::ExecuteMsg};

use crate::{ContractError, execute::Ctx};

/// Refuses a message from a sender that may not send it, and coins with one that takes none.
pub fn check(ctx: &Ctx, msg: &ExecuteMsg) -> Result<(), ContractError> {
    let takes_coins = matches!(msg, ExecuteMsg::Stake {});
    if !takes_coins && !ctx.info.funds.is_empty() {
        return Err(ContractError::CoinsNotTaken { coins: ctx.coins() });
    }
    let needed = msg.permission();
    let sender = &ctx.info.sender;
    let allowed = match needed {
        Permission::Anyone | Permission::Self_ => true,
        Permission::Owner => cw_ownable::is_owner(ctx.deps.storage, sender)?,
        Permission::Guardian => {
            ctx.config.guardian == *sender || cw_ownable::is_owner(ctx.deps.storage, sender)?
        }
        // Roles that this contract does not know.
        Permission::Tenant
        | Permission::TenantOrDelegate
        | Permission::TenantOrOperator
        | Permission::Provider
        | Permission::Operator
        | Permission::Controller
        | Permission::Slasher
        | Permission::Cw20 => false,
    };
    if allowed {
        Ok(())
    } else {
        Err(ContractError::NotPermitted { sender: sender.clone(), needed })
    }
}
