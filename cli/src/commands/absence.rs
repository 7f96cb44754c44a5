//! What tenants and providers do about absence: `souk lease absent` and `souk provider heartbeat`.

use anyhow::Result;
use souk_api::orderbook::{ExecuteMsg, GroupState};
use souk_client::{
    Error, Market, MarketError, Wallet,
    deploy::{self, ClosedAbsent},
    error::AbsenceRefusal,
    show::{self, amount},
};
use souk_core::{GroupId, OrderId};

use super::group;
use crate::{context::Context, exit::Exit};

/// Ends a lease whose provider is absent, and says what came back and what its group does.
pub async fn end(context: &Context, market: &Market, order: OrderId) -> Result<Exit> {
    let wallet = context.wallet()?;
    let closed = match deploy::close_absent(market, &wallet, order).await {
        Ok(closed) => closed,
        Err(refused) => return Err(explained(market, &wallet, order, refused).await.into()),
    };
    context.out.result(&closed, describe);
    Ok(Exit::Ok)
}

fn describe(closed: &ClosedAbsent) -> String {
    let ClosedAbsent { lease, returned, group_now } = closed;
    let until = lease.paid_until.map_or_else(String::new, |until| {
        let back = amount(returned.u128(), &lease.denom);
        format!(": {} (about {back})", show::paid_until(until))
    });
    let GroupId { deployment, group: seq } = lease.group;
    let group = group_now.as_ref().map_or_else(String::new, |group| {
        let next = match group.state {
            GroupState::Paused => {
                format!(" `souk group start {deployment} {seq}` puts it out again.")
            }
            _ => String::new(),
        };
        format!(" {}{next}", group::describe(deployment, group))
    });
    format!(
        "Lease {} is closed{until}.{group} Its volumes do not move to another provider.",
        lease.order
    )
}

/// A refusal with what to do about it; of one that came too early, from when on it is not.
async fn explained(market: &Market, wallet: &Wallet, order: OrderId, refused: Error) -> Error {
    let Some(refusal) = refused.absence() else { return refused };
    let when = match refusal {
        AbsenceRefusal::NotAbsent => when(market, wallet, order).await.ok().flatten(),
        _ => None,
    };
    refused.with_advice(&when.unwrap_or_else(|| refusal.advice().to_owned()))
}

/// When the wallet's account can close the lease as absent.
async fn when(
    market: &Market,
    wallet: &Wallet,
    order: OrderId,
) -> Result<Option<String>, MarketError> {
    let lease = market.orderbook.lease(order).await?;
    let deployment = market.orderbook.deployment(lease.group.deployment).await?;
    let sender = &wallet.address;
    let by_tenant = deployment.tenant == *sender || deployment.delegate.as_ref() == Some(sender);
    let (_, now) = market.now().await?;
    Ok(lease.unseen.map(|unseen| show::when_absent(&unseen, by_tenant, now)))
}

/// Says that a provider is there, by its own key or its operator's.
pub async fn heartbeat(context: &Context, market: &Market, provider: &str) -> Result<()> {
    let wallet = context.wallet()?;
    let message = ExecuteMsg::Heartbeat { provider: provider.to_owned(), statement: None };
    let message = wallet.execute(&market.contracts.orderbook, &message, &[])?;
    let sent = wallet.send("sending a heartbeat", vec![message]).await;
    sent.map_err(|refused| match refused.absence() {
        Some(refusal) => refused.with_advice(refusal.advice()),
        None => refused,
    })?;
    Ok(())
}
