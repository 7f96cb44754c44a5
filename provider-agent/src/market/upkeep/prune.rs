//! Deletes what the store need not keep.

use souk_core::time::DAY;

use crate::{
    market::apply::order_ended,
    store::{
        Store, StoreError, bids, cursor, decisions, deployments, kept_volumes, leases, manifests,
        orders,
    },
};

/// Blocks for which decisions and closed orders are kept.
const KEPT: u64 = 20_000;

/// Deletes expired orders, paid leases that ended two days ago, and old decisions.
///
/// # Errors
///
/// If the store fails.
pub async fn prune(store: &Store, height: u64) -> Result<(), StoreError> {
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
            for lease in leases::all(tx)? {
                let old = lease.closed_at.is_some_and(|end| now > end.saturating_add(2 * DAY));
                // The tenant of kept volumes may still order their deletion.
                let keeps = kept_volumes::get(tx, lease.order)?.is_some();
                if old && !keeps && lease.is_paid() && bids::get(tx, lease.order)?.is_none() {
                    leases::forget(tx, lease.order)?;
                    manifests::forget(tx, lease.order)?;
                }
            }
            let before = height.saturating_sub(KEPT);
            decisions::forget_before(tx, before)?;
            orders::forget_closed(tx, before)?;
            deployments::forget_idle(tx)?;
            Ok(())
        })
        .await
}
