//! Anyone ends a deployment that is depleted or whose groups all rest, in two steps: the first
//! marks it, the second ends it after the grace and a number of blocks, so that its tenant has
//! time to top up or to start a group, and a halted chain does not take that time away.

use cosmwasm_std::Response;
use souk_api::orderbook::{GroupState, events::DeploymentMarked};
use souk_core::{CloseReason, DeploymentId, GroupId};

use crate::{
    ContractError, Ctx, lifecycle,
    neighbours::escrow,
    state::{
        deployments::{self, Deployment, Mark},
        groups,
    },
};

/// Marks, or ends what was marked long enough ago. A clock that started again since the
/// mark voids it, and so does the start of a group.
///
/// # Errors
/// If it is in use, closed already, or marked not long enough ago.
pub fn end_deployment(ctx: &mut Ctx, id: DeploymentId) -> Result<Response, ContractError> {
    let mut deployment = deployments::get(ctx.storage(), id)?;
    if deployment.closed {
        return Err(ContractError::DeploymentClosed(id));
    }
    let (now, height, params) = (ctx.now(), ctx.height(), ctx.config.params);
    let depleted_since = end_of_use(ctx, id, &deployment)?;
    let grace = if depleted_since.is_some() { params.end_grace } else { params.idle_grace };
    let Some(mark) = deployment.mark.filter(|mark| mark.depleted_since == depleted_since) else {
        deployment.mark = Some(Mark { depleted_since, at: now, height });
        deployments::save(ctx.storage_mut(), id, &deployment)?;
        let endable_at = now.saturating_add(grace);
        let depleted_since = depleted_since.unwrap_or(now);
        let event = DeploymentMarked { deployment: id, depleted_since, endable_at };
        return Ok(Response::new().add_event(event));
    };
    let endable_at = mark.at.saturating_add(grace);
    let endable_at_block = mark.height.saturating_add(params.end_blocks);
    if now < endable_at || height < endable_at_block {
        return Err(ContractError::NotEndable { deployment: id, endable_at, endable_at_block });
    }
    let reason = match depleted_since {
        Some(_) => CloseReason::InsufficientFunds,
        None => CloseReason::Unspecified,
    };
    lifecycle::deployment::close(ctx, id, deployment, reason)
}

/// The moment of depletion of one that is depleted, none for one whose groups all rest: what others
/// deposited must not stay in its account for as long as its tenant likes.
fn end_of_use(
    ctx: &Ctx,
    id: DeploymentId,
    deployment: &Deployment,
) -> Result<Option<u64>, ContractError> {
    let depletion = escrow::clock(&ctx.view(), id)?.depletion();
    if let Some(depleted_since) = depletion.filter(|moment| *moment <= ctx.now()) {
        return Ok(Some(depleted_since));
    }
    for group in groups::of(deployment) {
        let group = groups::get(ctx.storage(), GroupId { deployment: id, group })?;
        if group.state(deployment) == GroupState::Open {
            return Err(ContractError::InUse { deployment: id, depletion });
        }
    }
    Ok(None)
}
