//! A provider announces that it takes a lease back.

use cosmwasm_std::Response;
use souk_api::orderbook::events::LeaseReclaiming;
use souk_core::{CloseReason, GroupId};

use crate::{
    ContractError, Ctx, ReclaimError,
    lifecycle::order::LoadedOrder,
    neighbours::escrow,
    rules::{deadline::Deadline, reclaim},
    state::{groups, notice::Notice, orders},
};

/// Once, and not before the lease ran for as long as the notice lasts. One that nobody ended the lease by within a
/// day is void: a provider that could give another then could leave at nearly any time. Nothing else changes until the
/// notice is over: the lease is paid, and either side can end it as before. The provider may not bid on
/// the group any more, however the lease ends. A market that is paused does not keep it from this, and
/// the time of the pause is none of the notice's.
///
/// # Errors
/// If there is no lease that runs, if it has no notice among its terms, if it is announced already, for the
/// first length of a notice, for a reason of others, or while the account is depleted: the lease can then
/// be ended at once, without a breach.
pub fn start_reclaim(
    ctx: &mut Ctx,
    loaded: LoadedOrder,
    reason: CloseReason,
) -> Result<Response, ContractError> {
    reclaim::check_reason(reason)?;
    let LoadedOrder { id, mut order, .. } = loaded;
    let (now, height) = (ctx.now(), ctx.height());
    let id_of_group = order.group;
    let lease = order.running_lease(id)?;
    let window = lease.window.ok_or(ReclaimError::NoWindow(id))?;
    if let Some(notice) = lease.notice {
        let deadline = notice.deadline(&ctx.config, now).time;
        let lapsed = notice.is_lapsed(&ctx.config, now, height);
        return Err(match lapsed {
            true => ReclaimError::Lapsed { order: id, deadline }.into(),
            false => ReclaimError::Announced { order: id, deadline }.into(),
        });
    }
    let from = reclaim::startable_from(lease.created_at, window);
    if now < from {
        return Err(ReclaimError::TooEarly { order: id, window, from, now }.into());
    }
    if escrow::is_depleted(&ctx.view(), id_of_group.deployment) {
        return Err(ReclaimError::Depleted(id).into());
    }
    let slowest = ctx.config.params.slowest_block;
    let Deadline { time: deadline, block: deadline_block } =
        Deadline::after(window, slowest, now, height);
    let paused_seconds = ctx.config.paused_seconds(now);
    let notice =
        Notice { reason, started_at: now, deadline, deadline_block, paused_seconds, ended: false };
    lease.notice = Some(notice);
    let provider = lease.provider.clone();
    orders::save(ctx.storage_mut(), id, &order)?;

    let mut group = groups::get(ctx.storage(), id_of_group)?;
    group.exclude_leaver(&provider);
    groups::save(ctx.storage_mut(), id_of_group, &group)?;
    let GroupId { deployment, group } = id_of_group;
    Ok(Response::new().add_event(LeaseReclaiming {
        order: id,
        deployment,
        group,
        provider: provider.into(),
        reason,
        started_at: now,
        deadline,
        deadline_block,
    }))
}
