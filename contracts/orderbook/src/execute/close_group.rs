//! A tenant ends a group for good.

use cosmwasm_std::Response;
use souk_api::orderbook::GroupState;
use souk_core::GroupId;

use crate::{
    ContractError, Ctx, lifecycle,
    rules::reason::OrderEnd,
    state::{deployments::Deployment, groups},
};

/// With its order or lease; the deployment ends with its last group.
///
/// # Errors
/// If the deployment or the group is closed.
pub fn close_group(
    ctx: &mut Ctx,
    id: GroupId,
    deployment: Deployment,
) -> Result<Response, ContractError> {
    deployment.must_be_active(id.deployment)?;
    let group = groups::get(ctx.storage(), id)?;
    let state = group.state(&deployment);
    if state == GroupState::Closed {
        return Err(ContractError::GroupClosed(id));
    }
    if is_last(ctx, id, &deployment)? {
        let reason = lifecycle::lease::reason_of_tenant(ctx, id.deployment);
        return lifecycle::deployment::close(ctx, id.deployment, deployment, reason);
    }
    lifecycle::group::stop(ctx, id, group, OrderEnd::GroupClosed)
}

/// Whether every other group of the deployment is closed.
fn is_last(ctx: &Ctx, id: GroupId, deployment: &Deployment) -> Result<bool, ContractError> {
    for seq in groups::of(deployment).filter(|seq| *seq != id.group) {
        let other = groups::get(ctx.storage(), GroupId { group: seq, ..id })?;
        if other.state(deployment) != GroupState::Closed {
            return Ok(false);
        }
    }
    Ok(true)
}
