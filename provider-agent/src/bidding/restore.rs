//! Reserves again for bids and leases that hold no reservation: after the store was lost, the
//! chain still has them, and their capacity must not be promised twice.

use souk_core::OrderId;

use super::{price::gpu_rate, round::Snapshot, run::Deps, stock::Stock};
use crate::{
    inventory::{self, fit},
    store::{OrderRow, ReservationRow, StoreError, bids, leases, orders, reservations},
};

/// All reservations, those included that were restored now.
pub(super) async fn restore(
    deps: &Deps,
    snapshot: &Snapshot,
    stock: &Stock,
) -> Result<Vec<ReservationRow>, StoreError> {
    let mut reserved = snapshot.reservations.clone();
    let bids = snapshot.bids.iter().filter(|bid| bid.progress.is_live()).map(|bid| bid.order);
    let leases = snapshot.leases.iter().map(|lease| lease.order);
    let bare: Vec<OrderId> =
        bids.chain(leases).filter(|id| !reserved.iter().any(|row| row.order == *id)).collect();
    for id in bare {
        let order = deps.store.read(move |sql| orders::get(sql, id)).await?;
        let Some(row) = order.and_then(|order| place(deps, stock, &reserved, &order)) else {
            continue;
        };
        let kept = row.clone();
        let restored = deps
            .store
            .write(move |tx| {
                let live = bids::get(tx, id)?.is_some_and(|bid| bid.progress.is_live());
                let leased = leases::active(tx)?.iter().any(|lease| lease.order == id);
                if live || leased {
                    reservations::put(tx, &row)?;
                }
                Ok::<_, StoreError>(live || leased)
            })
            .await?;
        if restored {
            tracing::info!(order = %id, "reserved again");
            reserved.push(kept);
        }
    }
    Ok(reserved)
}

/// Where it fits beside all others, its own pods aside; none if it does not or the cluster
/// cannot be seen.
fn place(
    deps: &Deps,
    stock: &Stock,
    reserved: &[ReservationRow],
    order: &OrderRow,
) -> Option<ReservationRow> {
    let detail = order.detail.as_ref()?;
    let left = stock.left_without(order.id, reserved)?;
    let table = deps.config.bidding.table(&order.denom);
    // A price that was taken out of the configuration since then takes no capacity away.
    let worth = |gpu: &_| {
        let rate = table.and_then(|table| gpu_rate(table, gpu));
        Some(rate.map_or(u128::MAX, |rate| rate.billionths()))
    };
    let placements = fit(&detail.spec, &left, &worth).ok()?;
    Some(ReservationRow { order: order.id, placements, ips: inventory::leased_ips(&detail.spec) })
}
