//! What can go wrong, with the values that made it wrong.

use cosmwasm_std::Addr;
use souk_contract_std::CommonError;
use souk_core::attributes::AttributeError;
use thiserror::Error;

use crate::rules::{limits::LimitError, record::RecordError};

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
    /// What may not be attested or configured.
    #[error(transparent)]
    Limit(#[from] LimitError),
    /// Nothing stands that could be taken back.
    #[error("{auditor} attests nothing of {provider}")]
    NothingAttested {
        /// The auditor.
        auditor: Addr,
        /// The provider.
        provider: Addr,
    },
}

souk_contract_std::from_common!(ContractError);
