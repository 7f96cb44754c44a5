//! Answers for people and frontends; contracts read the published record.

use cosmwasm_std::{Addr, Deps, StdResult};
use souk_api::{
    attestations::{AttestationResponse, AttestationsResponse, AuditorResponse, ConfigResponse},
    paging,
};

use crate::state;

/// The configuration.
pub fn config(deps: Deps) -> StdResult<ConfigResponse> {
    let config = state::config(deps.storage)?;
    Ok(ConfigResponse {
        guardian: config.guardian.into(),
        max_lifetime: config.max_lifetime,
        paused: config.paused,
    })
}

/// What one auditor attests of one provider; without values if nothing.
pub fn attestation(deps: Deps, auditor: &str, provider: &str) -> StdResult<AttestationResponse> {
    let auditor = deps.api.addr_validate(auditor)?;
    let provider = deps.api.addr_validate(provider)?;
    describe(deps, auditor, &provider)
}

/// What all auditors attest of one provider, by auditor.
pub fn attestations(
    deps: Deps,
    provider: &str,
    start_after: Option<String>,
    limit: Option<u32>,
) -> StdResult<AttestationsResponse> {
    let provider = deps.api.addr_validate(provider)?;
    let start = start_after.map(|auditor| deps.api.addr_validate(&auditor)).transpose()?;
    let limit = paging::limit(limit);
    let auditors = state::auditors_of(deps.storage, &provider, start.as_ref(), limit)?;
    let attestations = auditors.into_iter().map(|auditor| describe(deps, auditor, &provider));
    Ok(AttestationsResponse { attestations: attestations.collect::<StdResult<_>>()? })
}

/// Who an auditor says it is.
pub fn auditor(deps: Deps, auditor: &str) -> StdResult<AuditorResponse> {
    let auditor = deps.api.addr_validate(auditor)?;
    let profile = state::profile(deps.storage, &auditor)?;
    Ok(AuditorResponse { auditor: auditor.into(), profile })
}

fn describe(deps: Deps, auditor: Addr, provider: &Addr) -> StdResult<AttestationResponse> {
    let record = state::record(deps.storage, &auditor, provider)?;
    let evidence = state::evidence(deps.storage, &auditor, provider)?;
    Ok(AttestationResponse {
        auditor: auditor.into(),
        provider: provider.to_string(),
        values: record.map(|record| record.values).unwrap_or_default(),
        evidence,
    })
}
