//! Who may send what: checked from the message's own declaration, before it is looked at.

use cosmwasm_std::Addr;
use souk_api::{Permission, escrow::ExecuteMsg};

use crate::{ContractError, execute::Ctx, state};

/// Refuses a message from a sender that may not send it, and coins with one that takes none.
pub fn check(ctx: &mut Ctx, msg: &ExecuteMsg) -> Result<(), ContractError> {
    let takes_coins = matches!(msg, ExecuteMsg::OpenAccount { .. } | ExecuteMsg::Deposit { .. });
    if !takes_coins && !ctx.info.funds.is_empty() {
        let coins: Vec<String> = ctx.info.funds.iter().map(ToString::to_string).collect();
        return Err(ContractError::CoinsNotTaken { coins: coins.join(",") });
    }
    let needed = msg.permission();
    let sender = ctx.info.sender.clone();
    let allowed = match needed {
        Permission::Anyone | Permission::Self_ => true,
        Permission::Owner => is_owner(ctx, &sender)?,
        Permission::Guardian => ctx.config()?.guardian == sender || is_owner(ctx, &sender)?,
        Permission::Controller => ctx.config()?.controllers.contains(&sender),
        Permission::Cw20 => ctx.config()?.cw20_tokens.contains(&sender),
        Permission::Tenant => owns_account(ctx, msg, &sender)?,
        // Roles that this contract does not know.
        Permission::TenantOrDelegate
        | Permission::TenantOrOperator
        | Permission::Provider
        | Permission::Operator
        | Permission::Slasher => false,
    };
    if allowed { Ok(()) } else { Err(ContractError::NotPermitted { sender, needed }) }
}

fn is_owner(ctx: &Ctx, sender: &Addr) -> Result<bool, ContractError> {
    Ok(cw_ownable::is_owner(ctx.deps.storage, sender)?)
}

fn owns_account(ctx: &Ctx, msg: &ExecuteMsg, sender: &Addr) -> Result<bool, ContractError> {
    let ExecuteMsg::WithdrawDeposit { account, .. } = msg else { return Ok(false) };
    Ok(state::account(ctx.deps.storage, *account)?.record.owner == sender.as_str())
}
