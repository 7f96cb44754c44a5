//! Records a decision and hands its message to the outbox, in one transaction.

use souk_core::{OrderId, Price};

use super::{deps::Deps, place_key};
use crate::{
    failpoint,
    market::{
        ChainError,
        outbox::{self, Attempts, attempts},
    },
    model::{
        Bid, BidProgress, Cursor, Order,
        bidding::{Decision, TenantReason},
        placement::{self, Placement, Reservation},
    },
    store::{DecisionRow, StoreError, Tx, Verdict, bids, decisions, orders, reservations},
};

/// A new bid and the capacity that it reserves.
pub(super) struct NewBid {
    pub bid: Bid,
    pub reservation: Reservation,
}

/// Carries out a decision; returns the bid and its reservation if it is a new bid.
pub(super) async fn act(
    deps: &Deps,
    at: Cursor,
    order: &Order,
    decision: Decision,
) -> Result<Option<NewBid>, ChainError> {
    let id = order.id;
    match decision {
        Decision::Bid { price, offer, reclamation_window, placements } => {
            let msg = deps.messages.place_bid(id, price, offer, reclamation_window)?;
            let new = NewBid {
                bid: Bid {
                    order: id,
                    tenant: order.tenant.clone(),
                    price,
                    progress: BidProgress::Sent,
                    decided_height: at.height,
                    attempt: 0,
                    why: None,
                },
                reservation: Reservation {
                    order: id,
                    ips: order.detail.as_ref().map_or(0, |d| placement::leased_ips(&d.spec)),
                    placements,
                },
            };
            failpoint!("bidding::decided");
            let placed = place(deps, at, new, msg).await?;
            failpoint!("bidding::committed");
            if placed.is_some() {
                tracing::info!(order = %id, %price, "bid sent");
            }
            Ok(placed)
        }
        Decision::Lower { price } => {
            lower(deps, id, price).await?;
            Ok(None)
        }
        Decision::Stay | Decision::Pass(_) | Decision::Wait(_) | Decision::Ask(_) => Ok(None),
    }
}

/// The row of a decision that does nothing but to be recorded.
pub(super) fn recorded(at: Cursor, order: OrderId, decision: &Decision) -> Option<DecisionRow> {
    let (verdict, reason, tenant_reason) = match decision {
        Decision::Pass(reason) => (Verdict::Pass, reason.to_string(), reason.for_tenant()),
        Decision::Wait(reason) => (Verdict::Wait, reason.to_string(), TenantReason::Undecided),
        _ => return None,
    };
    let tenant_reason = tenant_reason.as_str().to_owned();
    Some(DecisionRow { order, height: at.height, verdict, reason, tenant_reason, price: None })
}

async fn place(
    deps: &Deps,
    at: Cursor,
    new: NewBid,
    msg: souk_chain::Any,
) -> Result<Option<NewBid>, ChainError> {
    let write = move |tx: &Tx<'_>| -> Result<Option<NewBid>, StoreError> {
        let NewBid { mut bid, reservation } = new;
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
        Ok(Some(NewBid { bid, reservation }))
    };
    Ok(deps.store.write(write).await?)
}

fn decided(at: Cursor, bid: &Bid, placements: &[Placement]) -> DecisionRow {
    let mut nodes: Vec<&str> = placements.iter().map(|p| p.node.as_str()).collect();
    nodes.sort_unstable();
    nodes.dedup();
    DecisionRow {
        order: bid.order,
        height: at.height,
        verdict: Verdict::Bid,
        reason: format!("{} replicas fit on {}", placements.len(), nodes.join(", ")),
        tenant_reason: TenantReason::Bid.as_str().to_owned(),
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
            // One at a time, and no price twice: a refused price is not accepted later either.
            if matches!(attempts(tx, &key)?, Attempts::None(_)) && !any_in_flight(tx, &prefix)? {
                outbox::send(tx, &key, msg)?;
                return Ok::<_, StoreError>(true);
            }
            Ok(false)
        })
        .await?;
    if sent {
        tracing::info!(%order, %price, "lower bid sent");
    }
    Ok(())
}

fn any_in_flight(tx: &Tx<'_>, prefix: &str) -> Result<bool, StoreError> {
    let all = souk_chain::Outbox::list(tx, &format!("{prefix}/"))?;
    Ok(all.iter().any(|record| !record.state.is_final()))
}

/// Records decisions, in one transaction. One that equals the last keeps its height.
pub(super) async fn record(deps: &Deps, rows: Vec<DecisionRow>) -> Result<(), StoreError> {
    deps.store
        .write(move |tx| {
            for row in &rows {
                if decisions::put(tx, row)? {
                    tracing::debug!(order = %row.order, verdict = %row.verdict, reason = %row.reason, "decision recorded");
                }
            }
            Ok(())
        })
        .await
}
