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
    /// Controllers and tokens that are delisted.
    pub delist: Option<Vec<String>>,
    /// Those that are listed again.
    pub relist: Option<Vec<String>>,
}

/// Controllers and tokens are added and marked, never removed: a controller's place is part of its
/// accounts' numbers, and what is open must be closed and paid out.
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
    for entry in change.delist.unwrap_or_default() {
        delist(ctx, &entry)?;
    }
    for entry in change.relist.unwrap_or_default() {
        relist(ctx, &entry)?;
    }
    Ok(admin::config_updated(ctx)?)
}

/// Marks a controller or token. The lists bound the number of marks.
fn delist(ctx: &mut Ctx, entry: &str) -> Result<(), ContractError> {
    let (entry, what) = (ctx.address(entry)?, "delisted");
    let config = &mut ctx.config;
    if !config.controllers.contains(&entry) && !config.cw20_tokens.contains(&entry) {
        let why = "it is neither a controller nor a token of the lists";
        return Err(ContractError::Listing { entry, what, why });
    }
    if config.delisted.contains(&entry) {
        return Err(ContractError::Listing { entry, what, why: "it is delisted already" });
    }
    config.delisted.push(entry);
    Ok(())
}

/// Takes the mark away.
fn relist(ctx: &mut Ctx, entry: &str) -> Result<(), ContractError> {
    let (entry, what) = (ctx.address(entry)?, "listed again");
    let before = ctx.config.delisted.len();
    ctx.config.delisted.retain(|marked| *marked != entry);
    if ctx.config.delisted.len() == before {
        return Err(ContractError::Listing { entry, what, why: "it was not delisted" });
    }
    Ok(())
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
