//! What can go wrong, with the values that made it wrong.

use cosmwasm_std::Addr;
use souk_api::published::PublishedError;
use souk_contract_std::CommonError;
use souk_core::attributes::AttributeError;
use thiserror::Error;

use crate::rules::{
    bond::BondError, gateway::GatewayError, settings::SettingError, slashing::SlashError,
};

/// What can go wrong.
#[derive(Debug, Error, PartialEq)]
pub enum ContractError {
    /// What can go wrong in every contract.
    #[error(transparent)]
    Common(#[from] CommonError),
    /// Another contract's record.
    #[error(transparent)]
    Published(#[from] PublishedError),
    /// An attribute that breaks a rule.
    #[error(transparent)]
    Attribute(#[from] AttributeError),
    /// A gateway that tenants could not reach safely.
    #[error(transparent)]
    Gateway(#[from] GatewayError),
    /// What a bond does not allow.
    #[error(transparent)]
    Bond(#[from] BondError),
    /// No such provider.
    #[error("{provider} is not registered; register it first")]
    NotRegistered {
        /// The address asked for.
        provider: Addr,
    },
    /// It is registered already.
    #[error("{provider} is registered already; send update, set_operator or bond to change it")]
    AlreadyRegistered {
        /// The provider.
        provider: Addr,
    },
    /// Bids or leases still count on the bond.
    #[error(
        "{used} slots are in use by bids and leases; close the leases and release the bids first"
    )]
    SlotsInUse {
        /// How many.
        used: u32,
    },
    /// A text that must say something.
    #[error("{0} is empty; it goes on the record, so say something")]
    Empty(&'static str),
    /// A configuration value outside its range.
    #[error(transparent)]
    Config(#[from] SettingError),
    /// What a notice or a slash breaks.
    #[error(transparent)]
    Slash(#[from] SlashError),
    /// Nobody would get what is slashed.
    #[error("no receiver of slashed coins is set; the owner sets it by update_config")]
    NoSlashReceiver,
    /// The registry counts bonds, and would lose what it sent to itself.
    #[error("the registry cannot receive slashed coins itself: nobody could take them out")]
    ReceivesItself,
    /// An orderbook of another market.
    #[error(
        "orderbook {orderbook} counts on the bonds of registry {registry}, not of this one; it is set for \
         good, so look at its configuration"
    )]
    OrderbookOfAnother {
        /// The orderbook.
        orderbook: Addr,
        /// The registry that it names.
        registry: String,
    },
    /// Another orderbook would count the same bonds from nothing.
    #[error("the orderbook is {is} for good: another one would let a bond back its slots twice")]
    OrderbookIsSet {
        /// The orderbook.
        is: Addr,
    },
}

souk_contract_std::from_common!(ContractError);
