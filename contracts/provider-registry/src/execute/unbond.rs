//! A provider asks part of its bond back.

use cosmwasm_std::Response;
use souk_core::Amount;

use super::{Ctx, bond_changed};
use crate::{ContractError, state};

/// It counts no more for new bids from now on, can be slashed until it is claimed, and
/// starts the delay anew for everything that is pending. The least bond stays.
pub fn unbond(ctx: Ctx, amount: Amount) -> Result<Response, ContractError> {
    ctx.no_coins()?;
    let config = state::config(ctx.deps.storage)?;
    let mut provider = state::registered(ctx.deps.storage, &ctx.info.sender)?;
    let mut stake = provider.stake();
    let claimable_at = ctx.now().saturating_add(config.unbonding_period);
    stake.unbond(amount, config.min_bond, claimable_at)?;
    provider.set_stake(stake, config.bond_per_slot);
    state::save(ctx.deps.storage, &provider)?;
    Ok(Response::new().add_event(bond_changed(&provider)))
}
