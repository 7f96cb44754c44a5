//! Anyone ends a lease whose provider's notice is over.

use cosmwasm_std::Response;
use souk_core::OrderId;

use super::close_lease;
use crate::{
    ContractError, Ctx, ReclaimError, lifecycle::order::LoadedOrder, rules::reason::Closer,
};

/// As its provider's own close from then on: without a breach, for the reason that was announced.
///
/// # Errors
/// If there is no lease that runs, if none was announced, or if its notice is not over or has lapsed.
pub fn end_reclaim(ctx: &mut Ctx, id: OrderId) -> Result<Response, ContractError> {
    let mut loaded = LoadedOrder::load(ctx.storage(), id)?;
    let notice = loaded.order.running_lease(id)?.notice;
    let notice = notice.ok_or(ReclaimError::NotAnnounced(id))?;
    let (now, height) = (ctx.now(), ctx.height());
    let end = notice.deadline(&ctx.config, now);
    let (deadline, deadline_block) = (end.time, end.block);
    if !end.is_over(now, height) {
        let order = id;
        return Err(ReclaimError::Runs { order, deadline, deadline_block, now, height }.into());
    }
    if notice.is_lapsed(&ctx.config, now, height) {
        return Err(ReclaimError::Lapsed { order: id, deadline }.into());
    }
    close_lease(ctx, loaded, Closer::Notice, Some(notice.reason), false)
}
