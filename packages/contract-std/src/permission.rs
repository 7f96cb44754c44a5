//! Whether a message may be acted on: its sender, its coins, a pause. The message declares
//! what it asks for ([`Message`]); here that is held against what came.

use cosmwasm_std::{Addr, StdResult};
use souk_api::{Message, Permission};

use crate::{CommonError, Config, Ctx, coins};

/// Refuses coins with a message that takes none, a sender that may not send it, and new
/// business during a pause. `own` says whether the sender has a permission that is about something of the
/// contract's own.
///
/// # Errors
/// [`CommonError::CoinsNotTaken`], [`CommonError::NotPermitted`] or [`CommonError::Paused`], in
/// this order, or what `own` cannot read.
pub fn check<C, E>(
    ctx: &Ctx<C>,
    msg: &impl Message,
    own: impl FnOnce(Permission) -> Result<bool, E>,
) -> Result<(), E>
where
    C: Config,
    E: From<CommonError>,
{
    let permission = msg.permission();
    if !msg.takes_coins() {
        coins::none(&ctx.info)?;
    }
    let allowed = match by_role(ctx, permission).map_err(CommonError::from)? {
        Some(allowed) => allowed,
        None => own(permission)?,
    };
    require(allowed, ctx.sender(), permission)?;
    if msg.is_new_business() && ctx.config.is_paused(ctx.now()) {
        return Err(CommonError::Paused.into());
    }
    Ok(())
}

/// For a contract that has no permissions of its own: those of other contracts are nobody's.
///
/// # Errors
/// None.
pub fn nobody(_: Permission) -> Result<bool, CommonError> {
    Ok(false)
}

/// Refuses a sender that lacks a permission.
///
/// # Errors
/// [`CommonError::NotPermitted`] unless `allowed`.
pub fn require(allowed: bool, sender: &Addr, needed: Permission) -> Result<(), CommonError> {
    if allowed {
        return Ok(());
    }
    Err(CommonError::NotPermitted { sender: sender.clone(), needed })
}

/// Whether the sender has it, for the roles that every contract has.
fn by_role<C: Config>(ctx: &Ctx<C>, permission: Permission) -> StdResult<Option<bool>> {
    let sender = ctx.sender();
    Ok(match permission {
        Permission::Anyone | Permission::Self_ => Some(true),
        Permission::Owner => Some(cw_ownable::is_owner(ctx.storage(), sender)?),
        Permission::Guardian => {
            Some(sender == ctx.config.guardian() || cw_ownable::is_owner(ctx.storage(), sender)?)
        }
        _ => None,
    })
}
