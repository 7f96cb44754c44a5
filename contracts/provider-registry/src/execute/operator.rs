//! The operator key: the provider names it, and it keeps gateway and maintenance.

use cosmwasm_std::Response;
use souk_api::registry::{Gateway, events::Updated};

use super::Ctx;
use crate::{ContractError, gateway, state};

/// The provider names another operator; the one before loses its powers at once.
pub fn set_operator(ctx: Ctx, operator: String) -> Result<Response, ContractError> {
    ctx.no_coins()?;
    let mut provider = state::registered(ctx.deps.storage, &ctx.info.sender)?;
    provider.record.operator = ctx.address(&operator)?.into();
    state::save_record(ctx.deps.storage, &provider)?;
    Ok(Response::new().add_event(Updated { provider: provider.address.into() }))
}

/// The operator changes where tenants reach the provider.
pub fn set_gateway(
    ctx: Ctx,
    provider: String,
    gateway: Gateway,
) -> Result<Response, ContractError> {
    ctx.no_coins()?;
    gateway::check(&gateway)?;
    let mut provider = state::registered(ctx.deps.storage, &ctx.address(&provider)?)?;
    provider.gateway = gateway;
    state::save_details(ctx.deps.storage, &provider)?;
    Ok(Response::new().add_event(Updated { provider: provider.address.into() }))
}

/// The operator stops new bids, or allows them again.
pub fn set_maintenance(ctx: Ctx, provider: String, on: bool) -> Result<Response, ContractError> {
    ctx.no_coins()?;
    let mut provider = state::registered(ctx.deps.storage, &ctx.address(&provider)?)?;
    provider.record.maintenance = on;
    state::save_record(ctx.deps.storage, &provider)?;
    Ok(Response::new().add_event(Updated { provider: provider.address.into() }))
}
