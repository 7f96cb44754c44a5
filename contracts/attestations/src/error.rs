//! What can go wrong, with the values that made it wrong.

use cosmwasm_std::Addr;
use souk_contract_std::CommonError;
use souk_core::attributes::AttributeError;
use thiserror::Error;

use crate::rules::record::RecordError;

/// What can go wrong.
#[derive(Debug, Error, PartialEq)]
pub enum ContractError {
    /// What can go wrong in every contract.
    #[error(transparent)]
    Common(#[from] CommonError),
    /// An attribute that breaks a rule.
    #[error(transparent)]
    Attribute(#[from] AttributeError),
    /// What a record does not allow.
    #[error(transparent)]
    Record(#[from] RecordError),
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

souk_contract_std::from_common!(ContractError);
