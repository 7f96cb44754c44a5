//! A group that rests is reopened.

use cosmwasm_std::Response;
use souk_api::{
    escrow::ReserveChange,
    orderbook::{GroupState, MAX_STARTS, events::GroupChanged},
};
use souk_core::{GroupId, Rate};

use crate::{
    ContractError, Ctx,
    lifecycle::{
        self,
        group::{Expiries, Reopening},
    },
    neighbours::escrow,
    permission::Starter,
    rules::{delegate, funds::Funds},
    state::{
        deployments::Deployment,
        groups::{self, Group},
        orders::{self, Order},
    },
};

/// At the denom's terms of today. An order whose lifetime is over is recorded as such first. With
/// `without_last` the provider of the group's latest lease may not bid.
///
/// # Errors
/// If the deployment is closed, if the group does not rest, if it is not the sender's to start, if it
/// could not be created at today's terms, if the account does not carry it, if it was started too often
/// within a day, if it could come to cost more than the delegate may let it, or if `without_last` is given
/// and there is no latest lease or the sender is neither tenant nor delegate.
pub fn start_group(
    ctx: &mut Ctx,
    id: GroupId,
    mut deployment: Deployment,
    starter: Starter,
    without_last: bool,
) -> Result<Response, ContractError> {
    deployment.must_be_active(id.deployment)?;
    let mut group = groups::get(ctx.storage(), id)?;
    let mut expired = Expiries::default();
    expired.record(ctx, id, &mut group, &deployment)?;
    let Expiries { events, released } = expired;
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
    let with = lifecycle::group::reopening(ctx, id, &deployment)?;
    let ceiling = Rate::from(with.spec.ceiling);
    let funds = escrow::funds(&ctx.view(), id.deployment)?;
    check_carried(&funds, id, &with, released)?;
    // A binding auction makes its tenant pay without asking again.
    if starter == Starter::Tenant && deployment.is_bound_by_delegate(ctx.sender()) {
        let burden = funds.burden_after(ceiling, released.u128());
        delegate::check(deployment.delegate_limit, burden)?;
    }
    if without_last {
        exclude_last(ctx, id, &mut group, &deployment, starter)?;
    }
    let started = group.start(ctx.now(), starter == Starter::Tenant);
    started.map_err(|from| ContractError::StartsUsedUp { group: id, max: MAX_STARTS, from })?;
    // The deployment is in use again. The mark of one that was depleted is void by itself.
    deployment.mark = deployment.mark.filter(|mark| mark.depleted_since.is_some());
    let opened = lifecycle::group::reopen(ctx, id, group, &mut deployment, &with)?;
    let state = GroupState::Open;
    let changed = GroupChanged { deployment: id.deployment, group: id.group, state };
    let change = ReserveChange::between(released, ceiling);
    let reserve = escrow::reserve(ctx, id.deployment, change)?;
    let response = Response::new().add_events(events);
    Ok(response.add_event(changed).add_event(opened).add_messages(reserve))
}

/// Excludes the provider of the group's latest lease.
fn exclude_last(
    ctx: &Ctx,
    id: GroupId,
    group: &mut Group,
    deployment: &Deployment,
    starter: Starter,
) -> Result<(), ContractError> {
    if starter == Starter::Anyone {
        return Err(ContractError::TenantsToExclude(id));
    }
    let order = orders::find(ctx.storage(), group.order)?;
    let lease = order.as_ref().and_then(Order::lease).ok_or(ContractError::NoLease(group.order))?;
    if ctx.sender() == deployment.tenant {
        group.exclude_unwanted(&lease.provider);
    } else {
        group.exclude_leaver(&lease.provider);
    }
    Ok(())
}

/// As at creation: the account must carry the ceiling for the least runway (and ten minutes, if leases spend of it
/// meanwhile), beside what it pays and reserves already without the order that expired, and hold the denom's
/// least deposit.
fn check_carried(
    funds: &Funds,
    id: GroupId,
    with: &Reopening,
    released: Rate,
) -> Result<(), ContractError> {
    if funds.is_depleted() {
        return Err(ContractError::StillDepleted(id.deployment));
    }
    let ceiling = with.spec.ceiling.into();
    funds.carry_order(ceiling, Rate::ZERO, released).map_err(ContractError::NotCarried)?;
    let (has, needed) = (funds.balance(), with.terms.min_deposit);
    if has < needed.u128() {
        return Err(ContractError::LeastDepositMissing { group: id, has, needed });
    }
    Ok(())
}
