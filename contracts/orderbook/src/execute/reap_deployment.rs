//! Anyone ends a deployment that has run dry, in two steps: the first marks it, the second
//! ends it after the grace and a number of blocks, so that its tenant has time to top up and
//! a halted chain does not take that time away.

use cosmwasm_std::Response;
use souk_api::orderbook::events::DeploymentMarked;
use souk_core::{CloseReason, DeploymentId};

use crate::{
    ContractError, closing,
    ctx::Ctx,
    escrow,
    state::deployments::{self, Mark},
};

/// Marks, or reaps what was marked long enough ago. A clock that started again since the
/// mark voids it.
pub fn reap_deployment(ctx: &mut Ctx, id: DeploymentId) -> Result<Response, ContractError> {
    let mut deployment = deployments::get(ctx.store(), id)?;
    if deployment.closed {
        return Err(ContractError::DeploymentClosed(id));
    }
    let (now, height, params) = (ctx.now(), ctx.height(), ctx.config.params);
    let depletion = escrow::account(&ctx.view(), id)?.clock.depletion();
    let Some(dry_since) = depletion.filter(|moment| *moment <= now) else {
        return Err(ContractError::NotDry { deployment: id, depletion });
    };
    let Some(mark) = deployment.mark.filter(|mark| mark.dry_since == dry_since) else {
        deployment.mark = Some(Mark { dry_since, at: now, height });
        deployments::save(ctx.store_mut(), id, &deployment)?;
        let reapable_at = now.saturating_add(params.reap_grace);
        let event = DeploymentMarked { deployment: id, dry_since, reapable_at };
        return Ok(Response::new().add_event(event));
    };
    let reapable_at = mark.at.saturating_add(params.reap_grace);
    let reapable_at_block = mark.height.saturating_add(params.reap_blocks);
    if now < reapable_at || height < reapable_at_block {
        return Err(ContractError::NotReapable { deployment: id, reapable_at, reapable_at_block });
    }
    closing::close(ctx, id, deployment, CloseReason::InsufficientFunds)
}
