//! The operator says with which key the agent signs.

use cosmwasm_std::{Binary, HexBinary, Response};
use souk_api::registry::events::Updated;

use crate::{ContractError, Ctx, rules::settings, state::providers};

/// What was signed with another key counts no more from now on.
///
/// # Errors
/// If it is no key of ed25519, or if the provider is not registered.
pub fn set_quote_key(
    ctx: &mut Ctx,
    provider: &str,
    key: Option<HexBinary>,
) -> Result<Response, ContractError> {
    key.as_ref().map_or(Ok(()), settings::check_quote_key)?;
    let mut provider = providers::registered(ctx.storage(), &ctx.address(provider)?)?;
    provider.record.quote_key = key.map(|key| Binary::from(key.as_slice()));
    providers::save_record(ctx.storage_mut(), &provider)?;
    Ok(Response::new().add_event(Updated { provider: provider.address.into() }))
}
