//! How a lease begins and ends.

use cosmwasm_std::{Addr, StdResult, WasmMsg, to_json_string};
use souk_api::{
    escrow::NewStream,
    orderbook::events::{LeaseClosed, LeaseCreated},
    published::{ProviderRecord, ProviderStats},
};
use souk_core::{CloseReason, DeploymentId, GroupId, OrderId, Price};

use super::{
    absence,
    order::{self, LoadedOrder},
};
use crate::{
    ContractError, Ctx,
    neighbours::escrow,
    state::{
        bids::{self, Bid},
        deployments::Deployment,
        leases,
        orders::{self, Lease, Order, OrderStatus, Used},
        provider_stats::{self, LeaseEnd},
    },
};

/// Who gets a lease, and for what.
pub struct Winner {
    /// The provider's address.
    pub provider: Addr,
    /// Base units an hour.
    pub price: Price,
    /// The notice after which it may take the lease back, in seconds.
    pub window: Option<u64>,
    /// Who is paid.
    pub payee: String,
    /// The quote that it won with; none if it won with a bid.
    pub quote: Option<Used>,
}

impl Winner {
    /// The bidder of a bid, of which the registry has this record.
    pub fn of_bid(provider: Addr, bid: &Bid, record: ProviderRecord) -> Self {
        Self { provider, price: bid.price, window: bid.window, payee: record.payee, quote: None }
    }
}

/// Makes a bid the lease: touches the winner alone, since the losers are lost by the order
/// not being open any more.
pub fn open(
    ctx: &mut Ctx,
    loaded: LoadedOrder,
    winner: Winner,
) -> Result<(LeaseCreated, WasmMsg), ContractError> {
    let stats = provider_stats::get(ctx.storage(), &winner.provider)?;
    open_with(ctx, loaded, winner, stats)
}

/// The same, with the winner's stats, which are saved.
pub fn open_with(
    ctx: &mut Ctx,
    mut loaded: LoadedOrder,
    winner: Winner,
    stats: ProviderStats,
) -> Result<(LeaseCreated, WasmMsg), ContractError> {
    let deployment = loaded.deployment_id();
    let released = order::take_reserved(ctx.storage(), &mut loaded.order)?;
    let LoadedOrder { id, order, deployment: of } = loaded;
    let (event, stream) = begin(ctx, &of, id, order, winner, stats)?;
    let pay = escrow::open_stream(ctx, deployment, stream, released)?;
    Ok((event, pay))
}

/// Makes an order the lease, which reserves nothing any more, and saves it with the winner's stats. The caller lets
/// the stream begin.
pub fn begin(
    ctx: &mut Ctx,
    of: &Deployment,
    id: OrderId,
    mut order: Order,
    winner: Winner,
    mut stats: ProviderStats,
) -> Result<(LeaseCreated, NewStream), ContractError> {
    let Winner { provider, price, window, payee, quote } = winner;
    let nonce = quote.as_ref().map(|quote| quote.nonce);
    let offer = quote.as_ref().map(|quote| &quote.offer).filter(|offer| !offer.is_empty());
    let offer = offer.map(to_json_string).transpose()?;
    order.status = OrderStatus::Lease(Lease {
        provider: provider.clone(),
        price,
        created_at: ctx.now(),
        created_block: ctx.height(),
        ended: None,
        window,
        notice: None,
        paid_until: None,
        quote,
    });
    orders::save(ctx.storage_mut(), id, &order)?;
    leases::add(ctx.storage_mut(), &provider, id)?;
    provider_stats::win_lease(&mut stats);
    provider_stats::save(ctx.storage_mut(), &provider, stats)?;

    let GroupId { deployment, group } = order.group;
    let event = LeaseCreated {
        order: id,
        deployment,
        group,
        tenant: of.tenant.to_string(),
        provider: provider.into(),
        price,
        denom: of.denom.clone(),
        nonce,
        offer,
    };
    let stream = NewStream {
        stream: id.0,
        payee,
        rate: price,
        take_bps: order.take_bps,
        hold: order.absence.map_or(0, |absence| absence.limit),
    };
    Ok((event, stream))
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
    let free = ended.frees_slot(now, ctx.config.params.slot_hold);
    let frees_slot = free && (ended.release_slot() || remove_bid(ctx, id, &ended)?);
    order.status = OrderStatus::Lease(ended.clone());
    orders::save(ctx.storage_mut(), id, order)?;

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
