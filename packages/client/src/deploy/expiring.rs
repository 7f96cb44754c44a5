//! Orders that are over and still reserve: nobody recorded their end, and what they hold back may be missing
//! for something else.

use souk_api::orderbook::{
    DeploymentResponse, ExecuteMsg, GroupState, MAX_DISQUALIFIED, OrderResponse,
};
use souk_chain::{Any, TxOutcome};
use souk_core::{DeploymentId, OrderId, time::DAY};

use crate::{
    error::Error,
    market::{Market, MarketError},
    wallet::Wallet,
};

/// For this long after its last second an auction that has bids can only be closed.
const CLOSABLE: u64 = DAY;

/// An order whose end anyone may record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overdue {
    /// The order.
    pub order: OrderId,
    /// What that lets go for certain, base units an hour.
    pub released: u128,
    /// How its end is recorded.
    pub by: Ending,
}

/// How the end of an order is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Its lifetime is over: `ExpireOrder`.
    Expire,
    /// The time of its auction is over: `CloseAuction`. The lowest bid gets the lease, if there is one.
    CloseAuction,
}

/// The orders of a deployment that are over and still reserve something.
///
/// # Errors
/// If the chain does not answer.
pub async fn overdue(
    market: &Market,
    deployment: &DeploymentResponse,
) -> Result<Vec<Overdue>, MarketError> {
    let open = deployment.groups.iter().filter(|group| group.state == GroupState::Open);
    let orders =
        futures::future::try_join_all(open.map(|group| market.orderbook.order(group.order)));
    let now = async { Ok::<_, MarketError>(market.now().await?.1) };
    let (now, orders) = tokio::try_join!(now, orders)?;
    let mut found = Vec::new();
    for order in orders.into_iter().filter(|order| is_over(order, now)) {
        let binds = order.closes_at.is_some();
        let has_bids = binds && market.orderbook.lowest_bid(order.id).await?.is_some();
        let by = ending(&order, has_bids, now);
        let won = has_bids && by == Ending::CloseAuction;
        let released = if won { 0 } else { order.reserved.u128() };
        found.push(Overdue { order: order.id, released, by });
    }
    Ok(found)
}

/// Whether an order's lifetime or its auction is over and it still reserves, which it does until its end is
/// recorded.
fn is_over(order: &OrderResponse, now: u64) -> bool {
    let closable = order.closes_at.is_some_and(|closes_at| closes_at <= now);
    (closable || now > order.expires_at) && order.reserved.u128() > 0
}

/// How the end of an order that is over is recorded. In a pause of the market none can be closed, and those
/// without bids can still expire.
fn ending(order: &OrderResponse, has_bids: bool, now: u64) -> Ending {
    let until = order.expires_at.saturating_add(if has_bids { CLOSABLE } else { 0 });
    if now > until { Ending::Expire } else { Ending::CloseAuction }
}

/// The messages that record these ends.
///
/// # Errors
/// If a message cannot be written.
pub fn end_overdue(
    market: &Market,
    wallet: &Wallet,
    overdue: &[Overdue],
) -> Result<Vec<Any>, Error> {
    let message = |one: &Overdue| {
        let end = match one.by {
            Ending::Expire => ExecuteMsg::ExpireOrder { order: one.order },
            Ending::CloseAuction => {
                ExecuteMsg::CloseAuction { order: one.order, limit: MAX_DISQUALIFIED }
            }
        };
        wallet.execute(&market.contracts.orderbook, &end, &[])
    };
    Ok(overdue.iter().map(message).collect::<Result<_, _>>()?)
}

/// Sends a message that a deployment's account must carry. If that is refused while orders of it are over and
/// still reserve, their ends are recorded before it, in one transaction. Auctions that are over are closed, which
/// gives the lease to the lowest bid, if there is one.
///
/// # Errors
/// If it is refused, also with that, or is not executed.
pub async fn send_with_cover(
    market: &Market,
    wallet: &Wallet,
    deployment: DeploymentId,
    action: &str,
    message: Any,
) -> Result<TxOutcome, Error> {
    match wallet.send(action, vec![message.clone()]).await {
        Err(refused @ Error::Refused { .. }) => {
            make_room(market, wallet, deployment, refused, (action, message)).await
        }
        sent => sent,
    }
}

/// Sends a message again that was refused, if there are orders whose ends can be recorded before it.
pub(super) async fn make_room(
    market: &Market,
    wallet: &Wallet,
    deployment: DeploymentId,
    refused: Error,
    (action, message): (&str, Any),
) -> Result<TxOutcome, Error> {
    // What cannot be looked up now does not hide why it was refused.
    let Ok(deployment) = market.orderbook.deployment(deployment).await else { return Err(refused) };
    let over = overdue(market, &deployment).await.unwrap_or_default();
    // An auction may still wait for blocks, which its order does not say.
    let mut expired = over.clone();
    expired.retain(|one| one.by == Ending::Expire);
    let attempts = if expired.len() == over.len() { vec![over] } else { vec![over, expired] };
    let mut why = refused;
    for over in attempts.iter().filter(|over| !over.is_empty()) {
        let mut messages = end_overdue(market, wallet, over)?;
        messages.push(message.clone());
        match wallet.send(action, messages).await {
            Err(refused @ Error::Refused { .. }) => why = refused,
            sent => return sent,
        }
    }
    Err(why)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn order(closes_at: Option<u64>, reserved: &str) -> OrderResponse {
        serde_json::from_value(json!({
            "id": 1, "group": { "deployment": 1, "group": 1 }, "tenant": "souk1ann",
            "spec": {
                "name": "g", "units": [], "ceiling": "100", "requirements": { "attributes": [] },
            },
            "denom": { "native": "usouk" }, "take_bps": 0, "auction": { "tenant_choice": {} },
            "state": "closed", "created_at": 1, "expires_at": 10, "closes_at": closes_at,
            "reserved": reserved, "allow": [], "refuse": [], "excluded": [],
        }))
        .unwrap()
    }

    #[test]
    fn an_order_is_over_after_its_last_second_or_its_auction_as_long_as_it_reserves() {
        for (closes_at, reserved, now, over) in [
            (None, "100", 10, false),
            (None, "100", 11, true),
            (None, "0", 11, false),
            (Some(5), "100", 4, false),
            (Some(5), "100", 5, true),
            (Some(5), "0", 5, false),
        ] {
            let found = is_over(&order(closes_at, reserved), now);
            assert_eq!(found, over, "{closes_at:?}, {reserved} at {now}");
        }
    }

    #[test]
    fn an_auction_is_closed_until_it_can_expire() {
        for (has_bids, now, by) in [
            (false, 5, Ending::CloseAuction),
            (false, 10, Ending::CloseAuction),
            (false, 11, Ending::Expire),
            (true, 11, Ending::CloseAuction),
            (true, 10 + DAY, Ending::CloseAuction),
            (true, 11 + DAY, Ending::Expire),
        ] {
            assert_eq!(ending(&order(Some(5), "100"), has_bids, now), by, "{has_bids} at {now}");
        }
        assert_eq!(ending(&order(None, "100"), false, 11), Ending::Expire);
    }
}
