//! What the registry publishes of a provider, by raw reads.

use cosmwasm_std::Addr;
use souk_api::published::{self, ProviderRecord};

use crate::{ContractError, View};

/// A provider as the registry knows it; none if it is not registered (any more).
///
/// # Errors
/// If its record cannot be read.
pub fn find(view: &View, provider: &Addr) -> Result<Option<ProviderRecord>, ContractError> {
    let key = published::provider_key(provider.as_str());
    Ok(published::read(&view.querier, view.config.registry.as_str(), key)?)
}

/// A registered provider.
///
/// # Errors
/// If it is not registered, or if its record cannot be read.
pub fn get(view: &View, provider: &Addr) -> Result<ProviderRecord, ContractError> {
    find(view, provider)?.ok_or_else(|| ContractError::NotRegistered(provider.clone()))
}
