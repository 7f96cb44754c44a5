//! Either side ends a lease.

use cosmwasm_std::Response;
use souk_api::orderbook::GroupState;
use souk_core::{CloseReason, OrderId};

use crate::{
    ContractError, Ctx,
    lifecycle::{
        group::{offered, reopen},
        lease::{self, LeaseEnding},
        order::{self, LoadedOrder},
    },
    neighbours::escrow,
    rules::{
        manifest,
        reason::{Aftermath, Side},
    },
    state::{
        groups::{self, Group},
        orders::Lease,
    },
};

/// The group is reopened, after a provider's close without that provider and ten times in a day at most,
/// after its tenant's as often as it could be started; a tenant may `exclude` it, too. Without a manifest
/// nobody is to blame: the group of a tenant that chose its provider waits, that of an auction is reopened
/// without the winner. While the account is depleted the reason is lack of money and nothing is reopened.
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
    let lease = order.lease().cloned().ok_or(ContractError::NoLease(id))?;
    if lease.ended.is_some() {
        return Err(ContractError::LeaseNotActive { order: id, state: lease.state() });
    }
    let said = side.reason(given)?;
    if exclude && side == Side::Provider {
        return Err(ContractError::NotYoursToExclude(id));
    }
    let id_of_group = order.group;
    let depleted = escrow::is_depleted(&ctx.view(), id_of_group.deployment);
    let reason = if depleted { CloseReason::InsufficientFunds } else { said };
    if reason == CloseReason::ManifestTimeout {
        check_manifest_window(ctx, id, &lease, order.manifest_timeout)?;
    }
    let after = Aftermath::of(side, reason, order.auction.is_some());
    let excludes = exclude || after.excludes();
    let ending = LeaseEnding { reason, breach: after.is_breach(), excludes };
    let closed = lease::end(ctx, id, &mut order, ending)?;
    let response = Response::new().add_event(closed);

    let mut group = groups::get(ctx.storage(), id_of_group)?;
    if manifest::was_paid(lease.created_at, order.manifest_timeout, ctx.now()) {
        group.take_start_back();
    }
    let rests = rests(&mut group, after, ctx.now());
    // What its delegate does not want takes no place of those that the tenant named.
    if exclude && ctx.sender() == deployment.tenant {
        group.name(&lease.provider);
    } else if excludes {
        group.exclude(&lease.provider);
    }
    let offered = match rests {
        Some(state) => Err(state),
        // An order that no bid could win, or whose auction could not close, is none: the tenant decides.
        None => offered(ctx, id_of_group, &deployment).map_err(|_| GroupState::Paused),
    };
    let response = match offered {
        Err(state) => {
            let changed = order::set_group(ctx.storage_mut(), id_of_group, group, state)?;
            response.add_event(changed)
        }
        Ok(offered) => {
            response.add_event(reopen(ctx, id_of_group, group, &mut deployment, &offered)?)
        }
    };
    let stop = escrow::close_stream(ctx, id_of_group.deployment, id, deployment.reserved)?;
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

/// The state in which the group rests now; none if it is reopened, which is counted.
fn rests(group: &mut Group, after: Aftermath, now: u64) -> Option<GroupState> {
    match after {
        Aftermath::NoFunds => Some(GroupState::InsufficientFunds),
        Aftermath::NoManifest => Some(GroupState::Paused),
        // As a start is: else a close would put a group out again without end.
        Aftermath::ByTenant => group.count_start(now).err().map(|_| GroupState::Paused),
        Aftermath::Breach | Aftermath::NoManifestForWinner => {
            (!group.count_round(now)).then_some(GroupState::Paused)
        }
    }
}
