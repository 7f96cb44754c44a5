//! What auditors attest of a provider, by raw reads.

use cosmwasm_std::Addr;
use souk_api::published::{self, AttestationRecord, PublishedError};
use souk_core::Attribute;

use crate::View;

/// What an auditor attests of a provider and does not expire before `moment`.
///
/// # Errors
/// If the record cannot be read.
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
