//! The operator changes where tenants reach the provider.

use cosmwasm_std::Response;
use souk_api::registry::{Gateway, events::Updated};

use crate::{ContractError, Ctx, rules::gateway, state::providers};

/// The gateway from now on.
///
/// # Errors
/// If tenants could not reach it safely.
pub fn set_gateway(
    ctx: &mut Ctx,
    provider: &str,
    gateway: Gateway,
) -> Result<Response, ContractError> {
    gateway::check(&gateway)?;
    let mut provider = providers::registered(ctx.storage(), &ctx.address(provider)?)?;
    provider.gateway = gateway;
    providers::save_details(ctx.storage_mut(), &provider)?;
    Ok(Response::new().add_event(Updated { provider: provider.address.into() }))
}
