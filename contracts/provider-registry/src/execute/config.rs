//! The owner changes the configuration.

use cosmwasm_std::Response;
use souk_api::published::{names, probe};
use souk_core::Amount;

use super::Ctx;
use crate::{ContractError, state};

/// Slashers at most.
pub const MAX_SLASHERS: usize = 16;

/// What is not given stays. The orderbook's address is probed.
pub fn update_config(
    ctx: Ctx,
    guardian: Option<String>,
    orderbook: Option<String>,
    min_bond: Option<Amount>,
    slashers: Option<Vec<String>>,
) -> Result<Response, ContractError> {
    ctx.no_coins()?;
    let mut config = state::config(ctx.deps.storage)?;
    if let Some(guardian) = guardian {
        config.guardian = ctx.address(&guardian)?;
    }
    if let Some(orderbook) = orderbook {
        let orderbook = ctx.address(&orderbook)?;
        probe(&ctx.deps.querier, orderbook.as_str(), names::ORDERBOOK)?;
        config.orderbook = Some(orderbook);
    }
    if let Some(min_bond) = min_bond {
        check_min_bond(min_bond)?;
        config.min_bond = min_bond;
    }
    if let Some(slashers) = slashers {
        config.slashers = ctx.addresses("slashers", &slashers, MAX_SLASHERS)?;
    }
    state::save_config(ctx.deps.storage, &config)?;
    Ok(Response::new())
}

/// Registering must cost something.
pub fn check_min_bond(min_bond: Amount) -> Result<(), ContractError> {
    if min_bond == Amount::ZERO {
        let (value, allowed) = (min_bond.to_string(), "at least 1");
        return Err(ContractError::Config { what: "min_bond", value, allowed });
    }
    Ok(())
}
