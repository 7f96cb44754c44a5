//! Fills the store from contract queries of one height, which becomes the cursor. It asks for
//! them a page at a time.
//!
//! Needed at the first start, when no node has the blocks after the cursor any more, at the start after
//! events that could not be read, and after the store was put back from a copy. What only the store has
//! (manifests, reservations, host names) stays. What is asked of each lease by itself, the clock of its
//! account and its deployment's commitment, is fetched afterwards.

mod read;

use std::collections::{BTreeMap, BTreeSet};

use souk_api::{
    escrow::AccountResponse,
    orderbook::{LeaseResponse, LeaseState, OrderResponse, OrderState},
};
use souk_chain::Client;
use souk_core::{OrderId, time::DAY};

use super::{
    ChainError, Market,
    apply::{order_ended, won_by_quote},
};
use crate::{
    model::{
        AccountClock, Bid, BidProgress, Cursor, Lease, Order, OrderDetail, Reclaim,
        heartbeat::limit_of,
    },
    store::{
        Pending, Store, StoreError, Topic, Tx, bids, copies, cursor, leases, orders, pending,
        quotes, reservations, taken_up, unreadable,
    },
};
use read::{Reader, Snapshot};

/// Leases that ended longer ago than this are left out, in seconds: what they earned was withdrawn at
/// their end.
const OVER: u64 = 30 * DAY;

/// Reads everything and writes it with the new cursor, in one transaction.
///
/// # Errors
///
/// If a node does not answer or refuses a query, or the store fails.
pub async fn rebuild(
    market: &Market,
    client: &Client,
    store: &Store,
) -> Result<Cursor, ChainError> {
    let mut reader = Reader::new(market, client).await?;
    let at = reader.at();
    tracing::info!(height = at.height, "rebuilding the store from contract queries");
    let snapshot = reader.read().await?;
    store.write(move |tx| put(tx, &snapshot)).await?;
    Ok(at)
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
    put_leases(tx, snapshot)?;
    for lease in snapshot.leases.iter().filter(|lease| lease.state.runs()) {
        pending::add(tx, Pending::Deployment, lease.group.deployment.0, at.height)?;
        pending::add(tx, Pending::Account, lease.account.0, at.height)?;
    }
    put_bids(tx, snapshot)?;
    unreadable::clear(tx)?;
    if cursor::get(tx)?.is_none() || copies::restored_at(tx)?.is_some() {
        taken_up::set(tx, at.time)?;
        quotes::set_out(tx, snapshot.quote_key.as_deref(), at.time)?;
    }
    copies::chain_read(tx)?;
    cursor::set(tx, at)?;
    tx.touch(Topic::Attestations);
    tx.touch(Topic::Provider);
    Ok(())
}

fn put_leases(tx: &Tx<'_>, snapshot: &Snapshot) -> Result<(), StoreError> {
    let at = snapshot.at;
    // What runs is not ended by one node's list: the endpoints are asked for each such lease. Nor does
    // one that ended run again by it: that is for the audit, which asks all of them.
    let running: BTreeSet<OrderId> = leases::active(tx)?.iter().map(|lease| lease.order).collect();
    let listed = |lease: &LeaseResponse| lease.state.runs();
    let active: BTreeSet<OrderId> =
        snapshot.leases.iter().filter(|lease| listed(lease)).map(|lease| lease.order).collect();
    for order in running.difference(&active) {
        pending::add(tx, Pending::LeaseEnd, order.0, at.height)?;
    }
    for lease in &snapshot.leases {
        let known = running.contains(&lease.order) || leases::get(tx, lease.order)?.is_some();
        let is_old = lease.closed_at.is_some_and(|end| end.saturating_add(OVER) < at.time);
        if !known && is_old && !snapshot.bids.contains_key(&lease.order) {
            continue;
        }
        if !known || running.contains(&lease.order) == listed(lease) {
            leases::put(tx, &lease_row(lease))?;
        }
    }
    // Quotes that were used while nobody looked.
    for (lease, nonce) in snapshot.leases.iter().filter_map(|lease| Some((lease, lease.nonce?))) {
        match lease.state.runs() {
            true => drop(quotes::use_nonce(tx, nonce, lease.order)?),
            false if quotes::is_open(tx, nonce)? => quotes::forget(tx, nonce)?,
            false => {}
        }
    }
    Ok(())
}

fn put_bids(tx: &Tx<'_>, snapshot: &Snapshot) -> Result<(), StoreError> {
    let orders: BTreeMap<OrderId, &OrderResponse> =
        snapshot.orders.iter().map(|order| (order.id, order)).collect();
    let ours: BTreeMap<OrderId, &LeaseResponse> =
        snapshot.leases.iter().map(|lease| (lease.order, lease)).collect();
    for bid in snapshot.bids.values() {
        let known = bids::get(tx, bid.order)?;
        let order = orders.get(&bid.order);
        let is_open = order.is_some_and(|order| order.state == OrderState::Open);
        let releasing = known.as_ref().filter(|row| row.progress == BidProgress::Releasing);
        if !is_open && releasing.is_some() {
            continue;
        }
        let ours = ours.get(&bid.order);
        let tenant = order.map(|order| &order.tenant).or(ours.map(|lease| &lease.tenant));
        // An ended lease keeps its slot for a while: its bid is neither lost nor open.
        let is_won = ours.is_some() || leases::is_active(tx, bid.order)?;
        let progress = match (is_won, is_open) {
            (true, _) => BidProgress::Won,
            (false, true) => BidProgress::Open,
            (false, false) => BidProgress::Lost,
        };
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
        match bid.placed_at {
            Some(time) => bids::set_placed(tx, bid.order, time)?,
            None => bids::set_placed_by(tx, bid.order, snapshot.at.time)?,
        }
        if progress == BidProgress::Lost {
            reservations::release(tx, bid.order)?;
        }
    }
    // The chain has no bid of a lease by a quote, but its slot.
    let quoted = snapshot.leases.iter().filter(|lease| lease.nonce.is_some());
    let quoted: BTreeMap<OrderId, &LeaseResponse> =
        quoted.map(|lease| (lease.order, lease)).collect();
    for (order, lease) in &quoted {
        if bids::get(tx, *order)?.is_none() && leases::get(tx, *order)?.is_some() {
            let height = snapshot.at.height;
            bids::put(tx, &won_by_quote(*order, &lease.tenant, lease.price, height))?;
        }
    }
    for known in bids::all(tx)? {
        if quoted.contains_key(&known.order) {
            continue;
        }
        let gone = !snapshot.bids.contains_key(&known.order)
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
        state: if lease.state.runs() { LeaseState::Active } else { lease.state },
        reason: lease.reason,
        created_at: lease.created_at,
        closed_at: lease.closed_at,
        withdrawn_at: lease.created_at,
        clock: None,
        reclaim: lease.reclaim.as_ref().and_then(Reclaim::in_force),
        absence_limit: lease.absence.as_ref().map(limit_of),
        paid_until: lease.paid_until,
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
