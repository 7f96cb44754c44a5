//! The owner changes the configuration.

use cosmwasm_std::Response;
use souk_contract_std::{admin, limits};
use souk_core::Amount;

use crate::{
    ContractError, Ctx, orderbook,
    rules::settings::{self, MAX_SLASHERS},
};

/// What is not given stays. The orderbook's address is probed.
///
/// # Errors
/// If an address is not valid on this chain, if the orderbook is none, or if a setting is out of
/// its range.
pub fn update_config(
    ctx: &mut Ctx,
    guardian: Option<String>,
    orderbook: Option<String>,
    min_bond: Option<Amount>,
    slashers: Option<Vec<String>>,
) -> Result<Response, ContractError> {
    if let Some(guardian) = guardian {
        ctx.config.guardian = ctx.address(&guardian)?;
    }
    if let Some(orderbook) = orderbook {
        ctx.config.orderbook = Some(ctx.address(&orderbook)?);
        orderbook::probe(&ctx.deps.querier, &ctx.config)?;
    }
    if let Some(min_bond) = min_bond {
        settings::check_min_bond(min_bond)?;
        ctx.config.min_bond = min_bond;
    }
    if let Some(slashers) = slashers {
        ctx.config.slashers = limits::addresses(ctx, "slashers", &slashers, MAX_SLASHERS)?;
    }
    Ok(admin::config_updated(ctx)?)
}
