//! What several auditors attest of one provider.

use cosmwasm_std::Addr;
use souk_api::{
    attestations::{CheckResponse, CheckedResponse, MAX_CHECKED, MAX_CHECKED_KEYS},
    published::AttestedValue,
};
use souk_contract_std::limits::{check_count, distinct};

use crate::{ContractError, View, state::records};

/// Of the keys asked for, at the moment asked for.
///
/// # Errors
/// If an address is not valid on this chain, or if there are too many auditors or keys.
pub fn check(
    view: &View,
    provider: &str,
    auditors: &[String],
    keys: Option<&[String]>,
    at: Option<u64>,
) -> Result<CheckResponse, ContractError> {
    check_count("auditors", auditors.len(), MAX_CHECKED)?;
    check_count("keys", keys.map_or(0, <[String]>::len), MAX_CHECKED_KEYS)?;
    let provider = view.address(provider)?;
    let mut checked = Vec::with_capacity(auditors.len());
    for auditor in distinct(auditors) {
        let auditor: Addr = view.address(auditor)?;
        let record = records::get(view.storage, &auditor, &provider)?;
        let mut values = record.map(|record| record.values).unwrap_or_default();
        values.retain(|value| is_asked(value, keys, at));
        checked.push(CheckedResponse { auditor: auditor.into(), values });
    }
    Ok(CheckResponse { auditors: checked })
}

fn is_asked(value: &AttestedValue, keys: Option<&[String]>, at: Option<u64>) -> bool {
    let counts = at.is_none_or(|at| value.expires_at > at);
    let named = |key: &String| match key.strip_suffix('*') {
        Some(start) => value.key.starts_with(start),
        None => value.key == *key,
    };
    counts && keys.is_none_or(|keys| keys.iter().any(named))
}
