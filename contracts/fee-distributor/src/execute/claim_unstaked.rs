//! A staker takes what has unstaked.

use cosmwasm_std::Response;
use souk_api::fees::events::UnstakedClaimed;
use souk_core::{Amount, Denom};

use super::Ctx;
use crate::{ContractError, pay, state};

/// Pays the sender all that unstakes, if its delay is over.
pub fn claim_unstaked(ctx: &mut Ctx) -> Result<Response, ContractError> {
    let (address, now) = (ctx.info.sender.clone(), ctx.now());
    let mut staker = state::staker(ctx.deps.storage, &address)?;
    if staker.unstaking == Amount::ZERO {
        return Err(ContractError::NothingUnstaking(address));
    }
    let claimable_at = staker.claimable_at;
    if now < claimable_at {
        return Err(ContractError::StillUnstaking { staker: address, claimable_at, now });
    }
    let mut totals = state::totals(ctx.deps.storage)?;
    let amount = staker.take_unstaking(&mut totals);
    state::save_staker(ctx.deps.storage, &address, &staker)?;
    state::save_totals(ctx.deps.storage, &totals)?;
    let denom = Denom::native(ctx.config.stake_denom.as_str());
    Ok(Response::new()
        .add_messages(pay::pay(&denom, address.as_str(), amount)?)
        .add_event(UnstakedClaimed { staker: address.into_string(), amount }))
}
