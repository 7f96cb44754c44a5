//! Either side ends a lease.

use cosmwasm_std::Response;
use souk_api::orderbook::events::OrderOpened;
use souk_core::{CloseReason, GroupId};

use crate::{
    ContractError, Ctx,
    lifecycle::{
        lease,
        order::{self, LoadedOrder, NewOrder},
    },
    neighbours::escrow,
    rules::reason::{Side, resting_state},
    state::{
        counters, denoms,
        deployments::{self, Deployment},
        groups::{self, Group},
    },
};

/// The group is reopened, after a provider's close without that provider and three times at
/// most. While the account is depleted the reason is lack of money, nobody is to blame and
/// nothing is reopened.
///
/// # Errors
/// If the lease ended already, or if the reason is not this side's to give.
pub fn close_lease(
    ctx: &mut Ctx,
    loaded: LoadedOrder,
    side: Side,
    given: Option<CloseReason>,
) -> Result<Response, ContractError> {
    let LoadedOrder { id, mut order, mut deployment } = loaded;
    let lease = order.lease().cloned().ok_or(ContractError::NoLease(id))?;
    if lease.ended.is_some() {
        return Err(ContractError::LeaseNotActive { order: id, state: lease.state() });
    }
    let said = side.reason(given)?;
    let id_of_group = order.group;
    let depleted = escrow::is_depleted(&ctx.view(), id_of_group.deployment)?;
    let reason = if depleted { CloseReason::InsufficientFunds } else { said };
    let breach = side == Side::Provider && !depleted;
    let closed = lease::end(ctx, id, &mut order, reason, breach)?;
    let response = Response::new().add_event(closed);

    let mut group = groups::get(ctx.storage(), id_of_group)?;
    let response = match resting_state(depleted, breach, group.excluded.len()) {
        Some(state) => {
            let changed = order::set_group(ctx.storage_mut(), id_of_group, group, state)?;
            response.add_event(changed)
        }
        None => {
            if breach {
                group.excluded.push(lease.provider);
            }
            response.add_event(reopen(ctx, id_of_group, group, &mut deployment)?)
        }
    };
    let stop = escrow::close_stream(ctx, id_of_group.deployment, id, deployment.reserved)?;
    Ok(response.add_message(stop))
}

/// Puts the group out again, at the denom's terms of today.
fn reopen(
    ctx: &mut Ctx,
    id: GroupId,
    mut group: Group,
    deployment: &mut Deployment,
) -> Result<OrderOpened, ContractError> {
    let terms = denoms::get(ctx.storage(), &deployment.denom)?;
    // Denoms are added and changed, never removed.
    let terms = terms.ok_or_else(|| ContractError::DenomNotAccepted {
        denom: deployment.denom.to_string(),
        accepted: String::new(),
    })?;
    let spec = groups::spec(ctx.storage(), id)?;
    group.order = counters::next_orders(ctx.storage_mut(), 1)?;
    let excluded = group.excluded.clone();
    let new = NewOrder { id: group.order, group: id, spec: &spec, terms: &terms, excluded };
    let opened = order::open(ctx, deployment, new)?;
    groups::save(ctx.storage_mut(), id, &group)?;
    deployments::save(ctx.storage_mut(), id.deployment, deployment)?;
    Ok(opened)
}
