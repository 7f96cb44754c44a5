//! What each event changes in the store. Called with all events of a block, in the
//! transaction that also moves the cursor; applying a block twice changes nothing.

use cosmwasm_std::HexBinary;
use souk_api::{
    attestations::AttestationEvent as Audit,
    escrow::{EscrowEvent, events::AccountChanged},
    orderbook::{
        LeaseState, OrderbookEvent as Book,
        events::{BidPlaced, DeploymentUpdated, LeaseClosed, LeaseCreated, OrderOpened},
    },
    registry::RegistryEvent as Registry,
};
use souk_core::{AccountId, CloseReason, GroupId, OrderId};

use super::MarketEvent;
use crate::store::{
    AccountClock, BidProgress, BidRow, Cursor, DeploymentRow, LeaseRow, MarkRow, OrderRow, Pending,
    StoreError, Topic, Tx, bids, deployments, leases, manifests, marks, orders, pending,
    reservations,
};

/// Whose store it is.
#[derive(Debug, Clone)]
pub struct Scope {
    /// The provider.
    pub provider: String,
    /// The orderbook's index among the escrow's controllers.
    pub controller: u16,
}

/// Applies the events of the block at `at`.
pub fn apply(
    tx: &Tx<'_>,
    scope: &Scope,
    at: Cursor,
    events: &[MarketEvent],
) -> Result<(), StoreError> {
    // A lease's first account event stands before the event of the lease itself.
    for event in events {
        if let MarketEvent::Orderbook(Book::LeaseCreated(event)) = event {
            lease_created(tx, scope, at, event)?;
        }
    }
    for event in events {
        match event {
            MarketEvent::Orderbook(event) => of_book(tx, scope, at, event)?,
            MarketEvent::Escrow(EscrowEvent::AccountChanged(event)) => {
                account_changed(tx, at, event)?;
            }
            MarketEvent::Escrow(_) => {}
            MarketEvent::Registry(event) => of_registry(tx, scope, event),
            MarketEvent::Attestations(event) => of_auditors(tx, scope, event),
        }
    }
    for event in events {
        if let MarketEvent::Orderbook(Book::LeaseCreated(event)) = event
            && let Some(lease) = leases::get(tx, event.order)?
            && lease.clock.is_none()
        {
            pending::add(tx, Pending::Account, lease.account.0)?;
        }
    }
    Ok(())
}

fn of_book(tx: &Tx<'_>, scope: &Scope, at: Cursor, event: &Book) -> Result<(), StoreError> {
    let own = |provider: &str| provider == scope.provider;
    match event {
        Book::DeploymentCreated(event) => deployments::put(
            tx,
            &DeploymentRow {
                id: event.deployment,
                tenant: event.tenant.clone(),
                commitment: commitment(&event.commitment),
                height: at.height,
            },
        ),
        Book::DeploymentUpdated(event) => deployment_updated(tx, at, event),
        Book::DeploymentMarked(event) => {
            let row = MarkRow {
                deployment: event.deployment,
                depleted_since: event.depleted_since,
                endable_at: event.endable_at,
                height: at.height,
            };
            marks::put(tx, &row)
        }
        Book::DeploymentClosed(event) => {
            marks::forget(tx, event.deployment)?;
            orders::close_of(tx, event.deployment)
        }
        Book::OrderOpened(event) => order_opened(tx, at, event),
        Book::OrderClosed(event) => order_over(tx, at, event.order),
        Book::OrderPruned(event) => order_over(tx, at, event.order),
        Book::BidPlaced(event) => {
            orders::set_book_height(tx, event.order, at.height)?;
            if own(&event.provider) { own_bid_placed(tx, at, event) } else { Ok(()) }
        }
        Book::BidLowered(event) => {
            orders::set_book_height(tx, event.order, at.height)?;
            if own(&event.provider) {
                bids::set_price(tx, event.order, event.price)
            } else {
                Ok(())
            }
        }
        Book::BidWithdrawn(event) => bid_gone(tx, scope, at, event.order, &event.provider),
        Book::BidDisqualified(event) => bid_gone(tx, scope, at, event.order, &event.provider),
        Book::AuctionExtended(event) => orders::extend(tx, event.order, event.closes_at),
        Book::LeaseCreated(event) => {
            orders::close(tx, event.order)?;
            if own(&event.provider) { Ok(()) } else { bid_lost(tx, at, event.order) }
        }
        Book::LeaseClosed(event) if own(&event.provider) => lease_closed(tx, at, event),
        Book::BidsReleased(event) => {
            if own(&event.provider) {
                tx.touch(Topic::Facts);
            }
            Ok(())
        }
        Book::LeaseClosed(_) | Book::DelegateSet(_) | Book::GroupChanged(_) => Ok(()),
    }
}

