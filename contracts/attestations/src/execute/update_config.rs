//! The owner changes the configuration.

use cosmwasm_std::Response;
use souk_contract_std::admin;

use crate::{ContractError, Ctx, rules::limits};

/// What is not given stays. Attestations that stand keep their expiry.
///
/// # Errors
/// If the guardian is not an address or the longest lifetime is out of range.
pub fn update_config(
    ctx: &mut Ctx,
    guardian: Option<String>,
    max_lifetime: Option<u64>,
) -> Result<Response, ContractError> {
    if let Some(guardian) = guardian {
        ctx.config.guardian = ctx.address(&guardian)?;
    }
    if let Some(max_lifetime) = max_lifetime {
        limits::check_lifetime(max_lifetime)?;
        ctx.config.max_lifetime = max_lifetime;
    }
    Ok(admin::config_updated(ctx)?)
}
