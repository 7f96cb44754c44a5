//! Either side ends a lease.

use cosmwasm_std::Response;
use souk_api::{escrow::ReserveChange, orderbook::GroupState};
use souk_core::{CloseReason, GroupId, OrderId, Rate};

use crate::{
    ContractError, Ctx,
    lifecycle::{
        group::{self, Expiries, Reopening, record_expiries, reopen, reopening},
        lease::{self, LeaseEnding},
        order::LoadedOrder,
    },
    neighbours::escrow,
    rules::{
        cover::Cover,
        funds::Funds,
        manifest,
        reason::{Aftermath, Closer, LeaseTerms},
    },
    state::{
        deployments::Deployment,
        groups::{self, Group},
        orders::Lease,
    },
};

/// Ends a lease and decides what becomes of its group: [`Aftermath`] says it, and the table "How leases and
/// groups end" in the README. A close is never refused for what follows: a group that cannot be reopened rests.
/// If the account's record cannot be read, a new order counts as not carried.
///
/// # Errors
/// If the lease ended already, if reason or exclusion are not the closer's to give, or if it is not
/// the time to close for want of a manifest.
pub fn close_lease(
    ctx: &mut Ctx,
    mut loaded: LoadedOrder,
    closer: Closer,
    given: Option<CloseReason>,
    exclude: bool,
) -> Result<Response, ContractError> {
    let Judged { ending, after, funds } = judge(ctx, &mut loaded, closer, given, exclude)?;
    let LoadedOrder { id, mut order, mut deployment } = loaded;
    let id_of_group = order.group;
    let mut closed = lease::end(ctx, id, &mut order, ending)?;
    let paid_until = closed.paid_until;
    let lease = order.lease().ok_or(ContractError::NoLease(id))?;
    let mut group = groups::get(ctx.storage(), id_of_group)?;
    if manifest::was_paid(lease.created_at, order.manifest_timeout, ctx.now()) {
        group.take_start_back();
    }
    // Whoever says that a provider is absent may be the delegate, too.
    let may_be_delegate = matches!(closer, Closer::Tenant | Closer::Absence);
    let bound = may_be_delegate && deployment.is_bound_by_delegate(ctx.sender());
    let limit = bound.then_some(deployment.delegate_limit);
    let cover = Cover { funds: funds.as_ref(), ended: lease.price.into(), limit };
    let (next, expired) = what_follows(ctx, id_of_group, &mut group, &deployment, after, &cover)?;
    // What its delegate does not want takes no place of those that the tenant does not want.
    if exclude && ctx.sender() == deployment.tenant {
        group.exclude_unwanted(&lease.provider);
    } else if ending.excludes {
        group.exclude_leaver(&lease.provider);
    }
    // Also if it was excluded before, with its notice or by its tenant.
    closed.excluded = group.is_excluded(&lease.provider).then_some(true);
    let response = Response::new().add_event(closed).add_events(expired.events);
    let (response, reserved) = match next {
        Err(state) => {
            let changed = group::save_in(ctx.storage_mut(), id_of_group, &mut group, state)?;
            (response.add_event(changed), Rate::ZERO)
        }
        Ok(with) => {
            let opened = reopen(ctx, id_of_group, group, &mut deployment, &with)?;
            (response.add_event(opened), with.spec.ceiling.into())
        }
    };
    let reserved = ReserveChange::between(expired.released, reserved);
    let stop = escrow::close_stream(ctx, id_of_group.deployment, id, reserved, paid_until)?;
    Ok(response.add_message(stop))
}

/// What a close comes to.
struct Judged {
    /// How the lease ends.
    ending: LeaseEnding,
    /// What that means for its group.
    after: Aftermath,
    /// What the account has; none if its record cannot be read, which keeps nobody from closing.
    funds: Option<Funds>,
}

