//! Fills the store from contract queries, all at one height, which becomes the cursor.
//!
//! Needed at the first start, when no node has the blocks after the cursor any more, and at the
//! start after events that could not be read. What only the store has (manifests, reservations,
//! host names) stays.

use std::collections::BTreeSet;

use souk_api::{
    escrow::AccountResponse,
    orderbook::{
        BidResponse, BidState, DeploymentResponse, LeaseResponse, LeaseState, OrderResponse,
        OrderState,
    },
};
use souk_chain::Client;
use souk_core::{DeploymentId, OrderId};

use super::{ChainError, Market, apply::order_ended};
use crate::{
    model::{AccountClock, Bid, BidProgress, Cursor, Lease, Order, OrderDetail},
    store::{
        DeploymentRow, Pending, Store, StoreError, Tx, bids, cursor, deployments, leases,
        manifests, orders, pending, reservations, unreadable,
    },
};

/// The chain's state of everything that concerns this provider, at one height.
#[derive(Debug)]
struct Snapshot {
    at: Cursor,
    orders: Vec<OrderResponse>,
    bids: Vec<BidResponse>,
    leases: Vec<LeaseResponse>,
    accounts: Vec<AccountResponse>,
    /// Deployments of active leases. An open order's is not needed: the order has its tenant.
    deployments: Vec<DeploymentResponse>,
    /// Deployments whose query was refused, to be fetched later.
    refused: Vec<DeploymentId>,
}

/// Queries everything and writes it with the new cursor, in one transaction.
///
/// # Errors
///
/// If a node does not answer or refuses a query, or the store fails.
pub async fn rebuild(
    market: &Market,
    client: &Client,
    store: &Store,
) -> Result<Cursor, ChainError> {
    let status = client.status().await?;
    let time = status.time.ok_or(ChainError::NoBlock)?;
    let at = Cursor { height: status.height, time: time.seconds };
    tracing::info!(height = at.height, "rebuilding the store from contract queries");
    let snapshot = read(&market.at(at.height), at, store).await?;
    store.write(move |tx| put(tx, &snapshot)).await?;
    Ok(at)
}

