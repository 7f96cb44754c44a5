//! What each event changes in the store. Called with all events of a block, in the
//! transaction that also moves the cursor; applying a block twice changes nothing.

use cosmwasm_std::HexBinary;
use souk_api::{
    attestations::AttestationEvent,
    escrow::{EscrowEvent, events::AccountChanged},
    orderbook::{
        LeaseState, OrderbookEvent,
        events::{
            BidPlaced, DeploymentUpdated, LeaseClosed, LeaseCreated, LeaseReclaiming, OrderOpened,
        },
    },
    registry::RegistryEvent,
};
use souk_client::MarketEvent;
use souk_core::{AccountId, AuctionPolicy, CloseReason, GroupId, OrderId, Price};

use super::outbox::{Attempts, attempts, take_back_key};
use crate::{
    model::{
        AccountClock, Bid, BidProgress, Cursor, Lease, Mark, Order, Reclaim, bidding::TenantReason,
    },
    store::{
        DecisionRow, DeploymentRow, Pending, StoreError, Topic, Tx, Verdict, bids, decisions,
        deployments, kept_volumes, leases, marks, orders, pending, quotes, reclaims, reservations,
        seen,
    },
};

/// The provider whose events count.
#[derive(Debug, Clone)]
pub struct ProviderContext {
    /// The provider's address.
    pub address: String,
    /// The orderbook's index among the escrow's controllers.
    pub controller: u16,
}

/// Applies the events of the block at `at`.
///
/// # Errors
///
/// If the store fails.
pub fn apply(
    tx: &Tx<'_>,
    context: &ProviderContext,
    at: Cursor,
    events: &[MarketEvent],
) -> Result<(), StoreError> {
    // A lease's first account event comes before the event of the lease itself.
    for event in events {
        if let MarketEvent::Orderbook(OrderbookEvent::LeaseCreated(event)) = event {
            lease_created(tx, context, at, event)?;
        }
    }
    for event in events {
        match event {
            MarketEvent::Orderbook(event) => apply_orderbook(tx, context, at, event)?,
            MarketEvent::Escrow(EscrowEvent::AccountChanged(event)) => {
                account_changed(tx, at, event)?;
            }
            MarketEvent::Escrow(_) => {}
            MarketEvent::Registry(event) => apply_registry(tx, context, event),
            MarketEvent::Attestations(event) => apply_attestations(tx, context, event),
            MarketEvent::Fees(_) => {}
        }
    }
    for event in events {
        if let MarketEvent::Orderbook(OrderbookEvent::LeaseCreated(event)) = event
            && let Some(lease) = leases::get(tx, event.order)?
            && lease.clock.is_none()
        {
            pending::add(tx, Pending::Account, lease.account.0, at.height)?;
        }
    }
    Ok(())
}

