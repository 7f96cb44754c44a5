//! Anyone ends a deployment that has run dry or that nothing is left of, in two steps: the first
//! marks it, the second ends it after the grace and a number of blocks, so that its tenant has
//! time to top up and a halted chain does not take that time away.

use cosmwasm_std::Response;
use souk_api::orderbook::{GroupState, events::DeploymentMarked};
use souk_core::{CloseReason, DeploymentId, GroupId};

use crate::{
    ContractError, closing,
    ctx::Ctx,
    escrow,
    state::{
        deployments::{self, Deployment, Mark},
        groups,
    },
};

/// Marks, or reaps what was marked long enough ago. A clock that started again since the
/// mark voids it.
pub fn reap_deployment(ctx: &mut Ctx, id: DeploymentId) -> Result<Response, ContractError> {
    let mut deployment = deployments::get(ctx.store(), id)?;
    if deployment.closed {
        return Err(ContractError::DeploymentClosed(id));
    }
    let (now, height, params) = (ctx.now(), ctx.height(), ctx.config.params);
    let dry_since = end_of_use(ctx, id, &deployment)?;
    let Some(mark) = deployment.mark.filter(|mark| mark.dry_since == dry_since) else {
        deployment.mark = Some(Mark { dry_since, at: now, height });
        deployments::save(ctx.store_mut(), id, &deployment)?;
        let reapable_at = now.saturating_add(params.reap_grace);
        let dry_since = dry_since.unwrap_or(now);
        let event = DeploymentMarked { deployment: id, dry_since, reapable_at };
        return Ok(Response::new().add_event(event));
    };
    let reapable_at = mark.at.saturating_add(params.reap_grace);
    let reapable_at_block = mark.height.saturating_add(params.reap_blocks);
    if now < reapable_at || height < reapable_at_block {
        return Err(ContractError::NotReapable { deployment: id, reapable_at, reapable_at_block });
    }
    let reason = match dry_since {
        Some(_) => CloseReason::InsufficientFunds,
        None => CloseReason::Unspecified,
    };
    closing::close(ctx, id, deployment, reason)
}

/// The moment of depletion of one that is dry, none for one whose groups all rest: those never
/// run again, and what others deposited would stay in its account.
fn end_of_use(
    ctx: &Ctx,
    id: DeploymentId,
    deployment: &Deployment,
) -> Result<Option<u64>, ContractError> {
    let depletion = escrow::account(&ctx.view(), id)?.clock.depletion();
    if let Some(dry_since) = depletion.filter(|moment| *moment <= ctx.now()) {
        return Ok(Some(dry_since));
    }
    for group in groups::of(deployment) {
        let group = groups::get(ctx.store(), GroupId { deployment: id, group })?;
        if group.state(deployment) == GroupState::Open {
            return Err(ContractError::InUse { deployment: id, depletion });
        }
    }
    Ok(None)
}
