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
    let (needed, sender) = (msg.permission(), ctx.info.sender.clone());
    let storage = &*ctx.deps.storage;
    let guardian = || Ok(state::config(storage)?.guardian);
    let allowed = match needed.by_role(storage, &sender, guardian)? {
        Some(allowed) => allowed,
        None => match needed {
            Permission::Controller => ctx.config()?.controllers.contains(&sender),
            Permission::Cw20 => ctx.config()?.cw20_tokens.contains(&sender),
            Permission::Tenant => owns_account(ctx, msg, &sender)?,
            // Roles of other contracts are nobody's here.
            _ => false,
        },
    };
    if allowed { Ok(()) } else { Err(ContractError::NotPermitted { sender, needed }) }
}

fn owns_account(ctx: &Ctx, msg: &ExecuteMsg, sender: &Addr) -> Result<bool, ContractError> {
    let ExecuteMsg::WithdrawDeposit { account, .. } = msg else { return Ok(false) };
    Ok(state::account(ctx.deps.storage, *account)?.record.tenant == sender.as_str())
}
