//! The end of a deployment, by its tenant or for lack of money: open orders, running leases
//! and the account, in at most as many steps as it has groups and with one message to the
//! escrow. Nothing in here can overflow.

use cosmwasm_std::{Response, StdResult, Storage};
use souk_api::orderbook::events::DeploymentClosed;
use souk_core::{CloseReason, DeploymentId, GroupId};

use super::{
    lease::{self, LeaseEnding},
    order,
};
use crate::{
    ContractError, Ctx,
    neighbours::escrow,
    rules::reason::OrderEnd,
    state::{
        deployments::{self, Deployment},
        groups,
        orders::{self, OrderStatus},
    },
};

/// Ends an active deployment.
pub fn close(
    ctx: &mut Ctx,
    id: DeploymentId,
    mut deployment: Deployment,
    reason: CloseReason,
) -> Result<Response, ContractError> {
    let mut response = Response::new();
    let (mut leases, mut paid_until) = (Vec::new(), Vec::new());
    for seq in groups::of(&deployment) {
        let group = groups::get(ctx.storage(), GroupId { deployment: id, group: seq })?;
        let number = group.order;
        // A pruned order is a closed one.
        let Some(mut order) = orders::find(ctx.storage(), number)? else { continue };
        match &order.status {
            OrderStatus::Open => {
                let end = OrderEnd::DeploymentClosed;
                // The account lets all of its reserve go as it closes.
                let (event, _) = order::close(ctx.storage_mut(), number, &mut order, end)?;
                response = response.add_event(event);
            }
            OrderStatus::Lease(running) if running.ended.is_none() => {
                let event = lease::end(ctx, number, &mut order, LeaseEnding::plain(reason))?;
                paid_until.extend(event.paid_until.map(|second| (number, second)));
                response = response.add_event(event);
                leases.push(number);
            }
            OrderStatus::Lease(_) | OrderStatus::Closed => {}
        }
    }
    deployment.closed = true;
    deployment.mark = None;
    save_or_delete(ctx.storage_mut(), id, &deployment)?;
    let event = DeploymentClosed { deployment: id, reason };
    Ok(response.add_event(event).add_message(escrow::close_account(ctx, id, &leases, &paid_until)?))
}

/// Saves a deployment, or deletes it if it is closed and its last order is gone.
pub fn save_or_delete(
    storage: &mut dyn Storage,
    id: DeploymentId,
    deployment: &Deployment,
) -> StdResult<()> {
    if !deployment.closed || deployment.orders > 0 {
        return deployments::save(storage, id, deployment);
    }
    for group in groups::of(deployment) {
        groups::delete(storage, GroupId { deployment: id, group });
    }
    deployments::delete(storage, id, &deployment.tenant);
    Ok(())
}
