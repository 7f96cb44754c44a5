//! The operator stops new bids, or allows them again.

use cosmwasm_std::Response;
use souk_api::registry::events::Updated;

use crate::{ContractError, Ctx, state::providers};

/// Bids that stand and leases stay as they are.
///
/// # Errors
/// If the provider is not registered.
pub fn set_maintenance(ctx: &mut Ctx, provider: &str, on: bool) -> Result<Response, ContractError> {
    let mut provider = providers::registered(ctx.storage(), &ctx.address(provider)?)?;
    provider.record.maintenance = on;
    providers::save_record(ctx.storage_mut(), &provider)?;
    Ok(Response::new().add_event(Updated { provider: provider.address.into() }))
}
