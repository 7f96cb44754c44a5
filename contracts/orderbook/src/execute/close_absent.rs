//! A lease of a provider that is absent ends.

use cosmwasm_std::Response;
use souk_core::OrderId;

use super::close_lease;
use crate::{
    AbsenceError, ContractError, Ctx,
    lifecycle::{absence, order::LoadedOrder},
    rules::{deadline::Deadline, reason::Closer},
    state::provider_stats,
};

/// By its tenant or delegate once the limit is over, by anyone once twice the limit is, unless the tenant lets
/// everyone be as soon. No breach: the provider loses the pay of its absence and the lease.
///
/// # Errors
/// If there is no lease that runs, if it is older than the rule, if the market is paused, or if the provider was
/// seen.
pub fn close_absent(ctx: &mut Ctx, id: OrderId) -> Result<Response, ContractError> {
    let mut loaded = LoadedOrder::load(ctx.storage(), id)?;
    let lease = loaded.order.running_lease(id)?.clone();
    if loaded.order.absence.is_none() {
        return Err(AbsenceError::NoLimit(id).into());
    }
    let stats = provider_stats::get(ctx.storage(), &lease.provider)?;
    let unseen = absence::unseen(&ctx.view(), &loaded.order, &lease, &stats);
    let unseen = unseen.ok_or(AbsenceError::Paused)?;
    let by_anyone = !loaded.deployment.is_for_tenant(ctx.sender());
    let closable = unseen.closable(by_anyone);
    let (now, height) = (ctx.now(), ctx.height());
    if !closable.is_over(now, height) {
        let Deadline { time: from, block: from_block } = closable;
        return Err(AbsenceError::NotAbsent { order: id, from, from_block, now, height }.into());
    }
    close_lease(ctx, loaded, Closer::Absence, None, false)
}
