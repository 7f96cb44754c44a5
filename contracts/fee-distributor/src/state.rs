//! Storage, behind functions that say what they mean; nobody else touches a map. A denom is
//! known by its place in the list, to which denoms are only ever added.

use cosmwasm_schema::cw_serde;
use cosmwasm_std::{Addr, Order, StdResult, Storage, Uint256};
use cw_storage_plus::{Bound, Item, Map};
use souk_api::fees::Split;
use souk_core::{Amount, Denom};

use crate::{
    ContractError,
    drip::Added,
    income::{Income, Stakes},
    reward::Reward,
    stake::{Staker, Totals},
};

/// What the owner settled.
#[cw_serde]
pub struct Config {
    /// May stop staking.
    pub guardian: Addr,
    /// Where the community pool's part goes.
    pub pool: Addr,
    /// The native denom that is staked.
    pub stake_denom: String,
    /// Denoms in which income is taken.
    pub denoms: Vec<Denom>,
    /// How income is split.
    pub split: Split,
    /// Below this total stake the stakers' part goes to the pool.
    pub min_total_stake: Amount,
    /// Seconds over which income drips.
    pub drip_period: u64,
    /// Seconds until unstaked coins can be claimed.
    pub unstaking_period: u64,
    /// Whether staking is stopped.
    pub paused: bool,
}

/// A denom's place in the list.
pub type Place = u8;

const CONFIG: Item<Config> = Item::new("c");
const TOTALS: Item<Totals> = Item::new("t");
const INCOME: Map<Place, Income> = Map::new("i");
const ENDING: Map<(Place, u64), Uint256> = Map::new("e");
const STAKERS: Map<&Addr, Staker> = Map::new("s");
const REWARDS: Map<(&Addr, Place), Reward> = Map::new("r");

impl Config {
    /// A listed denom's place.
    pub fn place(&self, denom: &Denom) -> Result<Place, ContractError> {
        let place = self.denoms.iter().position(|listed| listed == denom);
        let place = place.and_then(|place| Place::try_from(place).ok());
        place.ok_or_else(|| ContractError::DenomNotListed(denom.clone()))
    }

    /// All places.
    pub fn places(&self) -> std::ops::Range<Place> {
        0..Place::try_from(self.denoms.len()).unwrap_or(Place::MAX)
    }

    /// The stakes by which income is shared.
    pub fn stakes(&self, totals: &Totals) -> Stakes {
        Stakes { total: totals.staked, min: self.min_total_stake }
    }
}

/// The configuration.
pub fn config(storage: &dyn Storage) -> StdResult<Config> {
    CONFIG.load(storage)
}

/// Keeps the configuration.
pub fn save_config(storage: &mut dyn Storage, config: &Config) -> StdResult<()> {
    CONFIG.save(storage, config)
}

/// All that is staked.
pub fn totals(storage: &dyn Storage) -> StdResult<Totals> {
    Ok(TOTALS.may_load(storage)?.unwrap_or_default())
}

/// Keeps all that is staked.
pub fn save_totals(storage: &mut dyn Storage, totals: &Totals) -> StdResult<()> {
    TOTALS.save(storage, totals)
}

/// A denom's account, folded until now and saved if that changed it.
pub fn folded_income(
    storage: &mut dyn Storage,
    place: Place,
    now: u64,
    stakes: Stakes,
) -> StdResult<Income> {
    let mut income = saved_income(storage, place)?;
    if income.drip.rate.is_zero() {
        income.drip.at = now;
        return Ok(income);
    }
    income.fold(now, stakes, |day| take_ending(storage, place, day))?;
    save_income(storage, place, &income)?;
    Ok(income)
}

/// A denom's account as it would be if it were folded now.
pub fn income_at(
    storage: &dyn Storage,
    place: Place,
    now: u64,
    stakes: Stakes,
) -> StdResult<Income> {
    let mut income = saved_income(storage, place)?;
    income.fold(now, stakes, |day| ending(storage, place, day))?;
    Ok(income)
}

/// Keeps a denom's account.
pub fn save_income(storage: &mut dyn Storage, place: Place, income: &Income) -> StdResult<()> {
    INCOME.save(storage, place, income)
}

/// Notes when a new drip ends.
pub fn save_ending(storage: &mut dyn Storage, place: Place, added: &Added) -> StdResult<()> {
    let former = ending(storage, place, added.end_day)?;
    ENDING.save(storage, (place, added.end_day), &former.saturating_add(added.rate))
}

/// A staker; of one who never staked, nothing.
pub fn staker(storage: &dyn Storage, address: &Addr) -> StdResult<Staker> {
    Ok(STAKERS.may_load(storage, address)?.unwrap_or_default())
}

/// Keeps a staker, or forgets one who has nothing here any more but rewards.
pub fn save_staker(storage: &mut dyn Storage, address: &Addr, staker: &Staker) -> StdResult<()> {
    if staker.is_gone() {
        STAKERS.remove(storage, address);
        return Ok(());
    }
    STAKERS.save(storage, address, staker)
}

/// Stakers after an address.
pub fn stakers(
    storage: &dyn Storage,
    after: Option<&Addr>,
    limit: usize,
) -> StdResult<Vec<(Addr, Staker)>> {
    let from = after.map(Bound::exclusive);
    STAKERS.range(storage, from, None, Order::Ascending).take(limit).collect()
}

/// What a staker has earned in a denom.
pub fn reward(storage: &dyn Storage, address: &Addr, place: Place) -> StdResult<Reward> {
    Ok(REWARDS.may_load(storage, (address, place))?.unwrap_or_default())
}

/// Keeps what a staker has earned in a denom.
pub fn save_reward(
    storage: &mut dyn Storage,
    address: &Addr,
    place: Place,
    reward: &Reward,
) -> StdResult<()> {
    REWARDS.save(storage, (address, place), reward)
}

fn saved_income(storage: &dyn Storage, place: Place) -> StdResult<Income> {
    Ok(INCOME.may_load(storage, place)?.unwrap_or_default())
}

fn ending(storage: &dyn Storage, place: Place, day: u64) -> StdResult<Uint256> {
    Ok(ENDING.may_load(storage, (place, day))?.unwrap_or_default())
}

fn take_ending(storage: &mut dyn Storage, place: Place, day: u64) -> StdResult<Uint256> {
    let rate = ending(storage, place, day)?;
    if !rate.is_zero() {
        ENDING.remove(storage, (place, day));
    }
    Ok(rate)
}