/// Why the lease ends, whose doing it is, and whether it may: nothing is changed.
fn judge(
    ctx: &Ctx,
    loaded: &mut LoadedOrder,
    closer: Closer,
    given: Option<CloseReason>,
    exclude: bool,
) -> Result<Judged, ContractError> {
    let (id, deployment) = (loaded.id, loaded.deployment_id());
    let order = &mut loaded.order;
    let timeout = order.manifest_timeout;
    let reopens = order.absence.is_some_and(|absence| absence.reopens);
    let terms = LeaseTerms { binding: order.auction.is_some(), reopens };
    let lease = order.running_lease(id)?;
    let (now, height) = (ctx.now(), ctx.height());
    let by_provider_or_notice = matches!(closer, Closer::Provider | Closer::Notice);
    let notice = lease
        .notice
        .filter(|notice| by_provider_or_notice && notice.ends_lease(&ctx.config, now, height));
    let said = match (closer.reason(given)?, notice) {
        // What was announced is what it ends for.
        (said, Some(notice)) if said != CloseReason::ManifestTimeout => notice.reason,
        (said, _) => said,
    };
    if exclude && closer != Closer::Tenant {
        return Err(ContractError::NotYoursToExclude(id));
    }
    let funds = escrow::funds(&ctx.view(), deployment).ok();
    let depleted = funds.as_ref().is_some_and(Funds::is_depleted);
    let reason = if depleted { CloseReason::InsufficientFunds } else { said };
    if reason == CloseReason::ManifestTimeout {
        check_manifest_window(ctx, id, lease, timeout)?;
    }
    let after = Aftermath::of(closer, reason, terms, notice.is_some());
    let (breach, excludes) = (after.is_breach(), exclude || after.excludes());
    let (notice, seen) = (after == Aftermath::Notice, closer == Closer::Provider);
    let ending = LeaseEnding { reason, breach, excludes, notice, seen };
    Ok(Judged { ending, after, funds })
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

/// What the group is reopened with, or the state in which it rests; and the ends of other orders that were
/// recorded for it.
fn what_follows(
    ctx: &mut Ctx,
    id: GroupId,
    group: &mut Group,
    deployment: &Deployment,
    after: Aftermath,
    cover: &Cover,
) -> Result<(Result<Reopening, GroupState>, Expiries), ContractError> {
    let next = try_reopening(ctx, id, group, deployment, after, cover, Rate::ZERO);
    match next {
        Err(state) if cover.could_gain(state) => {
            // What orders that are over still reserve must not cost the group its place: else whoever closes
            // chooses, by recording their ends or not.
            let expired = record_expiries(ctx, id, deployment)?;
            let next = try_reopening(ctx, id, group, deployment, after, cover, expired.released);
            Ok((next, expired))
        }
        next => Ok((next, Expiries::default())),
    }
}

/// What the group is reopened with, which is counted; else the state in which it rests now. `released` is
/// reserved no more.
fn try_reopening(
    ctx: &Ctx,
    id: GroupId,
    group: &mut Group,
    deployment: &Deployment,
    after: Aftermath,
    cover: &Cover,
    released: Rate,
) -> Result<Reopening, GroupState> {
    let mut counted = group.clone();
    let counts = match after {
        Aftermath::NoFunds => return Err(GroupState::InsufficientFunds),
        Aftermath::NoManifest | Aftermath::Absence => return Err(GroupState::Paused),
        // As a start is: else a close would reopen a group without end.
        Aftermath::ByTenant => counted.count_start(ctx.now()).is_ok(),
        Aftermath::Breach
        | Aftermath::Notice
        | Aftermath::AbsenceReopens
        | Aftermath::NoManifestForWinner => counted.count_round(ctx.now()),
    };
    if !counts {
        return Err(GroupState::Paused);
    }
    // An order that no bid could win, or whose auction could not close, is none: the tenant decides.
    let with = reopening(ctx, id, deployment).map_err(|_| GroupState::Paused)?;
    if let Some(state) = cover.rest_for(with.spec.ceiling.into(), released) {
        return Err(state);
    }
    *group = counted;
    Ok(with)
}
