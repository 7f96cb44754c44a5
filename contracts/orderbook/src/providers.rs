//! What registry and attestations publish of a provider, by raw reads.

use cosmwasm_std::Addr;
use souk_api::published::{self, AttestationRecord, ProviderRecord, PublishedError};
use souk_core::Attribute;

use crate::{ContractError, ctx::View};

/// A provider as the registry knows it; none if it is not registered (any more).
pub fn find(view: &View, provider: &Addr) -> Result<Option<ProviderRecord>, ContractError> {
    let key = published::provider_key(provider.as_str());
    Ok(published::read(&view.querier, view.config.registry.as_str(), key)?)
}

/// A registered provider.
pub fn get(view: &View, provider: &Addr) -> Result<ProviderRecord, ContractError> {
    find(view, provider)?.ok_or_else(|| ContractError::NotRegistered(provider.clone()))
}

/// What an auditor attests of a provider and does not expire before `moment`.
pub fn attested(
    view: &View,
    auditor: &str,
    provider: &Addr,
    moment: u64,
) -> Result<Vec<Attribute>, PublishedError> {
    let key = published::attestation_key(auditor, provider.as_str());
    let contract = view.config.attestations.as_str();
    let record: Option<AttestationRecord> = published::read(&view.querier, contract, key)?;
    Ok(record.map(|record| record.valid_at(moment)).unwrap_or_default())
}
