//! An auditor attests attributes of a provider.

use cosmwasm_std::Response;
use souk_api::attestations::{Evidence, events::Attested};
use souk_core::{Attribute, attributes};

use super::{Ctx, check_text};
use crate::{
    ContractError,
    record::{self, MAX_VALUES},
    state,
};

const HASH_LEN: usize = 32;

/// The sender, as auditor, attests. A key attested before gets the new value and expiry;
/// others stay until they end.
pub fn attest(
    ctx: Ctx,
    provider: String,
    attributes: Vec<Attribute>,
    expires_at: u64,
    evidence: Option<Evidence>,
) -> Result<Response, ContractError> {
    ctx.no_coins()?;
    let config = state::config(ctx.deps.storage)?;
    if config.paused {
        return Err(ContractError::Paused);
    }
    let now = ctx.now();
    let latest = now.saturating_add(config.max_lifetime);
    if expires_at <= now || expires_at > latest {
        return Err(ContractError::Expiry { expires_at, now, latest });
    }
    attributes::check_claims(&attributes, MAX_VALUES)?;
    evidence.as_ref().map_or(Ok(()), check_evidence)?;

    let auditor = ctx.info.sender.clone();
    let provider = ctx.address(&provider)?;
    let count = u32::try_from(attributes.len()).unwrap_or(u32::MAX);
    let standing = state::record(ctx.deps.storage, &auditor, &provider)?;
    let record = record::merge(standing, attributes, expires_at, now)?;
    state::save_record(ctx.deps.storage, &auditor, &provider, &record)?;
    state::save_evidence(ctx.deps.storage, &auditor, &provider, evidence.as_ref())?;
    let (auditor, provider) = (auditor.into(), provider.into());
    Ok(Response::new().add_event(Attested { auditor, provider, count, expires_at }))
}

fn check_evidence(evidence: &Evidence) -> Result<(), ContractError> {
    let len = evidence.hash.len();
    if len != HASH_LEN {
        return Err(ContractError::EvidenceHash { len });
    }
    check_text("the evidence's uri", &evidence.uri)
}
