//! Anyone ends a deployment that is depleted or whose groups all rest, in two steps: the first
//! marks it, the second ends it after the grace and a number of blocks, so that its tenant has
//! time to top up or to start a group, and a halted chain does not take that time away.

use cosmwasm_std::Response;
use souk_api::{
    escrow::ReserveChange,
    orderbook::{GroupState, events::DeploymentMarked},
};
use souk_core::{CloseReason, DeploymentId, GroupId};

use crate::{
    ContractError, Ctx,
    lifecycle::{self, group::Expiries},
    neighbours::escrow,
    rules::deadline::Deadline,
    state::{
        deployments::{self, Deployment, Mark},
        groups,
    },
};

/// Marks, or ends what was marked long enough ago. A clock that started again since the mark voids it, and
/// so does the start of a group.
///
/// # Errors
/// If it is in use, closed already, or marked not long enough ago.
pub fn end_deployment(ctx: &mut Ctx, id: DeploymentId) -> Result<Response, ContractError> {
    let mut deployment = deployments::get(ctx.storage(), id)?;
    deployment.must_be_active(id)?;
    let (now, height) = (ctx.now(), ctx.height());
    let Unused { depleted_since, expired } = end_of_use(ctx, id, &deployment)?;
    let Some(mark) = deployment.mark.filter(|mark| mark.depleted_since == depleted_since) else {
        let mark = Mark { depleted_since, at: now, height };
        deployment.mark = Some(mark);
        deployments::save(ctx.storage_mut(), id, &deployment)?;
        let endable_at = ctx.config.endable(mark).time;
        let depleted_since = depleted_since.unwrap_or(now);
        let event = DeploymentMarked { deployment: id, depleted_since, endable_at };
        let reserve = escrow::reserve(ctx, id, ReserveChange::Less(expired.released))?;
        let response = Response::new().add_events(expired.events);
        return Ok(response.add_event(event).add_messages(reserve));
    };
    let endable = ctx.config.endable(mark);
    if !endable.is_over(now, height) {
        let Deadline { time: endable_at, block: endable_at_block } = endable;
        return Err(ContractError::NotEndable { deployment: id, endable_at, endable_at_block });
    }
    let reason = match depleted_since {
        Some(_) => CloseReason::InsufficientFunds,
        None => CloseReason::Unspecified,
    };
    let mut response = lifecycle::deployment::close(ctx, id, deployment, reason)?;
    response.events.splice(..0, expired.events);
    Ok(response)
}

/// Why a deployment can be ended.
struct Unused {
    /// The moment of depletion of one that is depleted; none if its groups all rest.
    depleted_since: Option<u64>,
    /// The ends of orders that were recorded on the way.
    expired: Expiries,
}

/// One that is depleted can be ended, and one whose groups all rest: what others deposited must not stay in
/// its account after its tenant has gone. Orders whose lifetime is over are recorded as such.
fn end_of_use(
    ctx: &mut Ctx,
    id: DeploymentId,
    deployment: &Deployment,
) -> Result<Unused, ContractError> {
    let mut expired = Expiries::default();
    let depletion = escrow::funds(&ctx.view(), id)?.depletion();
    if let Some(depleted_since) = depletion.filter(|moment| *moment <= ctx.now()) {
        return Ok(Unused { depleted_since: Some(depleted_since), expired });
    }
    for seq in groups::of(deployment) {
        let id_of_group = GroupId { deployment: id, group: seq };
        let mut group = groups::get(ctx.storage(), id_of_group)?;
        expired.record(ctx, id_of_group, &mut group, deployment)?;
        if group.state(deployment) == GroupState::Open {
            return Err(ContractError::InUse { deployment: id, depletion });
        }
    }
    Ok(Unused { depleted_since: None, expired })
}
