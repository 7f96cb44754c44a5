//! The outcome of bids that were sent. A refused bid frees its reservation and its reason is
//! recorded; an accepted one is seen in the blocks.

use souk_chain::pipeline::{FailureKind, ItemState};

use super::{deps::Deps, place_key};
use crate::{
    market::{ChainError, outbox},
    model::{Bid, BidProgress, Cursor, bidding::TenantReason},
    store::{DecisionRow, StoreError, Tx, Verdict, bids, cursor, decisions, reservations},
};

/// Attempts for a bid that was refused before it cost anything, if the orderbook would accept it
/// by then: bond was added, a pause ended.
const MAX_ATTEMPTS: u32 = 3;
/// Blocks between two attempts, times the attempts so far.
const RETRY_INTERVAL: u64 = 5;

/// Whether a refused bid may be retried at this block.
pub(super) fn may_retry(bid: &Bid, at: Cursor) -> bool {
    let wait = RETRY_INTERVAL.saturating_mul(u64::from(bid.attempt));
    bid.attempt < MAX_ATTEMPTS && at.height >= bid.decided_height.saturating_add(wait)
}

/// Looks up sent bids in the outbox.
pub(super) async fn check_sent(deps: &Deps, sent: Vec<Bid>) -> Result<(), ChainError> {
    if sent.is_empty() {
        return Ok(());
    }
    let sent = deps
        .store
        .read(move |sql| {
            let state = |bid: Bid| {
                let state = outbox::outcome(sql, &place_key(bid.order, bid.attempt))?;
                Ok((bid, state))
            };
            sent.into_iter().map(state).collect::<Result<Vec<_>, StoreError>>()
        })
        .await?;
    for (bid, state) in sent {
        let (attempts, why) = match state {
            Some(ItemState::Failed(failure)) => match failure.kind {
                FailureKind::Refused => (bid.attempt.saturating_add(1), failure.reason),
                // It was in a block and cost gas. It is retried only if the chain says itself that it would
                // refuse it now, as an order without cover until there is money again: the next bid
                // then waits until it would not.
                FailureKind::Executed => match deps.market.eligible(bid.order).await {
                    Ok(answer) if !answer.eligible => {
                        (bid.attempt.saturating_add(1), failure.reason)
                    }
                    _ => (bids::NO_MORE, failure.reason),
                },
                FailureKind::Unknown => match deps.market.own_bid(bid.order).await {
                    Ok(Some(found)) => {
                        let row = Bid { price: found.price, progress: BidProgress::Open, ..bid };
                        deps.store.write(move |tx| bids::put(tx, &row)).await?;
                        continue;
                    }
                    Ok(None) => (bids::NO_MORE, failure.reason),
                    // Queried again in the next round; the others do not wait for it.
                    Err(error) if error.is_refusal() => {
                        tracing::warn!(order = %bid.order, %error, "querying a sent bid refused, retrying");
                        continue;
                    }
                    Err(error) => return Err(error.into()),
                },
            },
            // Queued or sent, or in a block that the follower has not read yet.
            Some(_) => continue,
            None => (bid.attempt.saturating_add(1), "it was never sent".to_owned()),
        };
        tracing::warn!(order = %bid.order, %why, "bid refused by the chain");
        deps.store.write(move |tx| refused(tx, &bid, attempts, why)).await?;
    }
    Ok(())
}

fn refused(tx: &Tx<'_>, bid: &Bid, attempts: u32, why: String) -> Result<(), StoreError> {
    // The follower may have seen its block meanwhile.
    if bids::get(tx, bid.order)?.is_none_or(|now| now.progress != BidProgress::Sent) {
        return Ok(());
    }
    bids::refuse(tx, bid.order, attempts, &why)?;
    reservations::release(tx, bid.order)?;
    let row = DecisionRow {
        order: bid.order,
        height: cursor::get(tx)?.map_or(bid.decided_height, |cursor| cursor.height),
        verdict: Verdict::Refused,
        reason: why,
        tenant_reason: TenantReason::ChainRefused.as_str().to_owned(),
        price: Some(bid.price),
    };
    decisions::put(tx, &row)?;
    Ok(())
}
