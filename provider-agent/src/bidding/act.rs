//! Records a decision and hands its message to the outbox, in one transaction.

use souk_core::{OrderId, Price};

use super::{Coarse, Decision, place_key, run::Deps};
use crate::{
    chain::{
        ChainError,
        outbox::{self, Tries, tries},
    },
    failpoint,
    inventory::{self, Placement},
    store::{
        BidProgress, BidRow, Cursor, DecisionRow, OrderRow, ReservationRow, StoreError, Tx,
        Verdict, bids, decisions, orders, reservations,
    },
};

/// What a new bid binds.
pub(super) struct Made {
    pub bid: BidRow,
    pub reservation: ReservationRow,
}

/// Does what was decided; tells what it bound, if it was a new bid.
pub(super) async fn act(
    deps: &Deps,
    at: Cursor,
    order: &OrderRow,
    decision: Decision,
) -> Result<Option<Made>, ChainError> {
    let id = order.id;
    match decision {
        Decision::Bid { price, offer, placements } => {
            let msg = deps.messages.place_bid(id, price, offer)?;
            let made = Made {
                bid: BidRow {
                    order: id,
                    tenant: order.tenant.clone(),
                    price,
                    progress: BidProgress::Sent,
                    decided_height: at.height,
                    attempt: 0,
                    why: None,
                },
                reservation: ReservationRow {
                    order: id,
                    ips: order.detail.as_ref().map_or(0, |d| inventory::leased_ips(&d.spec)),
                    placements,
                },
            };
            failpoint!("bidding::decided");
            let placed = place(deps, at, made, msg).await?;
            failpoint!("bidding::committed");
            if placed.is_some() {
                tracing::info!(order = %id, %price, "bid");
            }
            Ok(placed)
        }
        Decision::Lower { price } => {
            lower(deps, id, price).await?;
            Ok(None)
        }
        Decision::Stay => Ok(None),
        Decision::Pass(reason) => {
            let coarse = reason.coarse();
            record(deps, at, id, Verdict::Pass, reason.to_string(), coarse).await?;
            Ok(None)
        }
        Decision::Wait(waiting) => {
            record(deps, at, id, Verdict::Wait, waiting.to_string(), Coarse::Undecided).await?;
            Ok(None)
        }
    }
}

async fn place(
    deps: &Deps,
    at: Cursor,
    made: Made,
    msg: souk_chain::Any,
) -> Result<Option<Made>, ChainError> {
    let write = move |tx: &Tx<'_>| -> Result<Option<Made>, StoreError> {
        let Made { mut bid, reservation } = made;
        // The follower may have moved on since the decision.
        if orders::get(tx, bid.order)?.is_none_or(|order| !order.open) {
            return Ok(None);
        }
        match bids::get(tx, bid.order)? {
            None => {}
            Some(before) if before.progress == BidProgress::Refused => bid.attempt = before.attempt,
            Some(_) => return Ok(None),
        }
        reservations::put(tx, &reservation)?;
        bids::put(tx, &bid)?;
        decisions::put(tx, &decided(at, &bid, &reservation.placements))?;
        failpoint!("bidding::reserved");
        outbox::send(tx, &place_key(bid.order, bid.attempt), msg)?;
        failpoint!("bidding::enqueued");
        Ok(Some(Made { bid, reservation }))
    };
    Ok(deps.store.write(write).await?)
}

fn decided(at: Cursor, bid: &BidRow, placements: &[Placement]) -> DecisionRow {
    let mut nodes: Vec<&str> = placements.iter().map(|p| p.node.as_str()).collect();
    nodes.sort_unstable();
    nodes.dedup();
    DecisionRow {
        order: bid.order,
        height: at.height,
        verdict: Verdict::Bid,
        reason: format!("{} replicas fit on {}", placements.len(), nodes.join(", ")),
        coarse: Coarse::Bid.as_str().to_owned(),
        price: Some(bid.price),
    }
}

async fn lower(deps: &Deps, order: OrderId, price: Price) -> Result<(), ChainError> {
    let msg = deps.messages.lower_bid(order, price)?;
    let prefix = format!("lower_bid/{order}");
    let key = format!("{prefix}/{price}");
    let sent = deps
        .store
        .write(move |tx| {
            // One at a time, and no price twice: a refused one will not be taken later.
            if matches!(tries(tx, &key)?, Tries::None(_)) && !any_under_way(tx, &prefix)? {
                outbox::send(tx, &key, msg)?;
                return Ok::<_, StoreError>(true);
            }
            Ok(false)
        })
        .await?;
    if sent {
        tracing::info!(%order, %price, "bid lowered");
    }
    Ok(())
}

fn any_under_way(tx: &Tx<'_>, prefix: &str) -> Result<bool, StoreError> {
    let all = souk_chain::Outbox::list(tx, &format!("{prefix}/"))?;
    Ok(all.iter().any(|record| !record.state.is_final()))
}

/// Records a verdict that is no bid.
pub(super) async fn record(
    deps: &Deps,
    at: Cursor,
    order: OrderId,
    verdict: Verdict,
    reason: String,
    coarse: Coarse,
) -> Result<(), StoreError> {
    let coarse = coarse.as_str().to_owned();
    let row = DecisionRow { order, height: at.height, verdict, reason, coarse, price: None };
    let known = deps.store.decision(order).await?;
    let same = known.is_some_and(|known| {
        known.verdict == row.verdict && known.reason == row.reason && known.price == row.price
    });
    if same {
        return Ok(());
    }
    tracing::debug!(order = %row.order, verdict = %row.verdict, reason = %row.reason, "decided");
    deps.store.write(move |tx| decisions::put(tx, &row).map(|_| ())).await
}
