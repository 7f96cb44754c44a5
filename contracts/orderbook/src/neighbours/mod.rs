//! The contracts that the orderbook stands on.

use cosmwasm_std::QuerierWrapper;
use souk_api::published::{names, probe};

use crate::{ContractError, state::Config};

pub mod attestations;
pub mod escrow;
pub mod registry;

/// Makes sure that the neighbours are what they are said to be.
///
/// # Errors
/// If an address is another contract's or nobody's.
pub fn probe_all(querier: &QuerierWrapper, config: &Config) -> Result<(), ContractError> {
    for (address, name) in [
        (&config.escrow, names::ESCROW),
        (&config.registry, names::PROVIDER_REGISTRY),
        (&config.attestations, names::ATTESTATIONS),
    ] {
        probe(querier, address.as_str(), name)?;
    }
    Ok(())
}