fn apply_orderbook(
    tx: &Tx<'_>,
    context: &ProviderContext,
    at: Cursor,
    event: &OrderbookEvent,
) -> Result<(), StoreError> {
    let own = |provider: &str| provider == context.address;
    match event {
        OrderbookEvent::DeploymentCreated(event) => deployments::put(
            tx,
            &DeploymentRow {
                id: event.deployment,
                tenant: event.tenant.clone(),
                commitment: commitment(&event.commitment),
                height: at.height,
            },
        ),
        OrderbookEvent::DeploymentUpdated(event) => deployment_updated(tx, at, event),
        OrderbookEvent::DeploymentMarked(event) => {
            let row = Mark {
                deployment: event.deployment,
                depleted_since: event.depleted_since,
                endable_at: event.endable_at,
                height: at.height,
            };
            marks::put(tx, &row)
        }
        OrderbookEvent::DeploymentClosed(event) => {
            marks::forget(tx, event.deployment)?;
            orders::close_of(tx, event.deployment)
        }
        OrderbookEvent::OrderOpened(event) => order_opened(tx, at, event),
        OrderbookEvent::OrderClosed(event) => order_ended(tx, at, event.order),
        OrderbookEvent::OrderPruned(event) => order_ended(tx, at, event.order),
        OrderbookEvent::Admin(_) => {
            // A pause or other parameters: bidding asks for them at once.
            tx.touch(Topic::Provider);
            Ok(())
        }
        OrderbookEvent::BidPlaced(event) => {
            orders::set_bids_height(tx, event.order, at.height)?;
            if own(&event.provider) { own_bid_placed(tx, at, event) } else { Ok(()) }
        }
        OrderbookEvent::ProviderSeen(event) if own(&event.provider) => seen::see(tx, at),
        OrderbookEvent::BidLowered(event) => {
            orders::set_bids_height(tx, event.order, at.height)?;
            if own(&event.provider) {
                bids::set_price(tx, event.order, event.price)
            } else {
                Ok(())
            }
        }
        OrderbookEvent::BidWithdrawn(event) => {
            bid_removed(tx, context, at, event.order, &event.provider)?;
            if own(&event.provider) {
                seen::see(tx, at)?;
                taken_back(tx, at, event.order)
            } else {
                Ok(())
            }
        }
        OrderbookEvent::BidDisqualified(event) => {
            bid_removed(tx, context, at, event.order, &event.provider)
        }
        OrderbookEvent::AuctionExtended(event) => {
            orders::extend(tx, event.order, event.closes_at, event.closes_at_block)
        }
        OrderbookEvent::LeaseCreated(event) => {
            orders::close(tx, event.order)?;
            if own(&event.provider) { Ok(()) } else { bid_lost(tx, at, event.order) }
        }
        OrderbookEvent::LeaseClosed(event) if own(&event.provider) => lease_closed(tx, at, event),
        OrderbookEvent::BidsReleased(event) => {
            if own(&event.provider) {
                tx.touch(Topic::Provider);
            }
            Ok(())
        }
        OrderbookEvent::LeaseReclaiming(event) if own(&event.provider) => {
            lease_reclaiming(tx, event)
        }
        OrderbookEvent::LeaseClosed(_)
        | OrderbookEvent::LeaseReclaiming(_)
        | OrderbookEvent::BidRefused(_)
        | OrderbookEvent::DelegateSet(_)
        | OrderbookEvent::ListsSet(_)
        | OrderbookEvent::ExcludedSet(_)
        | OrderbookEvent::AnyoneStartsSet(_)
        | OrderbookEvent::ProviderSeen(_)
        | OrderbookEvent::GroupChanged(_) => Ok(()),
    }
}

/// A deployment that is still to be fetched gets its new commitment at once; a fetch that answers
/// from an older state does not overwrite it.
fn deployment_updated(
    tx: &Tx<'_>,
    at: Cursor,
    event: &DeploymentUpdated,
) -> Result<(), StoreError> {
    let (id, commitment) = (event.deployment, commitment(&event.commitment));
    if deployments::get(tx, id)?.is_some() {
        return deployments::set_commitment(tx, id, &commitment, at.height);
    }
    match orders::tenant_of(tx, id)? {
        Some(tenant) => {
            deployments::put(tx, &DeploymentRow { id, tenant, commitment, height: at.height })
        }
        None => Ok(()),
    }
}

fn order_opened(tx: &Tx<'_>, at: Cursor, event: &OrderOpened) -> Result<(), StoreError> {
    orders::put(
        tx,
        &Order {
            id: event.order,
            group: GroupId { deployment: event.deployment, group: event.group },
            tenant: event.tenant.clone(),
            ceiling: event.ceiling,
            denom: event.denom.clone(),
            auction: event.auction,
            expires_at: event.expires_at,
            closes_at: event.closes_at,
            open: true,
            opened_height: at.height,
            bids_height: at.height,
            detail: None,
        },
    )?;
    pending::add(tx, Pending::Order, event.order.0, at.height)?;
    if deployments::get(tx, event.deployment)?.is_none() {
        pending::add(tx, Pending::Deployment, event.deployment.0, at.height)?;
    }
    Ok(())
}

pub(super) fn order_ended(tx: &Tx<'_>, at: Cursor, order: OrderId) -> Result<(), StoreError> {
    orders::close(tx, order)?;
    bid_lost(tx, at, order)
}

/// An own bid that can become no lease any more frees its reservation.
fn bid_lost(tx: &Tx<'_>, at: Cursor, order: OrderId) -> Result<(), StoreError> {
    let Some(bid) = bids::get(tx, order)? else { return Ok(()) };
    match bid.progress {
        BidProgress::Sent | BidProgress::Open => {
            bids::lose(tx, order, at.height)?;
            reservations::release(tx, order)
        }
        BidProgress::Refused => bids::forget(tx, order),
        BidProgress::Won | BidProgress::Lost | BidProgress::Releasing => Ok(()),
    }
}

