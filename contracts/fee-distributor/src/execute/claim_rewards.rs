//! Anyone lets a staker be paid its rewards.

use cosmwasm_std::Response;
use souk_api::fees::events::RewardsClaimed;
use souk_contract_std::pay;
use souk_core::{Amount, Denom};

use super::settle;
use crate::{
    ContractError, Ctx,
    state::{incomes, stakers},
};

/// Pays whole units in the denoms named, so that one that cannot be paid blocks no other.
/// Where nothing is owed nothing is paid; fractions of a unit stay the staker's.
///
/// # Errors
/// If a denom is not listed or named twice, or if the staker is not an address.
pub fn claim_rewards(
    ctx: &mut Ctx,
    staker: &str,
    denoms: Vec<Denom>,
) -> Result<Response, ContractError> {
    let address = ctx.address(staker)?;
    let totals = stakers::totals(ctx.storage())?;
    let stake = stakers::get(ctx.storage(), &address)?.stake;
    let mut response = Response::new();
    let mut done = Vec::new();
    // Distinct listed denoms: never more than can be listed.
    for denom in denoms {
        let index = ctx.config.index_of(&denom)?;
        if done.contains(&index) {
            return Err(ContractError::DuplicateDenom(denom));
        }
        done.push(index);
        let mut income = settle::income(ctx, index, &totals)?;
        let mut reward = stakers::reward(ctx.storage(), &address, index)?;
        reward.settle(stake, &income.index);
        let amount = reward.take();
        if amount == Amount::ZERO {
            continue;
        }
        income.pay(&denom, amount)?;
        incomes::save(ctx.storage_mut(), index, &income)?;
        stakers::save_reward(ctx.storage_mut(), &address, index, &reward)?;
        let staker = address.to_string();
        response = response
            .add_messages(pay::pay(&denom, &staker, amount)?)
            .add_event(RewardsClaimed { staker, denom, amount });
    }
    Ok(response)
}
