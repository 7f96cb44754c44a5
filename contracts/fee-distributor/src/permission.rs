//! Who may send what: checked from the message's own declaration, before it is looked at.

use souk_api::fees::ExecuteMsg;

use crate::{ContractError, execute::Ctx};

/// Refuses a message from a sender that may not send it, and coins with one that takes none.
pub fn check(ctx: &Ctx, msg: &ExecuteMsg) -> Result<(), ContractError> {
    let takes_coins = matches!(msg, ExecuteMsg::Stake {});
    if !takes_coins && !ctx.info.funds.is_empty() {
        return Err(ContractError::CoinsNotTaken { coins: ctx.coins() });
    }
    let (needed, sender) = (msg.permission(), &ctx.info.sender);
    let guardian = || Ok(ctx.config.guardian.clone());
    // Roles of other contracts are nobody's here.
    if needed.by_role(ctx.deps.storage, sender, guardian)?.unwrap_or(false) {
        return Ok(());
    }
    Err(ContractError::NotPermitted { sender: sender.clone(), needed })
}
