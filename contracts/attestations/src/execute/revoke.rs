//! An auditor takes attestations back.

use cosmwasm_std::Response;
use souk_api::attestations::events::Revoked;

use super::Ctx;
use crate::{ContractError, record, state};

/// The sender takes the values of `keys` back, or all. Works while attesting is paused.
pub fn revoke(
    ctx: Ctx,
    provider: String,
    keys: Option<Vec<String>>,
) -> Result<Response, ContractError> {
    ctx.no_coins()?;
    let auditor = ctx.info.sender.clone();
    let provider = ctx.address(&provider)?;
    let Some(mut record) = state::record(ctx.deps.storage, &auditor, &provider)? else {
        return Err(ContractError::NothingAttested { auditor, provider });
    };
    let count = record::revoke(&mut record, keys.as_deref())?;
    state::save_record(ctx.deps.storage, &auditor, &provider, &record)?;
    let (auditor, provider) = (auditor.into(), provider.into());
    Ok(Response::new().add_event(Revoked { auditor, provider, count }))
}
