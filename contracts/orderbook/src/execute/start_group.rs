//! A group that rests is put out again.

use cosmwasm_std::Response;
use souk_api::orderbook::{GroupState, events::GroupChanged};
use souk_core::{AuctionPolicy, GroupId, Price};

use crate::{
    ContractError, Ctx, lifecycle,
    neighbours::escrow,
    permission::Starter,
    state::{deployments::Deployment, groups},
};

/// At the denom's terms of today. An order whose lifetime is over is recorded as such first.
///
/// # Errors
/// If the deployment is closed, if the group does not rest, if it is not the sender's to start, if it
/// could not be created at today's terms, or if the account does not carry it.
pub fn start_group(
    ctx: &mut Ctx,
    id: GroupId,
    mut deployment: Deployment,
    starter: Starter,
) -> Result<Response, ContractError> {
    if deployment.closed {
        return Err(ContractError::DeploymentClosed(id.deployment));
    }
    let mut group = groups::get(ctx.storage(), id)?;
    let mut response = Response::new();
    let expired = lifecycle::group::record_expiry(ctx, id, &mut group, &mut deployment)?;
    if let Some((closed, rests)) = expired {
        response = response.add_event(closed).add_event(rests);
    }
    let state = group.state(&deployment);
    match (state, starter) {
        (GroupState::InsufficientFunds, _) | (GroupState::Paused, Starter::Tenant) => {}
        (GroupState::Paused, Starter::Anyone) => {
            return Err(ContractError::TenantsToStart(id));
        }
        (GroupState::Open | GroupState::Closed, _) => {
            return Err(ContractError::GroupNotResting { group: id, state });
        }
    }
    let offered = lifecycle::group::offered(ctx, id, &deployment)?;
    check_carried(ctx, id, &deployment, offered.spec.ceiling, starter)?;
    group.start(starter == Starter::Tenant);
    let binds = deployment.auction != (AuctionPolicy::TenantChoice {});
    let opened = lifecycle::group::reopen(ctx, id, group, &mut deployment, &offered)?;
    let state = GroupState::Open;
    let changed = GroupChanged { deployment: id.deployment, group: id.group, state };
    let response = response.add_event(changed).add_event(opened);
    if !binds {
        return Ok(response);
    }
    let reserve = escrow::reserve(ctx, id.deployment, deployment.reserved)?;
    Ok(response.add_message(reserve))
}

/// A tenant that chooses its provider accepts what it can pay; all others need the ceiling for the
/// least runway, beside what is paid and reserved already.
fn check_carried(
    ctx: &Ctx,
    id: GroupId,
    deployment: &Deployment,
    ceiling: Price,
    starter: Starter,
) -> Result<(), ContractError> {
    let chooses = deployment.auction == (AuctionPolicy::TenantChoice {});
    if chooses && starter == Starter::Tenant {
        if escrow::clock(&ctx.view(), id.deployment)?.is_depleted(ctx.now()) {
            return Err(ContractError::StillDepleted(id.deployment));
        }
        return Ok(());
    }
    let reserved = deployment.reserved;
    if escrow::can_fund(&ctx.view(), id.deployment, ceiling, reserved)? {
        return Ok(());
    }
    let runway = escrow::link(ctx.storage())?.min_runway;
    Err(ContractError::NotCarried { group: id, ceiling, runway })
}
