//! Stakers with their rewards, counted to the block's time.

use cosmwasm_std::{Addr, StdResult};
use souk_api::fees::{RewardResponse, StakerResponse, StakersResponse};
use souk_contract_std::Page;
use souk_core::Amount;

use crate::{
    View,
    rules::{income::Income, stake::Staker},
    state::{DenomIndex, incomes, stakers},
};

/// One staker.
pub fn staker(view: &View, staker: &str) -> StdResult<StakerResponse> {
    let address = view.address(staker)?;
    let staker = stakers::get(view.storage, &address)?;
    describe(view, &all_incomes(view)?, address, staker)
}

/// A page of stakers.
pub fn stakers(
    view: &View,
    start_after: Option<String>,
    limit: Option<u32>,
) -> StdResult<StakersResponse> {
    let start_after = start_after.map(|address| view.address(&address)).transpose()?;
    let page = stakers::page(view.storage, Page::new(start_after.as_ref(), limit))?;
    let incomes = all_incomes(view)?;
    let described =
        page.into_iter().map(|(address, staker)| describe(view, &incomes, address, staker));
    Ok(StakersResponse { stakers: described.collect::<StdResult<_>>()? })
}

/// Every denom's account as it stands now.
fn all_incomes(view: &View) -> StdResult<Vec<(DenomIndex, Income)>> {
    let stakes = view.config.stakes(&stakers::totals(view.storage)?);
    let income = |denom| Ok((denom, incomes::at(view.storage, denom, view.now(), stakes)?));
    view.config.denom_indexes().map(income).collect()
}

fn describe(
    view: &View,
    incomes: &[(DenomIndex, Income)],
    address: Addr,
    staker: Staker,
) -> StdResult<StakerResponse> {
    let mut rewards = Vec::new();
    for (denom, (index, income)) in view.config.denoms.iter().zip(incomes) {
        let mut reward = stakers::reward(view.storage, &address, *index)?;
        reward.settle(staker.stake, &income.index);
        rewards.push(RewardResponse { denom: denom.clone(), amount: reward.payable() });
    }
    let claimable_at = (staker.unstaking > Amount::ZERO).then_some(staker.claimable_at);
    let (staker, stake, unstaking) = (address.into(), staker.stake, staker.unstaking);
    Ok(StakerResponse { staker, stake, unstaking, claimable_at, rewards })
}
