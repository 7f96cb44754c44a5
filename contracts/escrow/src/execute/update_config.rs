//! The owner changes the configuration.

use cosmwasm_std::{Addr, Response};
use souk_contract_std::{admin, limits::check_count};

use crate::{
    ContractError, Ctx,
    rules::settings::{MAX_CONTROLLERS, MAX_CW20},
};

/// What to change; what is not given stays.
pub struct Change {
    /// The guardian.
    pub guardian: Option<String>,
    /// Where fees go.
    pub fee_collector: Option<String>,
    /// A contract that may open accounts from now on.
    pub add_controller: Option<String>,
    /// cw20 contracts whose tokens are taken from now on.
    pub add_cw20: Option<Vec<String>>,
}

/// Controllers and tokens are added, never removed.
///
/// # Errors
/// If an address is not valid on this chain, or if a list gets too long or names one twice.
pub fn update_config(ctx: &mut Ctx, change: Change) -> Result<Response, ContractError> {
    if let Some(guardian) = change.guardian {
        ctx.config.guardian = ctx.address(&guardian)?;
    }
    if let Some(collector) = change.fee_collector {
        ctx.config.fee_collector = ctx.address(&collector)?;
    }
    if let Some(controller) = change.add_controller {
        add_controller(ctx, &controller)?;
    }
    for token in change.add_cw20.unwrap_or_default() {
        add_cw20(ctx, &token)?;
    }
    Ok(admin::config_updated(ctx)?)
}

/// Lists a controller.
pub(super) fn add_controller(ctx: &mut Ctx, entry: &str) -> Result<(), ContractError> {
    let entry = ctx.address(entry)?;
    add(&mut ctx.config.controllers, entry, "controllers", MAX_CONTROLLERS)
}

/// Lists a token.
pub(super) fn add_cw20(ctx: &mut Ctx, entry: &str) -> Result<(), ContractError> {
    let entry = ctx.address(entry)?;
    add(&mut ctx.config.cw20_tokens, entry, "cw20 tokens", MAX_CW20)
}

fn add(
    list: &mut Vec<Addr>,
    entry: Addr,
    what: &'static str,
    max: usize,
) -> Result<(), ContractError> {
    if list.contains(&entry) {
        return Err(ContractError::Duplicate { what, entry });
    }
    list.push(entry);
    Ok(check_count(what, list.len(), max)?)
}
