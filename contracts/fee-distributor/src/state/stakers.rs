//! What is staked, by one and by all, and what stakers have earned.

use cosmwasm_std::{Addr, StdResult, Storage};
use cw_storage_plus::{Item, Map};
use souk_contract_std::Page;

use super::DenomIndex;
use crate::rules::{
    reward::Reward,
    stake::{Staker, Totals},
};

const TOTALS: Item<Totals> = Item::new("t");
const STAKERS: Map<&Addr, Staker> = Map::new("s");
const REWARDS: Map<(&Addr, DenomIndex), Reward> = Map::new("r");

/// All that is staked.
///
/// # Errors
/// If it is stored in a form that cannot be read.
pub fn totals(storage: &dyn Storage) -> StdResult<Totals> {
    Ok(TOTALS.may_load(storage)?.unwrap_or_default())
}

/// Saves all that is staked.
///
/// # Errors
/// If it cannot be written as JSON.
pub fn save_totals(storage: &mut dyn Storage, totals: &Totals) -> StdResult<()> {
    TOTALS.save(storage, totals)
}

/// A staker; of one who never staked, nothing.
///
/// # Errors
/// If it is stored in a form that cannot be read.
pub fn get(storage: &dyn Storage, address: &Addr) -> StdResult<Staker> {
    Ok(STAKERS.may_load(storage, address)?.unwrap_or_default())
}

/// Saves a staker, or deletes one who has nothing here any more but rewards.
///
/// # Errors
/// If it cannot be written as JSON.
pub fn save(storage: &mut dyn Storage, address: &Addr, staker: &Staker) -> StdResult<()> {
    if staker.is_gone() {
        STAKERS.remove(storage, address);
        return Ok(());
    }
    STAKERS.save(storage, address, staker)
}

/// Stakers by address.
///
/// # Errors
/// If an entry is stored in a form that cannot be read.
pub fn page(storage: &dyn Storage, page: Page<&Addr>) -> StdResult<Vec<(Addr, Staker)>> {
    page.of(&STAKERS, storage)
}

/// What a staker has earned in a denom.
///
/// # Errors
/// If it is stored in a form that cannot be read.
pub fn reward(storage: &dyn Storage, address: &Addr, denom: DenomIndex) -> StdResult<Reward> {
    Ok(REWARDS.may_load(storage, (address, denom))?.unwrap_or_default())
}

/// Saves what a staker has earned in a denom.
///
/// # Errors
/// If it cannot be written as JSON.
pub fn save_reward(
    storage: &mut dyn Storage,
    address: &Addr,
    denom: DenomIndex,
    reward: &Reward,
) -> StdResult<()> {
    REWARDS.save(storage, (address, denom), reward)
}
