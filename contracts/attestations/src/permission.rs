//! Whether the sender may send a message: the message says who may, this looks whether the
//! sender is one.

use cosmwasm_std::{Deps, MessageInfo};
use souk_api::{Permission, attestations::ExecuteMsg};

use crate::{ContractError, state};

/// Refuses a sender that may not send `msg`.
pub fn check(deps: Deps, info: &MessageInfo, msg: &ExecuteMsg) -> Result<(), ContractError> {
    let needs = msg.permission();
    let sender = &info.sender;
    let granted = match needs {
        Permission::Anyone | Permission::Self_ => true,
        Permission::Owner => cw_ownable::is_owner(deps.storage, sender)?,
        Permission::Guardian => {
            state::config(deps.storage)?.guardian == *sender
                || cw_ownable::is_owner(deps.storage, sender)?
        }
        // No message of this contract asks for these.
        Permission::Tenant
        | Permission::TenantOrDelegate
        | Permission::TenantOrOperator
        | Permission::Provider
        | Permission::Operator
        | Permission::Controller
        | Permission::Slasher
        | Permission::Cw20 => false,
    };
    if granted {
        return Ok(());
    }
    Err(ContractError::Unauthorized { sender: sender.clone(), needs })
}
