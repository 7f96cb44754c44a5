//! A tenant says who may not bid on a group.

use cosmwasm_std::{Addr, Response};
use souk_api::orderbook::{MAX_EXCLUDED, MAX_UNWANTED, events::ExcludedSet};
use souk_contract_std::limits::addresses;
use souk_core::GroupId;

use crate::{
    ContractError, Ctx,
    state::{deployments::Deployment, groups},
};

/// Beside those that were excluded so far, and without some of them. An open order keeps its list.
///
/// # Errors
/// If the deployment is closed, if it has no such group, or if one of the providers is not an
/// address or there are too many.
pub fn set_excluded(
    ctx: &mut Ctx,
    id: GroupId,
    deployment: &Deployment,
    add: &[String],
    remove: &[String],
) -> Result<Response, ContractError> {
    deployment.must_be_active(id.deployment)?;
    let add = addresses(ctx, "excluded providers", add, MAX_UNWANTED)?;
    let remove = addresses(ctx, "providers to let bid again", remove, MAX_EXCLUDED)?;
    let mut group = groups::get(ctx.storage(), id)?;
    group.readmit(&remove);
    add.iter().for_each(|provider| group.exclude_unwanted(provider));
    groups::save(ctx.storage_mut(), id, &group)?;
    let excluded = group.excluded();
    let texts: Vec<&str> = excluded.iter().map(Addr::as_str).collect();
    let providers = (!texts.is_empty()).then(|| texts.join(","));
    let event = ExcludedSet { deployment: id.deployment, group: id.group, providers };
    Ok(Response::new().add_event(event))
}
