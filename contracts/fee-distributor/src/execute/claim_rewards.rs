//! Anyone lets a staker be paid its rewards.

use cosmwasm_std::Response;
use souk_api::fees::events::RewardsClaimed;
use souk_core::{Amount, Denom};

use super::Ctx;
use crate::{ContractError, pay, state};

/// Pays whole units in the denoms named, so that one that cannot be paid blocks no other.
/// Where nothing is owed nothing is paid; fractions of a unit stay the staker's.
pub fn claim_rewards(
    ctx: &mut Ctx,
    staker: &str,
    denoms: Vec<Denom>,
) -> Result<Response, ContractError> {
    let address = ctx.deps.api.addr_validate(staker)?;
    let totals = state::totals(ctx.deps.storage)?;
    let stake = state::staker(ctx.deps.storage, &address)?.stake;
    let mut response = Response::new();
    let mut done = Vec::new();
    // Distinct listed denoms: never more than can be listed.
    for denom in denoms {
        let place = ctx.config.place(&denom)?;
        if done.contains(&place) {
            return Err(ContractError::DuplicateDenom(denom));
        }
        done.push(place);
        let mut income = ctx.income(place, &totals)?;
        let mut reward = state::reward(ctx.deps.storage, &address, place)?;
        reward.settle(stake, &income.index);
        let amount = reward.take();
        if amount == Amount::ZERO {
            continue;
        }
        income.pay(&denom, amount)?;
        state::save_income(ctx.deps.storage, place, &income)?;
        state::save_reward(ctx.deps.storage, &address, place, &reward)?;
        let staker = address.to_string();
        response = response
            .add_messages(pay::pay(&denom, &staker, amount)?)
            .add_event(RewardsClaimed { staker, denom, amount });
    }
    Ok(response)
}
