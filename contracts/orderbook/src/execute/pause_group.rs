//! A tenant lets a group rest.

use cosmwasm_std::Response;
use souk_api::orderbook::GroupState;
use souk_core::GroupId;

use crate::{
    ContractError, Ctx, lifecycle,
    rules::reason::OrderEnd,
    state::{
        bids,
        deployments::Deployment,
        groups,
        orders::{self, OrderStatus},
    },
};

/// Its order or lease ends; bids on the order are lost.
///
/// # Errors
/// If the deployment is closed, if the group is not open, or if a binding auction of it has bids:
/// that binds the tenant, too.
pub fn pause_group(
    ctx: &mut Ctx,
    id: GroupId,
    deployment: Deployment,
) -> Result<Response, ContractError> {
    if deployment.closed {
        return Err(ContractError::DeploymentClosed(id.deployment));
    }
    let group = groups::get(ctx.storage(), id)?;
    let state = group.state(&deployment);
    if state != GroupState::Open {
        return Err(ContractError::GroupNotOpen { group: id, state });
    }
    let order = orders::get(ctx.storage(), group.order)?;
    let binds = order.auction.is_some() && matches!(order.status, OrderStatus::Open);
    if binds && bids::any(ctx.storage(), group.order) {
        return Err(ContractError::AuctionBindsTenant(group.order));
    }
    lifecycle::group::stop(ctx, id, group, deployment, OrderEnd::GroupPaused)
}
