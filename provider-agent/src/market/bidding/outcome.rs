//! What became of bids that were sent: a refused one frees its reservation and leaves its
//! reason. One that the chain took shows in the blocks.

use souk_chain::pipeline::{FailureKind, ItemState};

use super::{place_key, run::Deps};
use crate::model::bidding::Coarse;
use crate::{
    market::{ChainError, outbox},
    model::{Bid, BidProgress, Cursor},
    store::{DecisionRow, StoreError, Verdict, bids, cursor, decisions, reservations},
};

/// A bid that was refused before it cost anything is tried so often, if the book would take
/// it by then: bond was added, a pause ended.
const MAX_ATTEMPTS: u32 = 3;
/// And so many blocks later at the earliest, times the attempts so far.
const BLOCKS_BETWEEN: u64 = 5;

/// Whether a refused bid may be tried again at this block.
pub(super) fn may_try_again(bid: &Bid, at: Cursor) -> bool {
    let wait = BLOCKS_BETWEEN.saturating_mul(u64::from(bid.attempt));
    bid.attempt < MAX_ATTEMPTS && at.height >= bid.decided_height.saturating_add(wait)
}

/// Looks at the outbox for every bid that was sent.
pub(super) async fn settle(deps: &Deps) -> Result<(), ChainError> {
    let sent = deps
        .store
        .read(|sql| {
            let all = bids::all(sql)?.into_iter();
            let mut sent = Vec::new();
            for bid in all.filter(|bid| bid.progress == BidProgress::Sent) {
                let state = outbox::outcome(sql, &place_key(bid.order, bid.attempt))?;
                sent.push((bid, state));
            }
            Ok::<_, StoreError>(sent)
        })
        .await?;
    for (bid, state) in sent {
        let (attempts, why) = match state {
            Some(ItemState::Failed(failure)) => match failure.kind {
                FailureKind::Refused => (bid.attempt.saturating_add(1), failure.reason),
                // It was in a block: one broadcast bid for an order is enough.
                FailureKind::Executed => (bids::NO_MORE, failure.reason),
                FailureKind::Unknown => match deps.market.own_bid(bid.order).await {
                    Ok(Some(found)) => {
                        let row = Bid { price: found.price, progress: BidProgress::Open, ..bid };
                        deps.store.write(move |tx| bids::put(tx, &row)).await?;
                        continue;
                    }
                    Ok(None) => (bids::NO_MORE, failure.reason),
                    // Asked again the next time; the others do not wait for it.
                    Err(error) if error.is_refusal() => {
                        tracing::warn!(order = %bid.order, %error, "a bid cannot be looked for");
                        continue;
                    }
                    Err(error) => return Err(error),
                },
            },
            // On its way, or in a block that the follower will come to.
            Some(_) => continue,
            None => (bid.attempt.saturating_add(1), "it never came to be sent".to_owned()),
        };
        tracing::warn!(order = %bid.order, %why, "the chain refused a bid");
        deps.store.write(move |tx| refused(tx, &bid, attempts, why)).await?;
    }
    Ok(())
}

fn refused(
    tx: &crate::store::Tx<'_>,
    bid: &Bid,
    attempts: u32,
    why: String,
) -> Result<(), StoreError> {
    // The follower may have closed the matter meanwhile.
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
        coarse: Coarse::ChainRefused.as_str().to_owned(),
        price: Some(bid.price),
    };
    decisions::put(tx, &row)?;
    Ok(())
}
