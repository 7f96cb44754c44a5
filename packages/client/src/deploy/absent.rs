//! The end of a lease whose provider is absent.

use serde::Serialize;
use souk_api::{
    escrow::StreamResponse,
    orderbook::{ExecuteMsg, GroupResponse, LeaseResponse},
};
use souk_core::{Amount, OrderId};

use crate::{error::Error, market::Market, wallet::Wallet};

/// What became of a lease that was closed as absent.
#[derive(Debug, Serialize)]
pub struct ClosedAbsent {
    /// The lease as it ended; `paid_until` says until when its provider is paid at most.
    #[serde(flatten)]
    pub lease: LeaseResponse,
    /// What its provider had earned when the close was sent and gave back to the account, fee included.
    pub returned: Amount,
    /// Its group, which rests or takes bids again; none if it cannot be looked up.
    pub group_now: Option<GroupResponse>,
}

/// Closes a lease as absent: by its tenant or delegate after the limit of its terms, by anyone after twice the
/// limit, or at once if the terms say so.
///
/// # Errors
/// If a contract does not answer, or the chain refuses; [`Error::absence`] says which refusal it is.
pub async fn close_absent(
    market: &Market,
    wallet: &Wallet,
    order: OrderId,
) -> Result<ClosedAbsent, Error> {
    let account = market.orderbook.lease(order).await?.account;
    let before = market.escrow.stream(account, order.0).await?;
    let message = ExecuteMsg::CloseAbsent { order };
    let message = wallet.execute(&market.contracts.orderbook, &message, &[])?;
    let action = format!("ending lease {order} as absent");
    wallet.send(&action, vec![message]).await?;
    let lease = market.orderbook.lease(order).await?;
    let after = market.escrow.stream(account, order.0).await?;
    let deployment = market.orderbook.deployment(lease.group.deployment).await?;
    let group_now = deployment.groups.into_iter().find(|group| group.seq == lease.group.group);
    Ok(ClosedAbsent { returned: returned(before.as_ref(), after.as_ref()), lease, group_now })
}

/// What a payee had earned and gave back. A stream that is closed and paid is not there any more: nothing then came
/// back that is known.
fn returned(before: Option<&StreamResponse>, after: Option<&StreamResponse>) -> Amount {
    let (Some(before), Some(after)) = (before, after) else { return Amount::ZERO };
    before.earned.saturating_sub(after.earned)
}
