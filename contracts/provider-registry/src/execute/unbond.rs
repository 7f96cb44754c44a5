//! A provider asks part of its bond back.

use cosmwasm_std::Response;
use souk_core::Amount;

use crate::{ContractError, Ctx, state::providers};

/// It counts no more for new bids from now on, can be slashed until it is claimed, and
/// restarts the delay of everything that is pending. The least bond stays.
///
/// # Errors
/// If there is not as much, or if less than the least bond would be left.
pub fn unbond(ctx: &mut Ctx, amount: Amount) -> Result<Response, ContractError> {
    let mut provider = providers::registered(ctx.storage(), ctx.sender())?;
    let mut stake = provider.stake();
    let claimable_at = ctx.now().saturating_add(ctx.config.unbonding_period);
    stake.unbond(amount, ctx.config.min_bond, claimable_at)?;
    provider.set_stake(stake, ctx.config.bond_per_slot);
    providers::save(ctx.storage_mut(), &provider)?;
    Ok(Response::new().add_event(provider.bond_changed()))
}