async fn read(market: &Market, at: Cursor, store: &Store) -> Result<Snapshot, ChainError> {
    let mut open = Vec::new();
    let mut after = None;
    loop {
        let page = market.orderbook.orders_after(after).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        open.extend(page.into_iter().filter(|order| order.state == OrderState::Open));
    }
    let mut own = Vec::new();
    let mut after = None;
    loop {
        let page = market.leases_after(after).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.order);
        own.extend(page);
    }
    // Bids on open orders, and those whose slots the store has not seen released.
    let known = store.read(bids::all).await?;
    let mut with_bids: BTreeSet<OrderId> = open.iter().map(|order| order.id).collect();
    with_bids.extend(known.iter().map(|bid| bid.order));
    with_bids.extend(own.iter().map(|lease| lease.order));
    let mut found = Vec::new();
    for order in with_bids {
        found.extend(market.own_bid(order).await?);
    }
    let mut orders = open;
    for lease in own.iter().filter(|lease| lease.state == LeaseState::Active) {
        orders.push(market.orderbook.order(lease.order).await?);
    }
    let active = || own.iter().filter(|lease| lease.state == LeaseState::Active);
    let mut accounts = Vec::new();
    for account in active().map(|lease| lease.account).collect::<BTreeSet<_>>() {
        accounts.push(market.escrow.account(account).await?);
    }
    let leased: BTreeSet<DeploymentId> = active().map(|lease| lease.group.deployment).collect();
    let (mut deployments, mut refused) = (Vec::new(), Vec::new());
    for id in leased {
        match market.orderbook.deployment(id).await {
            Ok(deployment) => deployments.push(deployment),
            // One may cost more gas than the node gives; the others are known all the same.
            Err(error) if error.is_refusal() => {
                tracing::warn!(deployment = %id, %error, "fetching a deployment refused, retrying later");
                refused.push(id);
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Snapshot { at, orders, bids: found, leases: own, accounts, deployments, refused })
}

fn put(tx: &Tx<'_>, snapshot: &Snapshot) -> Result<(), StoreError> {
    let at = snapshot.at;
    let open: BTreeSet<OrderId> = snapshot.orders.iter().map(|order| order.id).collect();
    let won: BTreeSet<OrderId> = snapshot.leases.iter().map(|lease| lease.order).collect();
    for known in orders::open(tx)? {
        if won.contains(&known.id) {
            orders::close(tx, known.id)?;
        } else if !open.contains(&known.id) {
            order_ended(tx, at, known.id)?;
        }
    }
    for order in &snapshot.orders {
        orders::put(tx, &order_row(order, at))?;
    }
    for deployment in &snapshot.deployments {
        deployments::put(
            tx,
            &DeploymentRow {
                id: deployment.id,
                tenant: deployment.tenant.clone(),
                commitment: deployment.commitment.clone(),
                height: at.height,
            },
        )?;
    }
    for id in &snapshot.refused {
        pending::add(tx, Pending::Deployment, id.0, at.height)?;
    }
    put_leases(tx, snapshot)?;
    for account in &snapshot.accounts {
        let clock = clock(account, at.height);
        match leases::clock(tx, account.id)? {
            Some(known) if !clock.ends_before(&known) => {
                leases::put_clock(tx, account.id, &clock)?;
            }
            _ => pending::add(tx, Pending::Account, account.id.0, at.height)?,
        }
    }
    put_bids(tx, snapshot)?;
    unreadable::clear(tx)?;
    cursor::set(tx, at)
}

fn put_leases(tx: &Tx<'_>, snapshot: &Snapshot) -> Result<(), StoreError> {
    let at = snapshot.at;
    // What runs is not ended by one node's list: the endpoints are asked for each such lease. Nor does
    // one that ended run again by it: that is for the audit, which asks all of them.
    let running: BTreeSet<OrderId> = leases::active(tx)?.iter().map(|lease| lease.order).collect();
    let listed = |lease: &LeaseResponse| lease.state == LeaseState::Active;
    let active: BTreeSet<OrderId> =
        snapshot.leases.iter().filter(|lease| listed(lease)).map(|lease| lease.order).collect();
    for order in running.difference(&active) {
        pending::add(tx, Pending::LeaseEnd, order.0, at.height)?;
    }
    for lease in &snapshot.leases {
        let known = running.contains(&lease.order) || leases::get(tx, lease.order)?.is_some();
        if !known || running.contains(&lease.order) == listed(lease) {
            leases::put(tx, &lease_row(lease))?;
        }
    }
    for lease in leases::all(tx)? {
        // The reservation of an ended lease is freed when its objects are gone.
        if lease.state != LeaseState::Active && !manifests::exists(tx, lease.order)? {
            reservations::release(tx, lease.order)?;
        }
    }
    Ok(())
}

fn put_bids(tx: &Tx<'_>, snapshot: &Snapshot) -> Result<(), StoreError> {
    let on_chain: BTreeSet<OrderId> = snapshot.bids.iter().map(|bid| bid.order).collect();
    for bid in &snapshot.bids {
        let known = bids::get(tx, bid.order)?;
        let progress = match bid.state {
            BidState::Open => BidProgress::Open,
            BidState::Active => BidProgress::Won,
            BidState::Lost => BidProgress::Lost,
        };
        let releasing = known.as_ref().filter(|row| row.progress == BidProgress::Releasing);
        if progress != BidProgress::Open && releasing.is_some() {
            continue;
        }
        let ours = snapshot.leases.iter().find(|lease| lease.order == bid.order);
        let tenant = snapshot.orders.iter().find(|order| order.id == bid.order);
        let tenant = tenant.map(|order| &order.tenant).or(ours.map(|lease| &lease.tenant));
        // An ended lease keeps its slot for a while: its bid is neither lost nor open.
        let is_won = ours.is_some() || leases::is_active(tx, bid.order)?;
        let progress = if is_won { BidProgress::Won } else { progress };
        bids::put(
            tx,
            &Bid {
                order: bid.order,
                tenant: tenant.cloned().unwrap_or_default(),
                price: bid.price,
                progress,
                decided_height: known.as_ref().map_or(snapshot.at.height, |k| k.decided_height),
                attempt: known.as_ref().map_or(0, |k| k.attempt),
                why: None,
            },
        )?;
        if progress == BidProgress::Lost {
            reservations::release(tx, bid.order)?;
        }
    }
    for known in bids::all(tx)? {
        let gone = !on_chain.contains(&known.order)
            && !matches!(known.progress, BidProgress::Sent | BidProgress::Refused);
        if gone {
            bids::forget(tx, known.order)?;
            if leases::get(tx, known.order)?.is_none_or(|l| l.state != LeaseState::Active) {
                reservations::release(tx, known.order)?;
            }
        }
    }
    Ok(())
}

pub(super) fn order_row(order: &OrderResponse, at: Cursor) -> Order {
    Order {
        id: order.id,
        group: order.group,
        tenant: order.tenant.clone(),
        ceiling: order.spec.ceiling,
        denom: order.denom.clone(),
        auction: order.auction,
        expires_at: order.expires_at,
        closes_at: order.closes_at,
        open: order.state == OrderState::Open,
        opened_height: at.height,
        bids_height: at.height,
        detail: Some(OrderDetail::from(order)),
    }
}

pub(super) fn lease_row(lease: &LeaseResponse) -> Lease {
    Lease {
        order: lease.order,
        group: lease.group,
        tenant: lease.tenant.clone(),
        price: lease.price,
        denom: lease.denom.clone(),
        account: lease.account,
        state: lease.state,
        reason: lease.reason,
        created_at: lease.created_at,
        closed_at: lease.closed_at,
        withdrawn_at: lease.created_at,
        clock: None,
    }
}

/// The clock of an account from a query's response.
pub(super) fn clock(account: &AccountResponse, height: u64) -> AccountClock {
    AccountClock {
        remaining: account.clock.remaining,
        rate: account.clock.rate,
        anchor: account.clock.anchor,
        depletion: account.depletion,
        depleted: account.clock.depleted_since.is_some(),
        closed: account.closed,
        height,
    }
}
