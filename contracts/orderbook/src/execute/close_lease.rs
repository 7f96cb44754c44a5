//! Either side ends a lease.

use cosmwasm_std::Response;
use souk_api::orderbook::{GroupState, events::GroupChanged};
use souk_core::CloseReason;

use crate::{
    ContractError,
    ctx::Ctx,
    escrow, lease,
    permissions::Side,
    state::{counters, denoms, deployments, groups, orders::Lease},
    tender::{self, MAX_REOPENINGS, NewOrder, Tender},
};

/// The group is put out to tender again, after a provider's close without that provider and
/// three times at most. While the account is dry the reason is lack of money, nobody is to
/// blame and nothing is put out again.
pub fn close_lease(
    ctx: &mut Ctx,
    tender: Tender,
    side: Side,
    given: Option<CloseReason>,
) -> Result<Response, ContractError> {
    let Tender { id, mut order, mut deployment } = tender;
    let lease = order.lease().cloned().ok_or(ContractError::NoLease(id))?;
    if deployment.closed || lease.ended.is_some() {
        return Err(ContractError::LeaseNotActive { order: id, state: lease.state() });
    }
    let said = reason(side, given)?;
    let group = order.group;
    let dry = escrow::account(&ctx.view(), group.deployment)?.clock.is_dry(ctx.now());
    let reason = if dry { CloseReason::InsufficientFunds } else { said };
    let breach = side == Side::Provider && !dry;
    let closed = lease::end(ctx, id, &mut order, reason, breach)?;
    let mut response = Response::new().add_event(closed);

    let mut standing = groups::get(ctx.store(), group)?;
    let rests = if dry {
        Some(GroupState::InsufficientFunds)
    } else if breach && standing.excluded.len() >= MAX_REOPENINGS {
        Some(GroupState::Paused)
    } else {
        None
    };
    if let Some(state) = rests {
        let event: GroupChanged = tender::set_group(ctx.store_mut(), group, standing, state)?;
        response = response.add_event(event);
    } else {
        exclude(&mut standing, &lease, breach);
        let terms = denoms::get(ctx.store(), &deployment.denom)?;
        let denom = || deployment.denom.to_string();
        let terms = terms.ok_or_else(|| ContractError::DenomNotAccepted {
            denom: denom(),
            accepted: String::new(),
        })?;
        let spec = groups::spec(ctx.store(), group)?;
        standing.order = counters::next_orders(ctx.store_mut(), 1)?;
        let excluded = standing.excluded.clone();
        let new = NewOrder { id: standing.order, group, spec: &spec, terms: &terms, excluded };
        let opened = tender::open_order(ctx, &mut deployment, new)?;
        groups::save(ctx.store_mut(), group, &standing)?;
        deployments::save(ctx.store_mut(), group.deployment, &deployment)?;
        response = response.add_event(opened);
    }
    let stop = escrow::close_stream(ctx, group.deployment, id, deployment.reserved)?;
    Ok(response.add_message(stop))
}

/// What this side says, if it may.
fn reason(side: Side, given: Option<CloseReason>) -> Result<CloseReason, ContractError> {
    match (side, given) {
        (Side::Tenant, None | Some(CloseReason::Owner)) => Ok(CloseReason::Owner),
        (Side::Provider, None) => Ok(CloseReason::Unspecified),
        (Side::Provider, Some(reason)) if reason.is_providers() => Ok(reason),
        (_, Some(reason)) => Err(ContractError::ReasonNotAllowed(reason)),
    }
}

fn exclude(standing: &mut groups::Group, lease: &Lease, breach: bool) {
    if breach {
        standing.excluded.push(lease.provider.clone());
    }
}