fn own_bid_placed(tx: &Tx<'_>, at: Cursor, event: &BidPlaced) -> Result<(), StoreError> {
    tx.touch(Topic::Provider);
    seen::see(tx, at)?;
    let known = bids::get(tx, event.order)?;
    let tenant = match &known {
        Some(row) => row.tenant.clone(),
        None => orders::get(tx, event.order)?.map(|order| order.tenant).unwrap_or_default(),
    };
    bids::put(
        tx,
        &Bid {
            order: event.order,
            tenant,
            price: event.price,
            progress: BidProgress::Open,
            decided_height: known.as_ref().map_or(at.height, |row| row.decided_height),
            attempt: known.map_or(0, |row| row.attempt),
            why: None,
        },
    )?;
    bids::set_placed(tx, event.order, at.time)
}

fn bid_removed(
    tx: &Tx<'_>,
    context: &ProviderContext,
    at: Cursor,
    order: OrderId,
    provider: &str,
) -> Result<(), StoreError> {
    orders::set_bids_height(tx, order, at.height)?;
    if provider != context.address {
        return Ok(());
    }
    // A bid that became a lease can be neither: one node's word frees nothing that runs.
    if leases::is_active(tx, order)? {
        return Ok(());
    }
    tx.touch(Topic::Provider);
    reservations::release(tx, order)?;
    // The order may still be open: the row stays, so that there is no second bid.
    bids::refuse(tx, order, bids::NO_MORE, "it was withdrawn or disqualified")
}

/// That the agent took its bid back is recorded by the chain's word, not when it wants to: the tenant may accept
/// the bid before.
fn taken_back(tx: &Tx<'_>, at: Cursor, order: OrderId) -> Result<(), StoreError> {
    let wanted = match attempts(tx, &take_back_key(order))? {
        Attempts::InFlight | Attempts::Done { .. } => true,
        Attempts::Failed { .. } | Attempts::None(_) => false,
    };
    if !wanted || leases::is_active(tx, order)? {
        return Ok(());
    }
    let row = DecisionRow {
        order,
        height: at.height,
        verdict: Verdict::Pass,
        reason: "taken back: not accepted in time (bidding.take_bids_back_after)".to_owned(),
        tenant_reason: TenantReason::TakenBack.as_str().to_owned(),
        price: None,
    };
    decisions::put(tx, &row).map(|_| ())
}

fn lease_created(
    tx: &Tx<'_>,
    context: &ProviderContext,
    at: Cursor,
    event: &LeaseCreated,
) -> Result<(), StoreError> {
    if event.provider != context.address {
        return Ok(());
    }
    // Deployment numbers stay below 2^48, as the escrow demands of its controllers.
    let account = AccountId::new(context.controller, event.deployment.0)
        .unwrap_or(AccountId(event.deployment.0));
    let detail = orders::get(tx, event.order)?.and_then(|order| order.detail);
    let absence_limit = detail.and_then(|detail| detail.absence_limit);
    leases::put(
        tx,
        &Lease {
            order: event.order,
            group: GroupId { deployment: event.deployment, group: event.group },
            tenant: event.tenant.clone(),
            price: event.price,
            denom: event.denom.clone(),
            account,
            state: LeaseState::Active,
            reason: None,
            created_at: at.time,
            closed_at: None,
            withdrawn_at: at.time,
            clock: None,
            reclaim: None,
            absence_limit,
            paid_until: None,
        },
    )?;
    match event.nonce {
        Some(nonce) => quote_used(tx, at, event, nonce)?,
        None => bids::set_progress(tx, event.order, BidProgress::Won, None)?,
    }
    if deployments::get(tx, event.deployment)?.is_none() {
        pending::add(tx, Pending::Deployment, event.deployment.0, at.height)?;
    }
    tracing::info!(lease = %event.order, tenant = %event.tenant, price = %event.price, "lease created");
    Ok(())
}

/// A quote became a lease, mostly without an order that was open before: what it reserved is the lease's, and the slot
/// that it uses is released as that of a bid that won.
fn quote_used(tx: &Tx<'_>, at: Cursor, event: &LeaseCreated, nonce: u64) -> Result<(), StoreError> {
    let order = event.order;
    if !quotes::use_nonce(tx, nonce, order)? && reservations::get(tx, order)?.is_none() {
        tracing::warn!(lease = %order, nonce, "lease by a quote that is not in the store");
    }
    match bids::get(tx, order)? {
        // It was used for an order on which there was a bid as well.
        Some(_) => bids::set_progress(tx, order, BidProgress::Won, None)?,
        None => bids::put(tx, &won_by_quote(order, &event.tenant, event.price, at.height))?,
    }
    if orders::get(tx, order)?.is_none() {
        orders::put(
            tx,
            &Order {
                id: order,
                group: GroupId { deployment: event.deployment, group: event.group },
                tenant: event.tenant.clone(),
                // Its details say.
                ceiling: event.price,
                denom: event.denom.clone(),
                auction: AuctionPolicy::TenantChoice {},
                expires_at: at.time,
                closes_at: None,
                open: false,
                opened_height: at.height,
                bids_height: at.height,
                detail: None,
            },
        )?;
        pending::add(tx, Pending::Order, order.0, at.height)?;
    }
    tx.touch(Topic::Provider);
    Ok(())
}

