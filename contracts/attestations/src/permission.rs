//! Whether the sender may send a message: the message says who may, this looks whether the
//! sender is one.

use cosmwasm_std::{Deps, MessageInfo};
use souk_api::attestations::ExecuteMsg;

use crate::{ContractError, state};

/// Refuses a sender that may not send `msg`.
pub fn check(deps: Deps, info: &MessageInfo, msg: &ExecuteMsg) -> Result<(), ContractError> {
    let (needed, sender) = (msg.permission(), &info.sender);
    let guardian = || Ok(state::config(deps.storage)?.guardian);
    // Roles of other contracts are nobody's here.
    if needed.by_role(deps.storage, sender, guardian)?.unwrap_or(false) {
        return Ok(());
    }
    Err(ContractError::NotPermitted { sender: sender.clone(), needed })
}
