//! Answers for people and frontends.

use cosmwasm_std::{Addr, Binary, Deps, Env, StdResult, to_json_binary};
use souk_api::{
    fees::{ConfigResponse, DenomResponse, RewardResponse, StakerResponse, StakersResponse},
    paging,
};
use souk_core::{Amount, Denom};

use crate::{
    ContractError,
    income::Income,
    pay,
    stake::Staker,
    state::{self, Config, Place},
};

/// The configuration.
pub fn config(deps: Deps) -> Result<Binary, ContractError> {
    let config = state::config(deps.storage)?;
    Ok(to_json_binary(&ConfigResponse {
        guardian: config.guardian.into(),
        pool: config.pool.into(),
        stake_denom: config.stake_denom,
        denoms: config.denoms,
        split: config.split,
        min_total_stake: config.min_total_stake,
        drip_period: config.drip_period,
        unstaking_period: config.unstaking_period,
        total_stake: state::totals(deps.storage)?.staked,
        paused: config.paused,
    })?)
}

/// Where a denom's income is now.
pub fn denom(deps: Deps, env: &Env, denom: Denom) -> Result<Binary, ContractError> {
    let config = state::config(deps.storage)?;
    let place = config.place(&denom)?;
    let totals = state::totals(deps.storage)?;
    let now = env.block.time.seconds();
    let income = state::income_at(deps.storage, place, now, config.stakes(&totals))?;
    let is_staked = denom.as_native() == Some(config.stake_denom.as_str());
    let staked = if is_staked { totals.sum() } else { 0 };
    let balance = pay::balance(deps, env, &denom)?;
    let came = income.undistributed(balance, staked).u128();
    let dripping = income.dripping();
    Ok(to_json_binary(&DenomResponse {
        undistributed: Amount::saturating(came.saturating_add(income.pool.u128())),
        dripping,
        unclaimed: income.stakers.saturating_sub(dripping),
        pending_burn: income.burn,
        to_pool: income.to_pool,
        burned: income.burned,
    })?)
}

/// One staker.
pub fn staker(deps: Deps, env: &Env, staker: &str) -> Result<Binary, ContractError> {
    let config = state::config(deps.storage)?;
    let address = deps.api.addr_validate(staker)?;
    let staker = state::staker(deps.storage, &address)?;
    let incomes = incomes(deps, env, &config)?;
    Ok(to_json_binary(&shown(deps, &config, &incomes, address, staker)?)?)
}

/// A page of stakers.
pub fn stakers(
    deps: Deps,
    env: &Env,
    start_after: Option<String>,
    limit: Option<u32>,
) -> Result<Binary, ContractError> {
    let config = state::config(deps.storage)?;
    let after = start_after.map(|after| deps.api.addr_validate(&after)).transpose()?;
    let page = state::stakers(deps.storage, after.as_ref(), paging::limit(limit))?;
    let incomes = incomes(deps, env, &config)?;
    let shown = |(address, staker)| shown(deps, &config, &incomes, address, staker);
    let stakers = page.into_iter().map(shown).collect::<StdResult<_>>()?;
    Ok(to_json_binary(&StakersResponse { stakers })?)
}

/// Who owns the contract.
pub fn ownership(deps: Deps) -> Result<Binary, ContractError> {
    Ok(to_json_binary(&cw_ownable::get_ownership(deps.storage)?)?)
}

/// Every denom's account as it stands now.
fn incomes(deps: Deps, env: &Env, config: &Config) -> StdResult<Vec<(Place, Income)>> {
    let stakes = config.stakes(&state::totals(deps.storage)?);
    let now = env.block.time.seconds();
    let income = |place| Ok((place, state::income_at(deps.storage, place, now, stakes)?));
    config.places().map(income).collect()
}

fn shown(
    deps: Deps,
    config: &Config,
    incomes: &[(Place, Income)],
    address: Addr,
    staker: Staker,
) -> StdResult<StakerResponse> {
    let mut rewards = Vec::new();
    for (denom, (place, income)) in config.denoms.iter().zip(incomes) {
        let mut reward = state::reward(deps.storage, &address, *place)?;
        reward.settle(staker.stake, &income.index);
        rewards.push(RewardResponse { denom: denom.clone(), amount: reward.payable() });
    }
    let claimable_at = (staker.unstaking > Amount::ZERO).then_some(staker.claimable_at);
    let (staker, stake, unstaking) = (address.into(), staker.stake, staker.unstaking);
    Ok(StakerResponse { staker, stake, unstaking, claimable_at, rewards })
}
