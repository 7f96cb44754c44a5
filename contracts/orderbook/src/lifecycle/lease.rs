//! How a lease begins and ends.

use cosmwasm_std::{Addr, StdResult, WasmMsg};
use souk_api::{
    orderbook::events::{LeaseClosed, LeaseCreated},
    published::ProviderRecord,
};
use souk_core::{CloseReason, DeploymentId, GroupId, OrderId};

use super::{
    absence,
    order::{self, LoadedOrder},
};
use crate::{
    ContractError, Ctx,
    neighbours::escrow::{self, NewStream},
    state::{
        bids::{self, Bid},
        leases,
        orders::{self, Lease, Order, OrderStatus},
        provider_stats::{self, LeaseEnd},
    },
};

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
    mut loaded: LoadedOrder,
    winner: Winner,
) -> Result<(LeaseCreated, WasmMsg), ContractError> {
    let Winner { provider, bid, record } = winner;
    let (id, GroupId { deployment, group }) = (loaded.id, loaded.order.group);
    let lease = Lease {
        provider: provider.clone(),
        price: bid.price,
        created_at: ctx.now(),
        created_block: ctx.height(),
        ended: None,
        window: bid.window,
        notice: None,
        paid_until: None,
    };
    let released = order::take_reserved(ctx.storage(), &mut loaded.order)?;
    loaded.order.status = OrderStatus::Lease(lease);
    orders::save(ctx.storage_mut(), id, &loaded.order)?;
    leases::add(ctx.storage_mut(), &provider, id)?;
    provider_stats::lease_won(ctx.storage_mut(), &provider)?;

    let stream = NewStream {
        lease: id,
        payee: &record.payee,
        price: bid.price,
        take_bps: loaded.order.take_bps,
        hold: loaded.order.absence.map_or(0, |absence| absence.limit),
    };
    let pay = escrow::open_stream(ctx, deployment, stream, released)?;
    let event = LeaseCreated {
        order: id,
        deployment,
        group,
        tenant: loaded.deployment.tenant.into(),
        provider: provider.into(),
        price: bid.price,
        denom: loaded.deployment.denom,
    };
    Ok((event, pay))
}

/// How a lease ends.
#[derive(Clone, Copy, Debug)]
pub struct LeaseEnding {
    /// Why.
    pub reason: CloseReason,
    /// By the provider without notice.
    pub breach: bool,
    /// Whether the provider may not bid on the group from now on.
    pub excludes: bool,
    /// By the provider whose notice is over.
    pub notice: bool,
    /// By a message of the provider, which is seen by it.
    pub seen: bool,
}

impl LeaseEnding {
    /// By its tenant or with its deployment: nobody breaks anything, nobody is excluded.
    pub fn plain(reason: CloseReason) -> Self {
        Self { reason, breach: false, excludes: false, notice: false, seen: false }
    }
}

/// Why a lease or a deployment ends by its tenant's side: for lack of money while the account is known to be
/// depleted.
pub fn reason_of_tenant(ctx: &Ctx, id: DeploymentId) -> CloseReason {
    let depleted = escrow::is_depleted(&ctx.view(), id);
    if depleted { CloseReason::InsufficientFunds } else { CloseReason::Tenant }
}

/// Ends a running lease: its order, the provider's counters, and its slot if it is not held
/// any longer. The caller ends the payment, of an absent provider as of the event's `paid_until`.
pub fn end(
    ctx: &mut Ctx,
    id: OrderId,
    order: &mut Order,
    ending: LeaseEnding,
) -> Result<LeaseClosed, ContractError> {
    let LeaseEnding { reason, breach, excludes, notice: by_notice, seen } = ending;
    let (now, height) = (ctx.now(), ctx.height());
    let mut ended = order.running_lease(id)?.clone();
    let mut stats = provider_stats::get(ctx.storage(), &ended.provider)?;
    if seen {
        provider_stats::see(&mut stats, now, height);
    }
    let unseen = absence::unseen(&ctx.view(), order, &ended, &stats);
    let paid_until = unseen.and_then(|unseen| unseen.paid_until(now, height));
    ended.paid_until = paid_until;
    ended.ended = Some((now, reason));
    if let Some(notice) = &mut ended.notice {
        notice.ended = by_notice;
    }
    order.status = OrderStatus::Lease(ended.clone());
    orders::save(ctx.storage_mut(), id, order)?;

    let free = ended.frees_slot(now, ctx.config.params.slot_hold);
    let frees_slot = free && remove_bid(ctx, id, &ended)?;
    // Without money nothing runs that a provider could be there for.
    let absence = paid_until.is_some() && reason != CloseReason::InsufficientFunds;
    provider_stats::count_end(&mut stats, LeaseEnd { reason, breach, frees_slot, absence });
    provider_stats::save(ctx.storage_mut(), &ended.provider, stats)?;
    let GroupId { deployment, group } = order.group;
    let provider = ended.provider.into();
    let excluded = excludes.then_some(true);
    let notice = by_notice.then_some(true);
    Ok(LeaseClosed {
        order: id,
        deployment,
        group,
        provider,
        reason,
        breach,
        excluded,
        notice,
        paid_until,
    })
}

/// Deletes the winner's bid. `true` if it was there.
fn remove_bid(ctx: &mut Ctx, id: OrderId, lease: &Lease) -> StdResult<bool> {
    let Some(bid) = bids::find(ctx.storage(), id, &lease.provider)? else { return Ok(false) };
    bids::remove(ctx.storage_mut(), id, &lease.provider, &bid);
    Ok(true)
}
