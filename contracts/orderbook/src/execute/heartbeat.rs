//! A provider says that it is there.

use cosmwasm_std::{Addr, Response};
use souk_api::orderbook::events::ProviderSeen;

use crate::{AbsenceError, ContractError, Ctx, state::provider_stats};

/// It is seen now. Others' messages never count, and a pause stops nobody from being there.
///
/// # Errors
/// If it has no lease that runs: there is nothing that it could be absent from.
pub fn heartbeat(ctx: &mut Ctx, provider: &Addr) -> Result<Response, ContractError> {
    let mut stats = provider_stats::get(ctx.storage(), provider)?;
    if stats.active == 0 {
        return Err(AbsenceError::NoLeases(provider.clone()).into());
    }
    let at = ctx.now();
    provider_stats::see(&mut stats, at, ctx.height());
    provider_stats::save(ctx.storage_mut(), provider, stats)?;
    Ok(Response::new().add_event(ProviderSeen { provider: provider.to_string(), at }))
}
