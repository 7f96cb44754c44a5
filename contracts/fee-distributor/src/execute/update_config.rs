//! The owner changes the configuration.

use cosmwasm_std::Response;
use souk_api::fees::Split;
use souk_contract_std::{admin, limits::check_count};
use souk_core::{Amount, Denom};

use super::settle;
use crate::{
    ContractError, Ctx,
    rules::settings::{self, MAX_DENOMS},
    state::stakers,
};

/// What to change; what is not given stays.
pub struct Change {
    /// The guardian.
    pub guardian: Option<String>,
    /// Where the community pool's part goes.
    pub pool: Option<String>,
    /// How income is split.
    pub split: Option<Split>,
    /// Denoms in which income is taken from now on, too.
    pub add_denoms: Option<Vec<Denom>>,
    /// Least total stake.
    pub min_total_stake: Option<Amount>,
}

/// What dripped until now is shared by the minimum that held until now, and a higher one does
/// not hold for what drips already; income that was not split yet is split by the new split.
///
/// # Errors
/// If an address is not valid on this chain or a setting is out of its range.
pub fn update_config(ctx: &mut Ctx, change: Change) -> Result<Response, ContractError> {
    if let Some(minimum) = change.min_total_stake {
        settings::check_min_total_stake(minimum)?;
        let totals = stakers::totals(ctx.storage())?;
        settle::before_min(ctx, &totals, minimum)?;
        ctx.config.min_total_stake = minimum;
    }
    if let Some(guardian) = change.guardian {
        ctx.config.guardian = ctx.address(&guardian)?;
    }
    if let Some(pool) = change.pool {
        ctx.config.pool = ctx.address(&pool)?;
    }
    if let Some(split) = change.split {
        settings::check_split(&split)?;
        ctx.config.split = split;
    }
    add_denoms(ctx, change.add_denoms.unwrap_or_default())?;
    Ok(admin::config_updated(ctx)?)
}

/// Lists more denoms.
///
/// # Errors
/// If one cannot be listed or is listed already, or if there are more than [`MAX_DENOMS`].
pub(super) fn add_denoms(ctx: &mut Ctx, denoms: Vec<Denom>) -> Result<(), ContractError> {
    for denom in denoms {
        match &denom {
            Denom::Native(name) => settings::check_native(name)?,
            Denom::Cw20(token) => drop(ctx.address(token)?),
        }
        if ctx.config.denoms.contains(&denom) {
            return Err(ContractError::DuplicateDenom(denom));
        }
        ctx.config.denoms.push(denom);
        check_count("denoms", ctx.config.denoms.len(), MAX_DENOMS)?;
    }
    Ok(())
}
