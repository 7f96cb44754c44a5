//! A provider names another operator key.

use cosmwasm_std::Response;
use souk_api::registry::events::Updated;

use crate::{ContractError, Ctx, state::providers};

/// The one before loses its powers at once, and with them what its agent signed.
///
/// # Errors
/// If the key's address is none, or if the sender is not registered (any more).
pub fn set_operator(ctx: &mut Ctx, operator: &str) -> Result<Response, ContractError> {
    let mut provider = providers::registered(ctx.storage(), ctx.sender())?;
    let operator = ctx.address(operator)?.into_string();
    if operator != provider.record.operator {
        provider.record.quote_key = None;
    }
    provider.record.operator = operator;
    providers::save_record(ctx.storage_mut(), &provider)?;
    Ok(Response::new().add_event(Updated { provider: provider.address.into() }))
}
