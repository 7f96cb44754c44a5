//! How a group is reopened, and how it stops.

use cosmwasm_std::{Event, Response, StdResult, Storage};
use souk_api::{
    escrow::ReserveChange,
    orderbook::{
        GroupState,
        events::{GroupChanged, OrderOpened},
    },
};
use souk_core::{GroupId, GroupSpec, Rate};

use super::{
    lease::{self, LeaseEnding},
    order::{self, LoadedOrder, NewOrder},
};
use crate::{
    ContractError, Ctx,
    neighbours::escrow,
    rules::{manifest, opening, reason::OrderEnd},
    state::{
        counters,
        denoms::{self, Terms},
        deployments::{self, Deployment},
        groups::{self, Group},
        orders::{self, OrderStatus},
    },
};

/// What a group is reopened with.
pub struct Reopening {
    /// What it asks for.
    pub spec: GroupSpec,
    /// The denom's terms of today.
    pub terms: Terms,
}

/// What a group would be reopened with today.
///
/// # Errors
/// Those of creating it: if its denom is delisted or its ceiling outside the denom's range by now, or its
/// auction shorter or longer than allowed.
pub fn reopening(
    ctx: &Ctx,
    id: GroupId,
    deployment: &Deployment,
) -> Result<Reopening, ContractError> {
    let terms = denoms::of(ctx.storage(), &deployment.denom)?;
    terms.must_be_listed(&deployment.denom)?;
    let spec = groups::spec(ctx.storage(), id)?;
    opening::check_ceiling(&spec, terms.min_price, terms.max_price)?;
    opening::check_auction(deployment.auction, &ctx.config.params)?;
    Ok(Reopening { spec, terms })
}

/// Reopens the group; saves it and the deployment. The caller reserves the group's ceiling in the
/// account, which it has found to carry it.
pub fn reopen(
    ctx: &mut Ctx,
    id: GroupId,
    mut group: Group,
    deployment: &mut Deployment,
    with: &Reopening,
) -> Result<OrderOpened, ContractError> {
    let Reopening { spec, terms } = with;
    group.order = counters::next_orders(ctx.storage_mut(), 1)?;
    let excluded = group.excluded();
    let new = NewOrder { id: group.order, group: id, spec, terms, excluded };
    let opened = order::open(ctx, deployment, new)?;
    groups::save(ctx.storage_mut(), id, &group)?;
    deployments::save(ctx.storage_mut(), id.deployment, deployment)?;
    Ok(opened)
}

/// Saves a group in a new state.
pub fn save_in(
    storage: &mut dyn Storage,
    id: GroupId,
    group: &mut Group,
    state: GroupState,
) -> StdResult<GroupChanged> {
    group.set_state(state);
    groups::save(storage, id, group)?;
    Ok(GroupChanged { deployment: id.deployment, group: id.group, state })
}

/// Ends an order without a lease: its group rests, its reserve is let go. The events come after those of
/// `response`.
pub fn end_without_lease(
    ctx: &mut Ctx,
    loaded: LoadedOrder,
    end: OrderEnd,
    response: Response,
) -> Result<Response, ContractError> {
    let LoadedOrder { id, mut order, .. } = loaded;
    let (closed, released) = order::close(ctx.storage_mut(), id, &mut order, end)?;
    let mut group = groups::get(ctx.storage(), order.group)?;
    let rests = save_in(ctx.storage_mut(), order.group, &mut group, end.group_state())?;
    let reserve = escrow::reserve(ctx, order.group.deployment, ReserveChange::Less(released))?;
    Ok(response.add_event(closed).add_event(rests).add_messages(reserve))
}

/// Ends of orders that were recorded on the way.
#[derive(Default)]
pub struct Expiries {
    /// Of each: its order closed, its group rests.
    pub events: Vec<Event>,
    /// What the orders had reserved, base units an hour, which the caller lets go in the account.
    pub released: Rate,
}

impl Expiries {
    /// Records that the lifetime of an open group's order is over, if it is and nobody did: the group then
    /// rests. Saves both.
    pub fn record(
        &mut self,
        ctx: &mut Ctx,
        id: GroupId,
        group: &mut Group,
        deployment: &Deployment,
    ) -> Result<(), ContractError> {
        if group.state(deployment) != GroupState::Open {
            return Ok(());
        }
        let Some(mut found) = orders::find(ctx.storage(), group.order)? else { return Ok(()) };
        if order::check_expired(ctx, group.order, &found).is_err() {
            return Ok(());
        }
        let end = OrderEnd::Expired;
        let (closed, released) = order::close(ctx.storage_mut(), group.order, &mut found, end)?;
        let rests = save_in(ctx.storage_mut(), id, group, end.group_state())?;
        self.events.extend([Event::from(closed), Event::from(rests)]);
        self.released = self.released.checked_add(released)?;
        Ok(())
    }
}

/// Records the ends of the deployment's orders that are over, those of all its groups `except` one. There are 20
/// groups at most.
pub fn record_expiries(
    ctx: &mut Ctx,
    except: GroupId,
    deployment: &Deployment,
) -> Result<Expiries, ContractError> {
    let mut expired = Expiries::default();
    for group in groups::of(deployment).filter(|group| *group != except.group) {
        let id = GroupId { group, ..except };
        let mut group = groups::get(ctx.storage(), id)?;
        expired.record(ctx, id, &mut group, deployment)?;
    }
    Ok(expired)
}

/// Ends the group's order or lease, if one is left, by its tenant's wish: the group is then in the
/// state that `end` says.
pub fn stop(
    ctx: &mut Ctx,
    id: GroupId,
    mut group: Group,
    end: OrderEnd,
) -> Result<Response, ContractError> {
    let number = group.order;
    // A pruned order is a closed one.
    let found = orders::find(ctx.storage(), number)?;
    if let Some(order) = &found
        && let Some(lease) = order.lease().filter(|lease| lease.ended.is_none())
        && manifest::was_paid(lease.created_at, order.manifest_timeout, ctx.now())
    {
        group.take_start_back();
    }
    let changed = save_in(ctx.storage_mut(), id, &mut group, end.group_state())?;
    let Some(mut found) = found else { return Ok(Response::new().add_event(changed)) };
    match &found.status {
        OrderStatus::Open => {
            let (closed, released) = order::close(ctx.storage_mut(), number, &mut found, end)?;
            let reserve = escrow::reserve(ctx, id.deployment, ReserveChange::Less(released))?;
            Ok(Response::new().add_event(closed).add_event(changed).add_messages(reserve))
        }
        OrderStatus::Lease(running) if running.ended.is_none() => {
            let ending = LeaseEnding::plain(lease::reason_of_tenant(ctx, id.deployment));
            let closed = lease::end(ctx, number, &mut found, ending)?;
            let (none, paid_until) = (ReserveChange::NONE, closed.paid_until);
            let stop = escrow::close_stream(ctx, id.deployment, number, none, paid_until)?;
            Ok(Response::new().add_event(closed).add_event(changed).add_message(stop))
        }
        OrderStatus::Lease(_) | OrderStatus::Closed => Ok(Response::new().add_event(changed)),
    }
}
