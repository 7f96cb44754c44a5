//! What can go wrong, with the values that made it wrong.

use cosmwasm_std::Addr;
use souk_api::fees::Split;
use souk_contract_std::CommonError;
use souk_core::{Amount, Denom};
use thiserror::Error;

/// What can go wrong.
#[derive(Debug, Error, PartialEq)]
pub enum ContractError {
    /// What can go wrong in every contract.
    #[error(transparent)]
    Common(#[from] CommonError),
    /// More than can be counted.
    #[error("staking {amount} would exceed {max} in all", max = Amount::MAX)]
    TooMuchStaked {
        /// What was to be staked.
        amount: Amount,
    },
    /// More than the sender has staked.
    #[error("{staker} has staked {stake}; {asked} asked")]
    NotStaked {
        /// The staker.
        staker: Addr,
        /// What it has.
        stake: Amount,
        /// What it asked.
        asked: Amount,
    },
    /// Nothing to claim.
    #[error("{0} has nothing that unstakes")]
    NothingUnstaking(Addr),
    /// Too early.
    #[error("what {staker} unstakes can be claimed at second {claimable_at}; it is {now}")]
    StillUnstaking {
        /// The staker.
        staker: Addr,
        /// From when.
        claimable_at: u64,
        /// The block's time.
        now: u64,
    },
    /// A denom that is not taken.
    #[error("{0} is not listed; the owner can add it")]
    DenomNotListed(Denom),
    /// More would leave than came in. Cannot happen; stops it if it did.
    #[error("{denom}: {asked} asked, {owed} owed to stakers in all")]
    Overdrawn {
        /// The denom.
        denom: Denom,
        /// What is owed to stakers.
        owed: Amount,
        /// What was to be paid.
        asked: Amount,
    },

    /// A denom that is none.
    #[error("`{0}` cannot be listed as a denom")]
    BadDenom(String),
    /// An entry twice.
    #[error("{0} stands there twice")]
    DuplicateDenom(Denom),
    /// Parts that do not make a whole.
    #[error(
        "pool {}, stakers {} and burn {} sum to {sum}; they must sum to 10000",
        split.pool_bps, split.stakers_bps, split.burn_bps
    )]
    Split {
        /// What was given.
        split: Split,
        /// Its sum.
        sum: u32,
    },
    /// A minimum of nothing.
    #[error("the least total stake must be at least 1")]
    ZeroMinimum,
    /// A period outside its range.
    #[error("{what} is {found} s; allowed is {min} to {max}")]
    Period {
        /// Which period.
        what: &'static str,
        /// What was given.
        found: u64,
        /// The least.
        min: u64,
        /// The most.
        max: u64,
    },
}

souk_contract_std::from_common!(ContractError);
