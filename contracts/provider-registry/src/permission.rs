//! Whether the sender may send a message: the message says who may, this looks whether the
//! sender is one.

use cosmwasm_std::{Addr, Deps, MessageInfo};
use souk_api::{Permission, registry::ExecuteMsg};

use crate::{ContractError, state};

/// Refuses a sender that may not send `msg`.
pub fn check(deps: Deps, info: &MessageInfo, msg: &ExecuteMsg) -> Result<(), ContractError> {
    let (needed, sender) = (msg.permission(), &info.sender);
    let guardian = || Ok(state::config(deps.storage)?.guardian);
    let granted = match needed.by_role(deps.storage, sender, guardian)? {
        Some(granted) => granted,
        None => by_record(deps, sender, needed, msg)?,
    };
    if granted { Ok(()) } else { Err(refusal(sender, needed)) }
}

fn by_record(
    deps: Deps,
    sender: &Addr,
    needed: Permission,
    msg: &ExecuteMsg,
) -> Result<bool, ContractError> {
    Ok(match needed {
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
        // Roles of other contracts are nobody's here.
        _ => false,
    })
}

fn refusal(sender: &Addr, needed: Permission) -> ContractError {
    match needed {
        Permission::Provider => ContractError::NotRegistered { provider: sender.to_string() },
        needed => ContractError::NotPermitted { sender: sender.clone(), needed },
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
