//! A staker takes what has unstaked.

use cosmwasm_std::Response;
use souk_api::fees::events::UnstakedClaimed;
use souk_contract_std::pay;
use souk_core::{Amount, Denom};

use crate::{ContractError, Ctx, state::stakers};

/// Pays the sender all that unstakes, if its delay is over.
///
/// # Errors
/// If nothing unstakes, or if it is too early.
pub fn claim_unstaked(ctx: &mut Ctx) -> Result<Response, ContractError> {
    let (address, now) = (ctx.sender().clone(), ctx.now());
    let mut staker = stakers::get(ctx.storage(), &address)?;
    if staker.unstaking == Amount::ZERO {
        return Err(ContractError::NothingUnstaking(address));
    }
    let claimable_at = staker.claimable_at;
    if now < claimable_at {
        return Err(ContractError::StillUnstaking { staker: address, claimable_at, now });
    }
    let mut totals = stakers::totals(ctx.storage())?;
    let denom = Denom::native(ctx.config.stake_denom.as_str());
    let Some(amount) = staker.take_unstaking(&mut totals) else {
        let (owed, asked) = (totals.unstaking, staker.unstaking);
        return Err(ContractError::Overdrawn { denom, owed, asked });
    };
    stakers::save(ctx.storage_mut(), &address, &staker)?;
    stakers::save_totals(ctx.storage_mut(), &totals)?;
    Ok(Response::new()
        .add_messages(pay::pay(&denom, address.as_str(), amount)?)
        .add_event(UnstakedClaimed { staker: address.into_string(), amount }))
}
