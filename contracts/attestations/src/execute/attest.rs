//! An auditor attests attributes of a provider.

use cosmwasm_std::Response;
use souk_api::attestations::{Evidence, events::Attested};
use souk_core::{Attribute, attributes};

use crate::{
    ContractError, Ctx,
    rules::{
        limits,
        record::{self, MAX_VALUES},
    },
    state::records,
};

/// The sender, as auditor, attests. A key attested before gets the new value and expiry;
/// others stay until they end.
///
/// # Errors
/// If the expiry is past or too far away, if an attribute or the evidence breaks a rule, or if
/// the record would grow beyond its limits.
pub fn attest(
    ctx: &mut Ctx,
    provider: &str,
    attributes: Vec<Attribute>,
    expires_at: u64,
    evidence: Option<Evidence>,
) -> Result<Response, ContractError> {
    let now = ctx.now();
    limits::check_expiry(expires_at, now, ctx.config.max_lifetime)?;
    attributes::check_claims(&attributes, MAX_VALUES)?;
    if let Some(evidence) = &evidence {
        limits::check_hash(evidence)?;
        limits::check_uri(evidence)?;
    }

    let auditor = ctx.sender().clone();
    let provider = ctx.address(provider)?;
    let count = u32::try_from(attributes.len()).unwrap_or(u32::MAX);
    let existing = records::get(ctx.storage(), &auditor, &provider)?;
    let record = record::merge(existing, attributes, expires_at, now)?;
    records::save(ctx.storage_mut(), &auditor, &provider, &record)?;
    records::save_evidence(ctx.storage_mut(), &auditor, &provider, evidence.as_ref())?;
    let (auditor, provider) = (auditor.into(), provider.into());
    Ok(Response::new().add_event(Attested { auditor, provider, count, expires_at }))
}
