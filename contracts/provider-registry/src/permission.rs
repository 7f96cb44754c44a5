//! Whether the sender may send a message: the message says who may, this looks whether the
//! sender is one.

use cosmwasm_std::{Addr, Deps, MessageInfo};
use souk_api::{Permission, registry::ExecuteMsg};

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
        Permission::Slasher => state::config(deps.storage)?.slashers.contains(sender),
        // Whoever left may still claim; actions that need a registration look for it.
        Permission::Provider => state::is_known(deps.storage, sender),
        Permission::Operator => match subject(msg) {
            Some(provider) => {
                let provider = deps.api.addr_validate(provider)?;
                state::operator(deps.storage, &provider)? == sender.as_str()
            }
            None => false,
        },
        // No message of this contract asks for these.
        Permission::Tenant
        | Permission::TenantOrDelegate
        | Permission::TenantOrOperator
        | Permission::Controller
        | Permission::Cw20 => false,
    };
    if granted { Ok(()) } else { Err(refusal(sender, needs)) }
}

fn refusal(sender: &Addr, needs: Permission) -> ContractError {
    match needs {
        Permission::Provider => ContractError::NotRegistered { provider: sender.to_string() },
        needs => ContractError::Unauthorized { sender: sender.clone(), needs },
    }
}

/// The provider that an operator's message is about.
fn subject(msg: &ExecuteMsg) -> Option<&str> {
    match msg {
        ExecuteMsg::SetGateway { provider, .. } | ExecuteMsg::SetMaintenance { provider, .. } => {
            Some(provider)
        }
        _ => None,
    }
}
