//! Either side ends a lease.

use cosmwasm_std::Response;
use souk_api::orderbook::{GroupState, events::OrderOpened};
use souk_core::{CloseReason, GroupId};

use crate::{
    ContractError,
    ctx::Ctx,
    escrow, lease,
    permissions::Side,
    state::{
        counters, denoms,
        deployments::{self, Deployment},
        groups::{self, Group},
    },
    tender::{self, MAX_REOPENINGS, NewOrder, Tender},
};

/// The group is put out to tender again, after a provider's close without that provider and
/// three times at most. While the account is depleted the reason is lack of money, nobody is to
/// blame and nothing is put out again.
pub fn close_lease(
    ctx: &mut Ctx,
    tender: Tender,
    side: Side,
    given: Option<CloseReason>,
) -> Result<Response, ContractError> {
    let Tender { id, mut order, mut deployment } = tender;
    let lease = order.lease().cloned().ok_or(ContractError::NoLease(id))?;
    if lease.ended.is_some() {
        return Err(ContractError::LeaseNotActive { order: id, state: lease.state() });
    }
    let said = reason(side, given)?;
    let group = order.group;
    let depleted = escrow::account(&ctx.view(), group.deployment)?.clock.is_depleted(ctx.now());
    let reason = if depleted { CloseReason::InsufficientFunds } else { said };
    let breach = side == Side::Provider && !depleted;
    let closed = lease::end(ctx, id, &mut order, reason, breach)?;
    let response = Response::new().add_event(closed);

    let mut standing = groups::get(ctx.store(), group)?;
    let response = match rest(&standing, depleted, breach) {
        Some(state) => {
            let rests = tender::set_group(ctx.store_mut(), group, standing, state)?;
            response.add_event(rests)
        }
        None => {
            if breach {
                standing.excluded.push(lease.provider);
            }
            response.add_event(reopen(ctx, group, standing, &mut deployment)?)
        }
    };
    let stop = escrow::close_stream(ctx, group.deployment, id, deployment.reserved)?;
    Ok(response.add_message(stop))
}

/// The state in which the group waits, if it is not put out again.
fn rest(group: &Group, depleted: bool, breach: bool) -> Option<GroupState> {
    if depleted {
        return Some(GroupState::InsufficientFunds);
    }
    let again = !breach || group.excluded.len() < MAX_REOPENINGS;
    (!again).then_some(GroupState::Paused)
}

/// Puts the group out to tender again, at the denom's terms of today.
fn reopen(
    ctx: &mut Ctx,
    id: GroupId,
    mut group: Group,
    deployment: &mut Deployment,
) -> Result<OrderOpened, ContractError> {
    let terms = denoms::get(ctx.store(), &deployment.denom)?;
    // Denoms are added and changed, never removed.
    let terms = terms.ok_or_else(|| ContractError::DenomNotAccepted {
        denom: deployment.denom.to_string(),
        accepted: String::new(),
    })?;
    let spec = groups::spec(ctx.store(), id)?;
    group.order = counters::next_orders(ctx.store_mut(), 1)?;
    let excluded = group.excluded.clone();
    let new = NewOrder { id: group.order, group: id, spec: &spec, terms: &terms, excluded };
    let opened = tender::open_order(ctx, deployment, new)?;
    groups::save(ctx.store_mut(), id, &group)?;
    deployments::save(ctx.store_mut(), id.deployment, deployment)?;
    Ok(opened)
}

/// What this side says, if it may.
fn reason(side: Side, given: Option<CloseReason>) -> Result<CloseReason, ContractError> {
    match (side, given) {
        (Side::Tenant, None | Some(CloseReason::Tenant)) => Ok(CloseReason::Tenant),
        (Side::Provider, None) => Ok(CloseReason::Unspecified),
        (Side::Provider, Some(reason)) if reason.is_providers() => Ok(reason),
        (_, Some(reason)) => Err(ContractError::ReasonNotAllowed(reason)),
    }
}
