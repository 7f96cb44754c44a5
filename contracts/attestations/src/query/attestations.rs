//! What auditors attest of providers.

use cosmwasm_std::{Addr, StdResult};
use souk_api::attestations::{AttestationResponse, AttestationsResponse};
use souk_contract_std::Page;

use crate::{View, state::records};

/// What one auditor attests of one provider; without values if nothing.
pub fn attestation(view: &View, auditor: &str, provider: &str) -> StdResult<AttestationResponse> {
    let auditor = view.address(auditor)?;
    let provider = view.address(provider)?;
    describe(view, auditor, &provider)
}

/// What all auditors attest of one provider, by auditor.
pub fn attestations(
    view: &View,
    provider: &str,
    start_after: Option<String>,
    limit: Option<u32>,
) -> StdResult<AttestationsResponse> {
    let provider = view.address(provider)?;
    let start_after = start_after.map(|auditor| view.address(&auditor)).transpose()?;
    let page = Page::new(start_after.as_ref(), limit);
    let auditors = records::auditors(view.storage, &provider, page)?;
    let attestations = auditors.into_iter().map(|auditor| describe(view, auditor, &provider));
    Ok(AttestationsResponse { attestations: attestations.collect::<StdResult<_>>()? })
}

fn describe(view: &View, auditor: Addr, provider: &Addr) -> StdResult<AttestationResponse> {
    let record = records::get(view.storage, &auditor, provider)?;
    let evidence = records::evidence(view.storage, &auditor, provider)?;
    Ok(AttestationResponse {
        auditor: auditor.into(),
        provider: provider.to_string(),
        values: record.map(|record| record.values).unwrap_or_default(),
        evidence,
    })
}
