//! What the owner decided.

use cosmwasm_schema::cw_serde;
use cosmwasm_std::Addr;
use souk_api::{
    fees::{FeeEvent, Split},
    published::names,
};
use souk_core::{Amount, Denom};

use crate::{
    ContractError,
    rules::{income::Stakes, stake::Totals},
};

/// The configuration.
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
    /// When a guardian's pause ends or ended by itself, in seconds.
    #[serde(default, skip_serializing_if = "souk_core::time::is_zero")]
    pub pause_ends: u64,
}

/// A denom's index in the list of denoms, by which it is stored.
pub type DenomIndex = u8;

souk_contract_std::config!(Config { name: names::FEE_DISTRIBUTOR, events: FeeEvent, key: "c" });

impl Config {
    /// A listed denom's index.
    ///
    /// # Errors
    /// If it is not listed.
    pub fn index_of(&self, denom: &Denom) -> Result<DenomIndex, ContractError> {
        let index = self.denoms.iter().position(|listed| listed == denom);
        let index = index.and_then(|index| DenomIndex::try_from(index).ok());
        index.ok_or_else(|| ContractError::DenomNotListed(denom.clone()))
    }

    /// The indexes of all denoms.
    pub fn denom_indexes(&self) -> std::ops::Range<DenomIndex> {
        0..DenomIndex::try_from(self.denoms.len()).unwrap_or(DenomIndex::MAX)
    }

    /// The stakes by which income is shared.
    pub fn stakes(&self, totals: &Totals) -> Stakes {
        Stakes { total: totals.staked, min: self.min_total_stake }
    }

    /// What belongs to stakers in a denom: everything in the one that is staked.
    pub fn staked_of(&self, denom: &Denom, totals: &Totals) -> u128 {
        if denom.as_native() == Some(self.stake_denom.as_str()) { totals.sum() } else { 0 }
    }
}
