//! Either side ends a lease.

use cosmwasm_std::Response;
use souk_api::{escrow::ReserveChange, orderbook::GroupState};
use souk_core::{CloseReason, GroupId, OrderId, Rate};

use crate::{
    ContractError, Ctx,
    lifecycle::{
        group::{self, Expiries, Offered, offered, record_expiries, reopen},
        lease::{self, LeaseEnding},
        order::LoadedOrder,
    },
    neighbours::escrow,
    rules::{
        delegate,
        funds::Funds,
        manifest,
        reason::{Aftermath, Side},
    },
    state::{
        deployments::Deployment,
        groups::{self, Group},
        orders::Lease,
    },
};

/// The group is reopened, after a provider's close without that provider and ten times in a day at most,
/// after its tenant's as often as it could be started; a tenant may `exclude` it, too. Without a manifest
/// nobody is to blame: the group of a tenant that chose its provider waits, that of an auction is reopened
/// without the winner. While the account is depleted the reason is lack of money and nothing is reopened. Nor
/// is it where the account is not known to carry the new order: the close is as good, and the group rests for
/// lack of funds. A provider whose notice is over breaks nothing; the group is reopened without it all the same.
/// After a delegate's close the group of an auction rests, too, if it could come to cost more than the delegate
/// may let it.
///
/// # Errors
/// If the lease ended already, if reason or exclusion are not this side's to give, or if it is not
/// the time to close for want of a manifest.
pub fn close_lease(
    ctx: &mut Ctx,
    loaded: LoadedOrder,
    side: Side,
    given: Option<CloseReason>,
    exclude: bool,
) -> Result<Response, ContractError> {
    let LoadedOrder { id, mut order, mut deployment } = loaded;
    let lease = order.running_lease(id)?.clone();
    let (now, height) = (ctx.now(), ctx.height());
    let notice = lease
        .notice
        .filter(|notice| side == Side::Provider && notice.ends_lease(&ctx.config, now, height));
    let said = match (side.reason(given)?, notice) {
        // What was announced is what it ends for.
        (said, Some(notice)) if said != CloseReason::ManifestTimeout => notice.reason,
        (said, _) => said,
    };
    if exclude && side == Side::Provider {
        return Err(ContractError::NotYoursToExclude(id));
    }
    let id_of_group = order.group;
    // A record that cannot be read keeps nobody from closing.
    let funds = escrow::funds(&ctx.view(), id_of_group.deployment).ok();
    let depleted = funds.as_ref().is_some_and(Funds::is_depleted);
    let reason = if depleted { CloseReason::InsufficientFunds } else { said };
    if reason == CloseReason::ManifestTimeout {
        check_manifest_window(ctx, id, &lease, order.manifest_timeout)?;
    }
    let after = Aftermath::of(side, reason, order.auction.is_some(), notice.is_some());
    let excludes = exclude || after.excludes();
    let notice = after == Aftermath::Notice;
    let ending = LeaseEnding { reason, breach: after.is_breach(), excludes, notice };
    let mut closed = lease::end(ctx, id, &mut order, ending)?;

    let mut group = groups::get(ctx.storage(), id_of_group)?;
    if manifest::was_paid(lease.created_at, order.manifest_timeout, now) {
        group.take_start_back();
    }
    let bound = side == Side::Tenant && deployment.is_bound_by_delegate(ctx.sender());
    let rest_for = |ceiling: Rate, released: Rate| {
        let carried =
            |funds: &Funds| funds.carry_order(ceiling, lease.price.into(), released).is_ok();
        let Some(funds) = funds.as_ref().filter(|funds| carried(funds)) else {
            return Some(GroupState::InsufficientFunds);
        };
        let gone = lease.price.u128().saturating_add(released.u128());
        let burden = funds.burden_after(ceiling, gone);
        let within = delegate::check(deployment.delegate_limit, burden).is_ok();
        (bound && !within).then_some(GroupState::Paused)
    };
    let mut offered = put_out_again(ctx, id_of_group, &mut group, &deployment, after, |ceiling| {
        rest_for(ceiling, Rate::ZERO)
    });
    let mut expired = Expiries::default();
    let for_want = match offered {
        Err(GroupState::InsufficientFunds) => funds.is_some() && !depleted,
        Err(GroupState::Paused) => bound,
        _ => false,
    };
    if for_want {
        // What orders that are over still reserve must not cost the group its place: else whoever closes chooses, by
        // recording their ends or not.
        expired = record_expiries(ctx, id_of_group, &deployment)?;
        offered = put_out_again(ctx, id_of_group, &mut group, &deployment, after, |ceiling| {
            rest_for(ceiling, expired.released)
        });
    }
    // What its delegate does not want takes no place of those that the tenant named.
    if exclude && ctx.sender() == deployment.tenant {
        group.name(&lease.provider);
    } else if excludes {
        group.exclude(&lease.provider);
    }
    // Also if it was excluded before, with its notice or by its tenant.
    closed.excluded = group.is_excluded(&lease.provider).then_some(true);
    let response = Response::new().add_event(closed).add_events(expired.events);
    let (response, reserved) = match offered {
        Err(state) => {
            let changed = group::save_in(ctx.storage_mut(), id_of_group, &mut group, state)?;
            (response.add_event(changed), Rate::ZERO)
        }
        Ok(offered) => {
            let opened = reopen(ctx, id_of_group, group, &mut deployment, &offered)?;
            (response.add_event(opened), offered.spec.ceiling.into())
        }
    };
    let reserved = ReserveChange::between(expired.released, reserved);
    let stop = escrow::close_stream(ctx, id_of_group.deployment, id, reserved)?;
    Ok(response.add_message(stop))
}

fn check_manifest_window(
    ctx: &Ctx,
    order: OrderId,
    lease: &Lease,
    timeout: u64,
) -> Result<(), ContractError> {
    let now = ctx.now();
    let (from, until) = manifest::window(lease.created_at, timeout);
    if (from..=until).contains(&now) {
        return Ok(());
    }
    Err(ContractError::ManifestWindow { order, from, until, now })
}

/// What the group is put out again with, which is counted; else the state in which it rests now. `rest_for` says
/// for a ceiling in which it must rest, if it must.
fn put_out_again(
    ctx: &Ctx,
    id: GroupId,
    group: &mut Group,
    deployment: &Deployment,
    after: Aftermath,
    rest_for: impl FnOnce(Rate) -> Option<GroupState>,
) -> Result<Offered, GroupState> {
    let mut counted = group.clone();
    let counts = match after {
        Aftermath::NoFunds => return Err(GroupState::InsufficientFunds),
        Aftermath::NoManifest => return Err(GroupState::Paused),
        // As a start is: else a close would put a group out again without end.
        Aftermath::ByTenant => counted.count_start(ctx.now()).is_ok(),
        Aftermath::Breach | Aftermath::Notice | Aftermath::NoManifestForWinner => {
            counted.count_round(ctx.now())
        }
    };
    if !counts {
        return Err(GroupState::Paused);
    }
    // An order that no bid could win, or whose auction could not close, is none: the tenant decides.
    let offered = offered(ctx, id, deployment).map_err(|_| GroupState::Paused)?;
    if let Some(state) = rest_for(offered.spec.ceiling.into()) {
        return Err(state);
    }
    *group = counted;
    Ok(offered)
}
