//! What auditors attest of providers: the published record, its evidence, and the index from
//! provider to auditors.

use cosmwasm_std::{Addr, Empty, StdResult, Storage, to_json_vec};
use cw_storage_plus::Map;
use souk_api::{
    attestations::Evidence,
    published::{AttestationRecord, namespace},
};
use souk_contract_std::Page;

use crate::{
    ContractError,
    rules::record::{MAX_BYTES, RecordError},
};

const RECORDS: Map<(&Addr, &Addr), AttestationRecord> = Map::new(namespace::ATTESTATIONS);
const EVIDENCE: Map<(&Addr, &Addr), Evidence> = Map::new("e");
const BY_PROVIDER: Map<(&Addr, &Addr), Empty> = Map::new("i");

/// What an auditor attests of a provider, if anything.
///
/// # Errors
/// If it is stored in a form that cannot be read.
pub fn get(
    storage: &dyn Storage,
    auditor: &Addr,
    provider: &Addr,
) -> StdResult<Option<AttestationRecord>> {
    RECORDS.may_load(storage, (auditor, provider))
}

/// Publishes a record; an empty one is deleted with all that belongs to it.
///
/// # Errors
/// If it has more than [`MAX_BYTES`].
pub fn save(
    storage: &mut dyn Storage,
    auditor: &Addr,
    provider: &Addr,
    record: &AttestationRecord,
) -> Result<(), ContractError> {
    if record.values.is_empty() {
        RECORDS.remove(storage, (auditor, provider));
        EVIDENCE.remove(storage, (auditor, provider));
        BY_PROVIDER.remove(storage, (provider, auditor));
        return Ok(());
    }
    let bytes = to_json_vec(record)?.len();
    if bytes > MAX_BYTES {
        return Err(RecordError::TooLarge { bytes }.into());
    }
    if !RECORDS.has(storage, (auditor, provider)) {
        BY_PROVIDER.save(storage, (provider, auditor), &Empty {})?;
    }
    RECORDS.save(storage, (auditor, provider), record)?;
    Ok(())
}

/// What the latest attestation rests on.
///
/// # Errors
/// If it is stored in a form that cannot be read.
pub fn evidence(
    storage: &dyn Storage,
    auditor: &Addr,
    provider: &Addr,
) -> StdResult<Option<Evidence>> {
    EVIDENCE.may_load(storage, (auditor, provider))
}

/// Keeps what the latest attestation rests on, or that it rests on nothing.
///
/// # Errors
/// If it cannot be written as JSON.
pub fn save_evidence(
    storage: &mut dyn Storage,
    auditor: &Addr,
    provider: &Addr,
    evidence: Option<&Evidence>,
) -> StdResult<()> {
    match evidence {
        Some(evidence) => EVIDENCE.save(storage, (auditor, provider), evidence),
        None => {
            EVIDENCE.remove(storage, (auditor, provider));
            Ok(())
        }
    }
}

/// Auditors that attest something of a provider, by address.
///
/// # Errors
/// If a key of the index cannot be read.
pub fn auditors(storage: &dyn Storage, provider: &Addr, page: Page<&Addr>) -> StdResult<Vec<Addr>> {
    page.keys_within(BY_PROVIDER.prefix(provider), storage)
}
