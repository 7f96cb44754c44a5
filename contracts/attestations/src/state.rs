//! Storage, behind functions that say what they mean.
//!
//! Published records (`a`, by auditor and provider) are read raw by the orderbook; evidence
//! (`e`) and the index from provider to auditors (`i`) serve queries alone.

use cosmwasm_schema::cw_serde;
use cosmwasm_std::{Addr, Empty, Order, StdResult, Storage, to_json_vec};
use cw_storage_plus::{Bound, Item, Map};
use souk_api::{
    attestations::{Evidence, Profile},
    published::{AttestationRecord, namespace},
};

use crate::{
    ContractError,
    record::{MAX_BYTES, RecordError},
};

const CONFIG: Item<Config> = Item::new("config");
const RECORDS: Map<(&Addr, &Addr), AttestationRecord> = Map::new(namespace::ATTESTATIONS);
const EVIDENCE: Map<(&Addr, &Addr), Evidence> = Map::new("e");
const BY_PROVIDER: Map<(&Addr, &Addr), Empty> = Map::new("i");
const PROFILES: Map<&Addr, Profile> = Map::new("f");

/// What the owner decided.
#[cw_serde]
pub struct Config {
    /// May stop new attestations.
    pub guardian: Addr,
    /// Longest lifetime in seconds.
    pub max_lifetime: u64,
    /// Whether new attestations are stopped.
    pub paused: bool,
}

/// The configuration.
pub fn config(storage: &dyn Storage) -> StdResult<Config> {
    CONFIG.load(storage)
}

/// Saves the configuration.
pub fn save_config(storage: &mut dyn Storage, config: &Config) -> StdResult<()> {
    CONFIG.save(storage, config)
}

/// What an auditor attests of a provider, if anything.
pub fn record(
    storage: &dyn Storage,
    auditor: &Addr,
    provider: &Addr,
) -> StdResult<Option<AttestationRecord>> {
    RECORDS.may_load(storage, (auditor, provider))
}

/// Publishes a record; an empty one is deleted with all that belongs to it. One above the
/// limit of bytes is refused.
pub fn save_record(
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
pub fn evidence(
    storage: &dyn Storage,
    auditor: &Addr,
    provider: &Addr,
) -> StdResult<Option<Evidence>> {
    EVIDENCE.may_load(storage, (auditor, provider))
}

/// Keeps what the latest attestation rests on, or that it rests on nothing.
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

/// Auditors that attest something of a provider, by address, after `start_after`.
pub fn auditors_of(
    storage: &dyn Storage,
    provider: &Addr,
    start_after: Option<&Addr>,
    limit: usize,
) -> StdResult<Vec<Addr>> {
    BY_PROVIDER
        .prefix(provider)
        .keys(storage, start_after.map(Bound::exclusive), None, Order::Ascending)
        .take(limit)
        .collect()
}

/// An auditor's profile, if it gave one.
pub fn profile(storage: &dyn Storage, auditor: &Addr) -> StdResult<Option<Profile>> {
    PROFILES.may_load(storage, auditor)
}

/// Saves an auditor's profile.
pub fn save_profile(storage: &mut dyn Storage, auditor: &Addr, profile: &Profile) -> StdResult<()> {
    PROFILES.save(storage, auditor, profile)
}
