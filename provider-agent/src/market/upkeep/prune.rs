//! Deletes what the store need not keep.

use souk_api::orderbook::MAX_ORDERS;
use souk_chain::Outbox;
use souk_core::{OrderId, time::DAY};

use crate::{
    market::{
        ChainError,
        apply::order_ended,
        outbox::{self, Messages},
    },
    store::{
        Store, StoreError, bids, cursor, decisions, deployments, kept_volumes, leases, manifests,
        orders, reservations,
    },
};

/// Blocks for which decisions and closed orders are kept.
const KEPT: u64 = 20_000;
/// Seconds for which the outcomes of messages are kept.
const MESSAGES_KEPT: u64 = 14 * DAY;
/// Messages that are deleted at once, at most.
const MESSAGES: u32 = 1_000;

/// Deletes expired orders, paid leases that ended two days ago, old decisions and outcomes of messages; lets
/// the chain forget those leases, too. `clock` is Unix seconds.
///
/// # Errors
///
/// If the store fails.
pub async fn prune(
    store: &Store,
    messages: &Messages,
    height: u64,
    clock: u64,
) -> Result<(), ChainError> {
    let messages = messages.clone();
    store
        .write(move |tx| {
            let Some(at) = cursor::get(tx)? else { return Ok(()) };
            let now = at.time;
            // An order without auction ends with its last second, without an event.
            for order in orders::open(tx)? {
                if order.closes_at.is_none() && now > order.expires_at {
                    order_ended(tx, at, order.id)?;
                }
            }
            let mut over = Vec::new();
            for lease in leases::ended(tx)? {
                let old = lease.closed_at.is_some_and(|end| now > end.saturating_add(2 * DAY));
                // The tenant of kept volumes may still order their deletion.
                let keeps = kept_volumes::get(tx, lease.order)?.is_some();
                let holds = keeps || reservations::get(tx, lease.order)?.is_some();
                if old && !holds && lease.is_paid() && bids::get(tx, lease.order)?.is_none() {
                    leases::forget(tx, lease.order)?;
                    manifests::forget(tx, lease.order)?;
                    over.push(lease.order);
                }
            }
            let before = height.saturating_sub(KEPT);
            decisions::forget_before(tx, before)?;
            orders::forget_closed(tx, before)?;
            deployments::forget_idle(tx)?;
            for batch in over.chunks(MAX_ORDERS) {
                let first = batch.first().copied().unwrap_or(OrderId(0));
                let msg = messages.prune(batch.to_vec())?;
                outbox::send(tx, &format!("prune/{first}"), msg)?;
            }
            let before = clock.saturating_sub(MESSAGES_KEPT);
            Outbox::prune(tx, before, at.height, MESSAGES).map_err(StoreError::from)?;
            Ok(())
        })
        .await
}
