//! The account of each denom, and when its drips end.

use cosmwasm_std::{StdResult, Storage, Uint256};
use cw_storage_plus::Map;

use super::DenomIndex;
use crate::rules::{
    drip::Added,
    income::{Income, Stakes},
};

const INCOME: Map<DenomIndex, Income> = Map::new("i");
const ENDING: Map<(DenomIndex, u64), Uint256> = Map::new("e");

/// A denom's account, counted until now and saved if that changed it.
///
/// # Errors
/// If what is stored of it cannot be read, or a sum is out of bounds.
pub fn settled(
    storage: &mut dyn Storage,
    denom: DenomIndex,
    now: u64,
    stakes: Stakes,
) -> StdResult<Income> {
    let mut income = saved(storage, denom)?;
    if income.drip.rate.is_zero() {
        income.drip.at = now;
        return Ok(income);
    }
    income.settle(now, stakes, |day| take_ending(storage, denom, day))?;
    save(storage, denom, &income)?;
    Ok(income)
}

/// A denom's account as it would be if it were counted now.
///
/// # Errors
/// If what is stored of it cannot be read, or a sum is out of bounds.
pub fn at(storage: &dyn Storage, denom: DenomIndex, now: u64, stakes: Stakes) -> StdResult<Income> {
    let mut income = saved(storage, denom)?;
    income.settle(now, stakes, |day| ending(storage, denom, day))?;
    Ok(income)
}

/// Saves a denom's account.
///
/// # Errors
/// If it cannot be written as JSON.
pub fn save(storage: &mut dyn Storage, denom: DenomIndex, income: &Income) -> StdResult<()> {
    INCOME.save(storage, denom, income)
}

/// Notes when a new drip ends.
///
/// # Errors
/// If the rate that ends on the same day already cannot be read.
pub fn save_ending(storage: &mut dyn Storage, denom: DenomIndex, added: &Added) -> StdResult<()> {
    let former = ending(storage, denom, added.end_day)?;
    ENDING.save(storage, (denom, added.end_day), &former.saturating_add(added.rate))
}

fn saved(storage: &dyn Storage, denom: DenomIndex) -> StdResult<Income> {
    Ok(INCOME.may_load(storage, denom)?.unwrap_or_default())
}

fn ending(storage: &dyn Storage, denom: DenomIndex, day: u64) -> StdResult<Uint256> {
    Ok(ENDING.may_load(storage, (denom, day))?.unwrap_or_default())
}

fn take_ending(storage: &mut dyn Storage, denom: DenomIndex, day: u64) -> StdResult<Uint256> {
    let rate = ending(storage, denom, day)?;
    if !rate.is_zero() {
        ENDING.remove(storage, (denom, day));
    }
    Ok(rate)
}
