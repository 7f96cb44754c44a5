//! What can go wrong, with the values that made it wrong.

use cosmwasm_std::{Addr, StdError};
use cw_ownable::OwnershipError;
use cw_utils::PaymentError;
use souk_api::{Permission, published::PublishedError};
use souk_core::{Amount, amount::AmountError, attributes::AttributeError};
use thiserror::Error;

use crate::{bond::BondError, gateway::GatewayError};

/// What can go wrong.
#[derive(Debug, Error, PartialEq)]
pub enum ContractError {
    /// The chain's own error.
    #[error(transparent)]
    Std(#[from] StdError),
    /// Handing over the ownership.
    #[error(transparent)]
    Ownership(#[from] OwnershipError),
    /// Coins that do not belong to the message, or are missing.
    #[error("{0}; bonds are paid in the registry's bond denom, other messages take no coins")]
    Payment(#[from] PaymentError),
    /// Another contract's record.
    #[error(transparent)]
    Published(#[from] PublishedError),
    /// An attribute that breaks a rule.
    #[error(transparent)]
    Attribute(#[from] AttributeError),
    /// An amount beyond its bounds.
    #[error(transparent)]
    Amount(#[from] AmountError),
    /// A gateway that tenants could not reach safely.
    #[error(transparent)]
    Gateway(#[from] GatewayError),
    /// What a bond does not allow.
    #[error(transparent)]
    Bond(#[from] BondError),
    /// The sender may not send this.
    #[error("{sender} may not send this message; it is for: {needed}")]
    NotPermitted {
        /// Who sent it.
        sender: Addr,
        /// Who may.
        needed: Permission,
    },
    /// No such provider.
    #[error("{provider} is not registered; register it first")]
    NotRegistered {
        /// The address asked for.
        provider: String,
    },
    /// It is registered already.
    #[error("{provider} is registered already; send update, set_operator or bond to change it")]
    AlreadyRegistered {
        /// The provider.
        provider: Addr,
    },
    /// Registrations are stopped.
    #[error("registrations are paused; try again when the guardian or owner has lifted the pause")]
    Paused,
    /// Bids or leases still count on the bond.
    #[error(
        "{used} slots are in use by bids and leases; close the leases and release the bids first"
    )]
    SlotsInUse {
        /// How many.
        used: u32,
    },
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
    /// A text that must say something.
    #[error("{0} is empty; it goes on the record, so say something")]
    Empty(&'static str),
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
    /// A configuration value outside its range.
    #[error("{what} is {value}, it must be {allowed}")]
    Config {
        /// Which one.
        what: &'static str,
        /// Its value.
        value: String,
        /// What would do.
        allowed: &'static str,
    },
    /// A slash of nothing.
    #[error("a slash of {asked} takes nothing: {provider} has {available} at stake")]
    NothingToSlash {
        /// The provider.
        provider: Addr,
        /// What was asked for.
        asked: Amount,
        /// What there is.
        available: Amount,
    },
}
