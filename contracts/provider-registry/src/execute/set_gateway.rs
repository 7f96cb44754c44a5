//! A provider changes where tenants reach it.

use cosmwasm_std::Response;
use souk_api::registry::{
    Gateway,
    events::{ChangeNoticed, Updated},
};

use crate::{ContractError, Ctx, rules::gateway, state::providers};

/// The gateway from the end of the delay on. It is the provider's own to change: whoever has the
/// operator's key cannot lead tenants elsewhere.
///
/// # Errors
/// If tenants could not reach it safely, or if the sender is not registered (any more).
pub fn set_gateway(ctx: &mut Ctx, gateway: Gateway) -> Result<Response, ContractError> {
    gateway::check(&gateway)?;
    let mut provider = providers::registered(ctx.storage(), ctx.sender())?;
    let from = provider.set_gateway(gateway, ctx.now(), ctx.config.change_delay);
    providers::save_details(ctx.storage_mut(), &provider)?;
    let provider = provider.address.to_string();
    let noticed = ChangeNoticed { provider: provider.clone(), what: "gateway".to_owned(), from };
    Ok(Response::new().add_event(Updated { provider }).add_event(noticed))
}
