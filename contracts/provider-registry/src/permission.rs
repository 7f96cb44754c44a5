//! Who may send what, beyond the roles that every contract has: slashers, providers and their
//! operators.

use souk_api::{Permission, registry::ExecuteMsg};
use souk_contract_std::permission;

use crate::{ContractError, Ctx, state::providers};

/// Refuses a message that its sender may not send.
///
/// # Errors
/// [`ContractError::NotRegistered`] for what only providers send, else those of
/// [`permission::check`].
pub fn check(ctx: &Ctx, msg: &ExecuteMsg) -> Result<(), ContractError> {
    permission::check(ctx, msg, |needed| match needed {
        Permission::Slasher => Ok(ctx.config.slashers.contains(ctx.sender())),
        Permission::Provider if named(msg).is_some_and(|named| named != ctx.sender().as_str()) => {
            Ok(false)
        }
        // Whoever left may still claim; actions that need a registration look for it.
        Permission::Provider if providers::is_known(ctx.storage(), ctx.sender()) => Ok(true),
        Permission::Provider => {
            Err(ContractError::NotRegistered { provider: ctx.sender().clone() })
        }
        Permission::Operator => match operated(msg) {
            Some(provider) => {
                let operator = providers::operator(ctx.storage(), &ctx.address(provider)?)?;
                Ok(operator == ctx.sender().as_str())
            }
            None => Ok(false),
        },
        // Permissions of other contracts are nobody's here.
        _ => Ok(false),
    })
}

/// The provider that a message says it changes, where its own key sends it. Messages of the first release had
/// the same form and another sender: what one of those means to change is never another's record.
fn named(msg: &ExecuteMsg) -> Option<&str> {
    match msg {
        ExecuteMsg::SetGateway { provider, .. } | ExecuteMsg::SetFloors { provider, .. } => {
            Some(provider)
        }
        _ => None,
    }
}

/// The provider whose operator sends a message. Each message is named, so that a new one does
/// not compile before it is decided here.
fn operated(msg: &ExecuteMsg) -> Option<&str> {
    match msg {
        ExecuteMsg::SetMaintenance { provider, .. } | ExecuteMsg::SetQuoteKey { provider, .. } => {
            Some(provider)
        }
        ExecuteMsg::Register { .. }
        | ExecuteMsg::Update { .. }
        | ExecuteMsg::SetOperator { .. }
        | ExecuteMsg::SetGateway { .. }
        | ExecuteMsg::SetFloors { .. }
        | ExecuteMsg::Bond {}
        | ExecuteMsg::Unbond { .. }
        | ExecuteMsg::ClaimUnbonded {}
        | ExecuteMsg::Deregister {}
        | ExecuteMsg::NoticeSlash { .. }
        | ExecuteMsg::Slash { .. }
        | ExecuteMsg::WithdrawNotice { .. }
        | ExecuteMsg::UpdateConfig { .. }
        | ExecuteMsg::Pause {}
        | ExecuteMsg::Unpause {}
        | ExecuteMsg::UpdateOwnership(_) => None,
    }
}
