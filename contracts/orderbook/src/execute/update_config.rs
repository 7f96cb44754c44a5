//! The owner changes the configuration.

use cosmwasm_std::Response;
use souk_api::orderbook::{DenomConfig, Params};
use souk_contract_std::{admin, limits::check_count};
use souk_core::Denom;

use crate::{
    ContractError, Ctx,
    rules::settings::{self, MAX_DENOMS},
    state::denoms,
};

/// What is not given stays.
///
/// # Errors
/// If the guardian is not an address, or if a setting is out of its range.
pub fn update_config(
    ctx: &mut Ctx,
    guardian: Option<String>,
    denoms: Option<Vec<DenomConfig>>,
    params: Option<Params>,
) -> Result<Response, ContractError> {
    if let Some(guardian) = guardian {
        ctx.config.guardian = ctx.address(&guardian)?;
    }
    if let Some(params) = params {
        settings::check_params(&params)?;
        ctx.config.params = params;
    }
    save_denoms(ctx, &denoms.unwrap_or_default())?;
    Ok(admin::config_updated(ctx)?)
}

/// Saves denoms that are added or changed.
///
/// # Errors
/// If one stands there twice or is out of its range, or if there are more than [`MAX_DENOMS`].
pub(super) fn save_denoms(ctx: &mut Ctx, configs: &[DenomConfig]) -> Result<(), ContractError> {
    for (index, config) in configs.iter().enumerate() {
        settings::check_denom(config)?;
        if let Denom::Cw20(token) = &config.denom {
            ctx.address(token)?;
        }
        if configs.iter().take(index).any(|before| before.denom == config.denom) {
            let value = config.denom.to_string();
            let rule = "each denom may stand there once";
            return Err(ContractError::Setting { field: "denoms", value, rule });
        }
        denoms::save(ctx.storage_mut(), config)?;
    }
    Ok(check_count("denoms", denoms::all(ctx.storage())?.len(), MAX_DENOMS)?)
}
