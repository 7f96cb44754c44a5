//! An auditor takes attestations back.

use cosmwasm_std::Response;
use souk_api::attestations::events::Revoked;

use crate::{ContractError, Ctx, rules::record, state::records};

/// The sender takes the values of `keys` back, or all. Works while attesting is paused.
///
/// # Errors
/// If nothing is attested, or one of the keys is not.
pub fn revoke(
    ctx: &mut Ctx,
    provider: &str,
    keys: Option<Vec<String>>,
) -> Result<Response, ContractError> {
    let auditor = ctx.sender().clone();
    let provider = ctx.address(provider)?;
    let Some(mut record) = records::get(ctx.storage(), &auditor, &provider)? else {
        return Err(ContractError::NothingAttested { auditor, provider });
    };
    let count = record::revoke(&mut record, keys.as_deref())?;
    records::save(ctx.storage_mut(), &auditor, &provider, &record)?;
    let (auditor, provider) = (auditor.into(), provider.into());
    Ok(Response::new().add_event(Revoked { auditor, provider, count }))
}
