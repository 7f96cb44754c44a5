//! Who auditors say they are.

use cosmwasm_std::{Addr, StdResult, Storage};
use cw_storage_plus::Map;
use souk_api::attestations::Profile;

const PROFILES: Map<&Addr, Profile> = Map::new("f");

/// An auditor's profile, if it gave one.
///
/// # Errors
/// If it is stored in a form that cannot be read.
pub fn get(storage: &dyn Storage, auditor: &Addr) -> StdResult<Option<Profile>> {
    PROFILES.may_load(storage, auditor)
}

/// Saves an auditor's profile.
///
/// # Errors
/// If it cannot be written as JSON.
pub fn save(storage: &mut dyn Storage, auditor: &Addr, profile: &Profile) -> StdResult<()> {
    PROFILES.save(storage, auditor, profile)
}
