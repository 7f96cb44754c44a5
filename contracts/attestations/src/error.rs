//! What can go wrong, with the values that made it wrong.

use cosmwasm_std::{Addr, StdError};
use cw_ownable::OwnershipError;
use cw_utils::PaymentError;
use souk_api::Permission;
use souk_core::attributes::AttributeError;
use thiserror::Error;

use crate::record::RecordError;

/// What can go wrong.
#[derive(Debug, Error, PartialEq)]
pub enum ContractError {
    /// The chain's own error.
    #[error(transparent)]
    Std(#[from] StdError),
    /// Handing over the ownership.
    #[error(transparent)]
    Ownership(#[from] OwnershipError),
    /// Coins that do not belong to the message.
    #[error("{0}; attestations take no coins")]
    Payment(#[from] PaymentError),
    /// An attribute that breaks a rule.
    #[error(transparent)]
    Attribute(#[from] AttributeError),
    /// What a record does not allow.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The sender may not send this.
    #[error("{sender} may not send this message; it is for: {needed}")]
    NotPermitted {
        /// Who sent it.
        sender: Addr,
        /// Who may.
        needed: Permission,
    },
    /// New attestations are stopped.
    #[error("new attestations are paused; revoking works, attesting will when the pause is lifted")]
    Paused,
    /// An expiry that is past or too far away.
    #[error("expiry {expires_at} must lie after {now} and not beyond {latest}")]
    Expiry {
        /// What was asked for, in seconds.
        expires_at: u64,
        /// The block's time.
        now: u64,
        /// The latest that is allowed.
        latest: u64,
    },
    /// Nothing stands that could be taken back.
    #[error("{auditor} attests nothing of {provider}")]
    NothingAttested {
        /// The auditor.
        auditor: Addr,
        /// The provider.
        provider: Addr,
    },
    /// A hash of another length.
    #[error("the evidence's hash has {len} bytes; it is a SHA-256, 32 bytes")]
    EvidenceHash {
        /// Its length in bytes.
        len: usize,
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
    /// A lifetime out of range.
    #[error("a longest lifetime of {value} s; it must be {min} to {max} (an hour to ten years)")]
    MaxLifetime {
        /// What was given, in seconds.
        value: u64,
        /// The least.
        min: u64,
        /// The most.
        max: u64,
    },
}