/// A deployment that is still to be fetched gets its new commitment at once: the fetch may
/// answer from an older state, and then gives way.
fn deployment_updated(
    tx: &Tx<'_>,
    at: Cursor,
    event: &DeploymentUpdated,
) -> Result<(), StoreError> {
    let (id, commitment) = (event.deployment, commitment(&event.commitment));
    if deployments::get(tx, id)?.is_some() {
        return deployments::set_commitment(tx, id, &commitment, at.height);
    }
    match orders::owner_of(tx, id)? {
        Some(tenant) => {
            deployments::put(tx, &DeploymentRow { id, tenant, commitment, height: at.height })
        }
        None => Ok(()),
    }
}

fn order_opened(tx: &Tx<'_>, at: Cursor, event: &OrderOpened) -> Result<(), StoreError> {
    orders::put(
        tx,
        &OrderRow {
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
            book_height: at.height,
            detail: None,
        },
    )?;
    pending::add(tx, Pending::Order, event.order.0)?;
    if deployments::get(tx, event.deployment)?.is_none() {
        pending::add(tx, Pending::Deployment, event.deployment.0)?;
    }
    Ok(())
}

pub(super) fn order_over(tx: &Tx<'_>, at: Cursor, order: OrderId) -> Result<(), StoreError> {
    orders::close(tx, order)?;
    bid_lost(tx, at, order)
}

/// An own bid that can become no lease any more frees what was reserved for it.
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
    tx.touch(Topic::Facts);
    let known = bids::get(tx, event.order)?;
    let tenant = match &known {
        Some(row) => row.tenant.clone(),
        None => orders::get(tx, event.order)?.map(|order| order.tenant).unwrap_or_default(),
    };
    bids::put(
        tx,
        &BidRow {
            order: event.order,
            tenant,
            price: event.price,
            progress: BidProgress::Open,
            decided_height: known.as_ref().map_or(at.height, |row| row.decided_height),
            attempt: known.map_or(0, |row| row.attempt),
            why: None,
        },
    )
}

fn bid_gone(
    tx: &Tx<'_>,
    scope: &Scope,
    at: Cursor,
    order: OrderId,
    provider: &str,
) -> Result<(), StoreError> {
    orders::set_book_height(tx, order, at.height)?;
    if provider != scope.provider {
        return Ok(());
    }
    tx.touch(Topic::Facts);
    reservations::release(tx, order)?;
    // The order may go on without it: the row stays, so that no second bid is made.
    bids::refuse(tx, order, bids::NO_MORE, "it was taken off the book")
}

fn lease_created(
    tx: &Tx<'_>,
    scope: &Scope,
    at: Cursor,
    event: &LeaseCreated,
) -> Result<(), StoreError> {
    if event.provider != scope.provider {
        return Ok(());
    }
    // Deployment numbers stay below 2^48, as the escrow demands of its controllers.
    let account = AccountId::new(scope.controller, event.deployment.0)
        .unwrap_or(AccountId(event.deployment.0));
    leases::put(
        tx,
        &LeaseRow {
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
        },
    )?;
    bids::set_progress(tx, event.order, BidProgress::Won, None)?;
    if deployments::get(tx, event.deployment)?.is_none() {
        pending::add(tx, Pending::Deployment, event.deployment.0)?;
    }
    Ok(())
}

fn lease_closed(tx: &Tx<'_>, at: Cursor, event: &LeaseClosed) -> Result<(), StoreError> {
    let state = match event.reason {
        CloseReason::InsufficientFunds => LeaseState::InsufficientFunds,
        _ => LeaseState::Closed,
    };
    leases::close(tx, event.order, state, event.reason, at.time)?;
    if manifests::exists(tx, event.order)? {
        // Its pods are still there: what is promised to them is freed when they are gone.
        return Ok(());
    }
    reservations::release(tx, event.order)
}

fn account_changed(tx: &Tx<'_>, at: Cursor, event: &AccountChanged) -> Result<(), StoreError> {
    if !leases::is_paid_by(tx, event.account)? {
        return Ok(());
    }
    leases::put_clock(tx, event.account, &AccountClock::of_event(event, at.height))
}

fn of_registry(tx: &Tx<'_>, scope: &Scope, event: &Registry) {
    let provider = match event {
        Registry::Registered(event) => &event.provider,
        Registry::Updated(event) => &event.provider,
        Registry::BondChanged(event) => &event.provider,
        Registry::UnbondedClaimed(event) => &event.provider,
        Registry::Deregistered(event) => &event.provider,
        Registry::Slashed(event) => &event.provider,
    };
    if *provider == scope.provider {
        tx.touch(Topic::Facts);
    }
}

fn of_auditors(tx: &Tx<'_>, scope: &Scope, event: &Audit) {
    let provider = match event {
        Audit::Attested(event) => &event.provider,
        Audit::Revoked(event) => &event.provider,
        Audit::ProfileSet(_) => return,
    };
    if *provider == scope.provider {
        tx.touch(Topic::Facts);
    }
}

fn commitment(hex: &str) -> HexBinary {
    HexBinary::from_hex(hex).unwrap_or_default()
}
