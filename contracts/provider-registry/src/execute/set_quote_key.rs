//! The operator says with which key the agent signs.

use cosmwasm_std::{Binary, HexBinary, Response};
use souk_api::registry::events::Updated;

use crate::{ContractError, Ctx, rules::settings, state::providers};

/// A signature of no secret: the neutral point and zero. Keys that are points of small order take it.
const ANYBODYS: [u8; 64] = {
    let mut bytes = [0; 64];
    bytes[0] = 1;
    bytes
};

/// What was signed with another key counts no more from now on.
///
/// # Errors
/// If it is no key of ed25519, or if the provider is not registered.
pub fn set_quote_key(
    ctx: &mut Ctx,
    provider: &str,
    key: Option<HexBinary>,
) -> Result<Response, ContractError> {
    if let Some(key) = &key {
        settings::check_quote_key(key)?;
        // With such a key anybody signs anything: it takes this signature for every message, as no other key does.
        let anybodys = ctx.deps.api.ed25519_verify(b"souk", &ANYBODYS, key);
        settings::check_own_key(key, anybodys.is_ok_and(|anybodys| anybodys))?;
    }
    let mut provider = providers::registered(ctx.storage(), &ctx.address(provider)?)?;
    provider.record.quote_key = key.map(|key| Binary::from(key.as_slice()));
    providers::save_record(ctx.storage_mut(), &provider)?;
    Ok(Response::new().add_event(Updated { provider: provider.address.into() }))
}
