//! Orders that are over and still reserve: nobody recorded their end, and what they hold back may be missing
//! for something else.

use souk_api::orderbook::{DeploymentResponse, ExecuteMsg, GroupState, OrderResponse};
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
    /// What it still reserves, base units an hour.
    pub reserved: u128,
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
        let closable = now <= order.expires_at.saturating_add(CLOSABLE);
        let binds = order.closes_at.is_some();
        if binds && closable && market.orderbook.lowest_bid(order.id).await?.is_some() {
            continue;
        }
        found.push(Overdue { order: order.id, reserved: order.reserved.u128() });
    }
    Ok(found)
}

/// Whether an order's lifetime is over and it still reserves, which it does until its end is recorded.
fn is_over(order: &OrderResponse, now: u64) -> bool {
    now > order.expires_at && order.reserved.u128() > 0
}

/// The messages that record these ends.
///
/// # Errors
/// If a message cannot be written.
pub fn expire(market: &Market, wallet: &Wallet, overdue: &[Overdue]) -> Result<Vec<Any>, Error> {
    let message = |one: &Overdue| {
        let expire = ExecuteMsg::ExpireOrder { order: one.order };
        wallet.execute(&market.contracts.orderbook, &expire, &[])
    };
    Ok(overdue.iter().map(message).collect::<Result<_, _>>()?)
}

/// Sends a message that a deployment's account must carry. If that is refused while orders of it are over and
/// still reserve, their ends are recorded before it, in one transaction.
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
    if over.is_empty() {
        return Err(refused);
    }
    let mut messages = expire(market, wallet, &over)?;
    messages.push(message);
    wallet.send(action, messages).await
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_order_is_over_after_its_last_second_as_long_as_it_reserves() {
        let order = |reserved: &str| -> OrderResponse {
            serde_json::from_value(json!({
                "id": 1, "group": { "deployment": 1, "group": 1 }, "tenant": "souk1ann",
                "spec": {
                    "name": "g", "units": [], "ceiling": "100", "requirements": { "attributes": [] },
                },
                "denom": { "native": "usouk" }, "take_bps": 0, "auction": { "tenant_choice": {} },
                "state": "closed", "created_at": 1, "expires_at": 10, "closes_at": null,
                "reserved": reserved, "allow": [], "refuse": [], "excluded": [],
            }))
            .unwrap()
        };
        for (reserved, now, over) in
            [("100", 10, false), ("100", 11, true), ("0", 11, false), ("0", 10, false)]
        {
            assert_eq!(is_over(&order(reserved), now), over, "{reserved} at {now}");
        }
    }
}
