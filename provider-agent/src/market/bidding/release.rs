//! Releases the slots of bids that can become no lease any more, many in one message.

use souk_api::orderbook::MAX_ORDERS;
use souk_chain::pipeline::ItemState;
use souk_core::OrderId;

use super::deps::Deps;
use crate::{
    market::{ChainError, outbox},
    model::{BidProgress, Cursor},
    store::{StoreError, Topic, Tx, bids, cursor, leases, reservations},
};

/// Blocks for which a batch that is not full waits for more, unless slots are scarce.
const MAX_BATCH_DELAY: u64 = 200;

/// Sends the next batch, once the one before has its outcome. Does not wait for a full batch if
/// `slots_are_scarce`, for all or for one tenant.
pub(super) async fn release(
    deps: &Deps,
    at: Cursor,
    slot_hold: u64,
    slots_are_scarce: bool,
) -> Result<(), ChainError> {
    collect(deps).await?;
    let due = deps
        .store
        .read(move |sql| {
            // One message at a time.
            match bids::any_releasing(sql)? {
                true => Ok::<_, StoreError>(Vec::new()),
                false => bids::over(sql, at.time, slot_hold),
            }
        })
        .await?;
    let oldest = due.iter().map(|bid| bid.decided_height).min();
    let waited = oldest.is_some_and(|height| at.height >= height.saturating_add(MAX_BATCH_DELAY));
    if due.is_empty() || due.len() < MAX_ORDERS && !waited && !slots_are_scarce {
        return Ok(());
    }
    let batch: Vec<OrderId> = due.iter().take(MAX_ORDERS).map(|bid| bid.order).collect();
    let msg = deps.messages.release_bids(batch.clone())?;
    let first = batch.first().copied().unwrap_or(OrderId(0));
    let key = format!("release/{}/{first}", at.height);
    deps.store.write(move |tx| send(tx, &key, &batch, msg)).await?;
    Ok(())
}

fn send(tx: &Tx<'_>, key: &str, batch: &[OrderId], msg: souk_chain::Any) -> Result<(), StoreError> {
    for order in batch {
        bids::set_progress(tx, *order, BidProgress::Releasing, Some(key))?;
        reservations::release_unless_leased(tx, *order)?;
    }
    outbox::send(tx, key, msg)?;
    Ok(())
}

/// Deletes bids that are released; those that the chain skipped, or whose message failed, become
/// lost bids again.
async fn collect(deps: &Deps) -> Result<(), ChainError> {
    let under_way = deps
        .store
        .read(|sql| {
            let mut found = Vec::new();
            for bid in bids::releasing(sql)? {
                let key = bid.why.clone().unwrap_or_default();
                found.push((bid, outbox::outcome(sql, &key)?));
            }
            Ok::<_, StoreError>(found)
        })
        .await?;
    for (bid, state) in under_way {
        let order = bid.order;
        let gone = match state {
            Some(ItemState::Done { .. }) => match deps.market.own_bid(order).await {
                Ok(found) => found.is_none(),
                // Queried again in the next round; the others do not wait for it.
                Err(error) if error.is_refusal() => {
                    tracing::warn!(%order, %error, "querying a released bid refused, retrying");
                    continue;
                }
                Err(error) => return Err(error.into()),
            },
            Some(ItemState::Failed(_)) | None => false,
            Some(_) => continue,
        };
        deps.store
            .write(move |tx| {
                if gone {
                    bids::forget(tx, order)?;
                } else {
                    let won = leases::get(tx, order)?.is_some();
                    if won {
                        bids::set_progress(tx, order, BidProgress::Won, None)?;
                    } else {
                        let height = cursor::get(tx)?.map_or(0, |cursor| cursor.height);
                        bids::lose(tx, order, height)?;
                    }
                }
                tx.touch(Topic::Provider);
                Ok::<_, StoreError>(())
            })
            .await?;
    }
    Ok(())
}