/// The row by which the slot of a lease by a quote is released. The chain has no bid of it.
pub(super) fn won_by_quote(order: OrderId, tenant: &str, price: Price, height: u64) -> Bid {
    Bid {
        order,
        tenant: tenant.to_owned(),
        price,
        progress: BidProgress::Won,
        decided_height: height,
        attempt: 0,
        why: None,
    }
}

/// Nothing else changes: the lease is served until it ended.
fn lease_reclaiming(tx: &Tx<'_>, event: &LeaseReclaiming) -> Result<(), StoreError> {
    if !leases::is_active(tx, event.order)? {
        return Ok(());
    }
    tracing::info!(lease = %event.order, until = event.deadline, "lease is being reclaimed");
    reclaims::put(tx, event.order, &Reclaim::from(event))
}

/// The event alone ends nothing: its namespace would be deleted on one node's word.
fn lease_closed(tx: &Tx<'_>, at: Cursor, event: &LeaseClosed) -> Result<(), StoreError> {
    // Nobody but the provider closes like that.
    if event.breach || event.reason == CloseReason::ManifestTimeout {
        seen::see(tx, at)?;
    }
    tracing::info!(lease = %event.order, reason = %event.reason, "lease closed by an event, asking the endpoints");
    pending::add(tx, Pending::LeaseEnd, event.order.0, at.height)
}

/// Ends an own lease, after it was confirmed.
pub(super) fn end_lease(
    tx: &Tx<'_>,
    order: OrderId,
    state: LeaseState,
    reason: CloseReason,
    at: u64,
) -> Result<(), StoreError> {
    if leases::is_active(tx, order)? {
        // Of an end that was believed wrongly: the time of this one begins now.
        kept_volumes::forget(tx, order)?;
    }
    leases::close(tx, order, state, reason, at)?;
    tracing::info!(lease = %order, %reason, "lease ended");
    // Its pods and volumes are still there: the reservation is freed when they are gone or kept.
    Ok(())
}

fn account_changed(tx: &Tx<'_>, at: Cursor, event: &AccountChanged) -> Result<(), StoreError> {
    if !leases::is_paid_by(tx, event.account)? {
        return Ok(());
    }
    let clock = AccountClock::of_event(event, at.height);
    // What runs is stopped by a clock that ends sooner, and its disks that are not volumes are lost:
    // one node's event is not enough.
    match leases::clock(tx, event.account)? {
        Some(known) if clock.ends_before(&known) => {
            return pending::add(tx, Pending::Account, event.account.0, at.height);
        }
        Some(_) => {}
        None => pending::add(tx, Pending::Account, event.account.0, at.height)?,
    }
    leases::put_clock(tx, event.account, &clock)
}

fn apply_registry(tx: &Tx<'_>, context: &ProviderContext, event: &RegistryEvent) {
    let provider = match event {
        RegistryEvent::Registered(event) => &event.provider,
        RegistryEvent::Updated(event) => &event.provider,
        RegistryEvent::BondChanged(event) => &event.provider,
        RegistryEvent::UnbondedClaimed(event) => &event.provider,
        RegistryEvent::Deregistered(event) => &event.provider,
        RegistryEvent::ChangeNoticed(event) => &event.provider,
        RegistryEvent::SlashNoticed(event) => &event.provider,
        RegistryEvent::NoticeWithdrawn(event) => &event.provider,
        RegistryEvent::Slashed(event) => &event.provider,
        RegistryEvent::Admin(_) => return,
    };
    if *provider == context.address {
        tx.touch(Topic::Provider);
    }
}

fn apply_attestations(tx: &Tx<'_>, context: &ProviderContext, event: &AttestationEvent) {
    let provider = match event {
        AttestationEvent::Attested(event) => &event.provider,
        AttestationEvent::Revoked(event) => &event.provider,
        AttestationEvent::ProfileSet(_) | AttestationEvent::Admin(_) => return,
    };
    if *provider == context.address {
        tx.touch(Topic::Attestations);
    }
}

fn commitment(hex: &str) -> HexBinary {
    HexBinary::from_hex(hex).unwrap_or_default()
}
