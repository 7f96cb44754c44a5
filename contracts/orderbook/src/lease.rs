//! How a lease begins and ends on the book.

use cosmwasm_std::{Addr, StdResult, WasmMsg};
use souk_api::{
    orderbook::events::{LeaseClosed, LeaseCreated},
    published::ProviderRecord,
};
use souk_core::{CloseReason, GroupId, OrderId};

use crate::{
    ContractError,
    ctx::Ctx,
    escrow::{self, NewStream},
    state::{
        bids::{self, Bid},
        leases,
        orders::{self, Lease, Order, OrderStatus},
        provider_stats::{self, LeaseEnd},
    },
    tender::Tender,
};

/// A tenant's close within so many seconds frees the slot at once: nobody can say yet that the
/// lease was not served, and else accepting and closing in one transaction would use up the slots
/// of a provider for nothing.
pub const TRIAL: u64 = 300;

/// A winning bid and its bidder.
pub struct Winner {
    /// The provider's address.
    pub provider: Addr,
    /// Its bid.
    pub bid: Bid,
    /// What the registry says of it.
    pub record: ProviderRecord,
}

/// Makes a bid the lease: touches the winner alone, since the losers are lost by the order
/// not being open any more.
pub fn open(
    ctx: &mut Ctx,
    mut tender: Tender,
    winner: Winner,
) -> Result<(LeaseCreated, WasmMsg), ContractError> {
    let Winner { provider, bid, record } = winner;
    let (id, GroupId { deployment, group }) = (tender.id, tender.order.group);
    let lease =
        Lease { provider: provider.clone(), price: bid.price, created_at: ctx.now(), ended: None };
    tender.order.status = OrderStatus::Lease(lease);
    orders::save(ctx.store_mut(), id, &tender.order)?;
    leases::add(ctx.store_mut(), &provider, id)?;
    provider_stats::lease_won(ctx.store_mut(), &provider)?;

    let stream = NewStream {
        lease: id,
        payee: record.payee,
        price: bid.price,
        take_bps: tender.order.take_bps,
    };
    let pay = escrow::open_stream(ctx, deployment, stream, tender.deployment.reserved)?;
    let event = LeaseCreated {
        order: id,
        deployment,
        group,
        tenant: tender.deployment.tenant.into(),
        provider: provider.into(),
        price: bid.price,
        denom: tender.deployment.denom,
    };
    Ok((event, pay))
}

/// Ends a running lease: its order, the provider's counters, and its slot if it was held
/// long enough. The caller ends the payment.
pub fn end(
    ctx: &mut Ctx,
    id: OrderId,
    order: &mut Order,
    reason: CloseReason,
    breach: bool,
) -> Result<LeaseClosed, ContractError> {
    let now = ctx.now();
    let OrderStatus::Lease(lease) = &mut order.status else {
        return Err(ContractError::NoLease(id));
    };
    if lease.ended.is_some() {
        return Err(ContractError::LeaseNotActive { order: id, state: lease.state() });
    }
    lease.ended = Some((now, reason));
    let lease = lease.clone();
    orders::save(ctx.store_mut(), id, order)?;

    let free = slot_is_free(&lease, now, ctx.config.params.slot_hold);
    let frees_slot = free && remove_bid(ctx, id, &lease)?;
    let end = LeaseEnd { reason, breach, frees_slot };
    provider_stats::lease_ended(ctx.store_mut(), &lease.provider, end)?;
    let GroupId { deployment, group } = order.group;
    let provider = lease.provider.into();
    Ok(LeaseClosed { order: id, deployment, group, provider, reason, breach })
}

/// Whether a lease has let go of its slot: it ended and began long enough ago, so that
/// winning and not serving is not free; or its tenant ended it before it had to be served.
pub fn slot_is_free(lease: &Lease, now: u64, slot_hold: u64) -> bool {
    let Some((ended_at, reason)) = lease.ended else { return false };
    let on_trial = ended_at < lease.created_at.saturating_add(TRIAL);
    now >= lease.created_at.saturating_add(slot_hold) || on_trial && reason == CloseReason::Tenant
}

/// Takes the winner's bid off the book. `true` if it was there.
fn remove_bid(ctx: &mut Ctx, id: OrderId, lease: &Lease) -> StdResult<bool> {
    let Some(bid) = bids::find(ctx.store(), id, &lease.provider)? else { return Ok(false) };
    bids::remove(ctx.store_mut(), id, &lease.provider, &bid);
    Ok(true)
}
