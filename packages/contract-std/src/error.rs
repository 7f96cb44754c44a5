//! What can go wrong in every contract, with the values that made it wrong.

use cosmwasm_std::{Addr, StdError};
use cw_ownable::OwnershipError;
use souk_api::Permission;
use souk_core::{Amount, Denom, amount::AmountError};
use thiserror::Error;

/// What can go wrong in every contract.
#[derive(Debug, Error, PartialEq)]
pub enum CommonError {
    /// The chain's own error.
    #[error(transparent)]
    Std(#[from] StdError),
    /// Handing over the ownership.
    #[error(transparent)]
    Ownership(#[from] OwnershipError),
    /// A number of base units that is out of bounds.
    #[error(transparent)]
    Amount(#[from] AmountError),
    /// The sender may not send this.
    #[error("{sender} may not send this message; it is for: {needed}")]
    NotPermitted {
        /// Who sent it.
        sender: Addr,
        /// Who may.
        needed: Permission,
    },
    /// New business is stopped.
    #[error(
        "the contract is paused: new business waits until its owner unpauses it, or until a \
         guardian's pause ends after a week"
    )]
    Paused,
    /// The guardian's last pause ended by itself not long ago.
    #[error(
        "the guardian's last pause ended by itself; it can pause again at second {again_at}, and \
         the owner at any time"
    )]
    PausedBefore {
        /// From when the guardian may pause again.
        again_at: u64,
    },
    /// An owner that leaves while nobody else can end a pause.
    #[error("the ownership cannot be given up during a pause: unpause first")]
    RenouncedInPause,
    /// Coins with a message that takes none.
    #[error("this message takes no coins, but {coins} came with it; send it without")]
    CoinsNotTaken {
        /// What came.
        coins: String,
    },
    /// Not exactly one kind of coin.
    #[error("send coins of exactly one denom with this message; {coins} came")]
    OneCoin {
        /// What came.
        coins: String,
    },
    /// Not the coin that is taken.
    #[error("send {denom} and nothing else with this message; {coins} came")]
    OtherCoin {
        /// What is taken.
        denom: String,
        /// What came.
        coins: String,
    },
    /// A bank denom that would be taken for a token.
    #[error(
        "the bank denom `{0}` is written as a cw20 token is; send the token itself, or another coin"
    )]
    TokenLikeDenom(String),
    /// A token that says more than it moved.
    #[error(
        "{token} says that {amount} came, but {needed} should be here with it and {has} are; a \
         token that takes a fee on transfers cannot be used"
    )]
    NotReceived {
        /// The token.
        token: Denom,
        /// What it says came.
        amount: Amount,
        /// What should be here: that and what is owed, in base units.
        needed: u128,
        /// What is here, in base units.
        has: u128,
    },
    /// Nothing, where something is needed.
    #[error("the amount must be at least 1 base unit")]
    ZeroAmount,
    /// A text that is too long.
    #[error("{what} has {len} bytes, the limit is {max}")]
    TooLong {
        /// Which text.
        what: &'static str,
        /// Its length in bytes.
        len: usize,
        /// The most.
        max: usize,
    },
    /// A list that is too long.
    #[error("{count} {what}, the limit is {max}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many.
        count: usize,
        /// The most.
        max: usize,
    },
    /// The stored contract is another one, newer, or says nothing of itself.
    #[error(
        "cannot migrate {found} to {code}; it takes the same contract of this version or older"
    )]
    Migration {
        /// Name and version as stored.
        found: String,
        /// Name and version of this code.
        code: String,
    },
}

/// Lets `?` turn the chain's errors and those of amounts into a contract's own, whose variant
/// `Common` holds a [`CommonError`].
#[macro_export]
macro_rules! from_common {
    ($error:ty) => {
        impl From<::cosmwasm_std::StdError> for $error {
            fn from(error: ::cosmwasm_std::StdError) -> Self {
                Self::Common(error.into())
            }
        }

        impl From<::souk_core::amount::AmountError> for $error {
            fn from(error: ::souk_core::amount::AmountError) -> Self {
                Self::Common(error.into())
            }
        }
    };
}
