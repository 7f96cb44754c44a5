//! Looks at a deployment, and does what was decided.

use souk_api::{
    escrow,
    orderbook::{self, DeploymentResponse, OrderState},
};
use souk_chain::Coin;
use souk_core::{Denom, DeploymentId};

use super::{Kept, Step, listen, pass_on};
use crate::{
    deploy,
    error::{Error, MarketError},
    market::Market,
    wallet::Wallet,
};

/// A deployment as it is now, with the latest leases of its groups, and what providers say that the chain has not seen
/// for long. The wallet is who asks their gateways.
///
/// # Errors
/// If the market does not answer, or if there is no such deployment.
pub async fn look(market: &Market, wallet: &Wallet, id: DeploymentId) -> Result<Kept, MarketError> {
    let deployment = market.orderbook.deployment(id).await?;
    let account = market.escrow.account(deployment.account).await?;
    let min_runway = market.escrow.config().await?.min_runway;
    let mut leases = Vec::new();
    for group in &deployment.groups {
        // An open order has no lease, and one that was pruned is gone.
        let order = match group.order_state {
            OrderState::Open => continue,
            OrderState::Active => Some(market.orderbook.lease(group.order).await?),
            OrderState::Closed => market.orderbook.lease(group.order).await.ok(),
        };
        leases.extend(order);
    }
    let (_, now) = market.now().await?;
    let heard = listen(market, wallet, &leases, now).await;
    Ok(Kept { now, min_runway, deployment, leases, account, heard })
}

/// Takes a step with the wallet's key.
///
/// # Errors
/// If it is not the key's to take, or if the chain refuses it.
pub async fn take(
    market: &Market,
    wallet: &Wallet,
    deployment: &DeploymentResponse,
    step: &Step,
) -> Result<(), Error> {
    let orderbook = &market.contracts.orderbook;
    let (action, message) = match step {
        Step::TopUp(amount) => {
            let Denom::Native(denom) = &deployment.denom else {
                return Err(Error::input(
                    format!("deployment {}", deployment.id),
                    "it is paid in a token, which is not topped up; send the token yourself"
                        .to_owned(),
                ));
            };
            if deployment.tenant != wallet.address {
                return Err(Error::input(
                    format!("the key of {}", wallet.address),
                    format!(
                        "what it adds would be a gift; top up with the key of the tenant, {}",
                        deployment.tenant
                    ),
                ));
            }
            let coin = Coin::new(amount.u128(), denom);
            let deposit = escrow::ExecuteMsg::Deposit { account: deployment.account };
            let message = wallet.execute(&market.contracts.escrow, &deposit, &[coin])?;
            (format!("topping deployment {} up", deployment.id), message)
        }
        Step::PassOn(word) => {
            pass_on(market, wallet, word).await?;
            return Ok(());
        }
        Step::CloseAbsent(order) => {
            deploy::close_absent(market, wallet, *order).await?;
            return Ok(());
        }
        Step::EndReclaim(order) => {
            let end = orderbook::ExecuteMsg::EndReclaim { order: *order };
            (format!("ending lease {order}"), wallet.execute(orderbook, &end, &[])?)
        }
        Step::Start(group) => {
            let (deployment, group) = (deployment.id, *group);
            let start =
                orderbook::ExecuteMsg::StartGroup { deployment, group, without_last: false };
            let action = format!("starting group {deployment}/{group}");
            let message = wallet.execute(orderbook, &start, &[])?;
            deploy::send_with_cover(market, wallet, deployment, &action, message).await?;
            return Ok(());
        }
    };
    wallet.send(&action, vec![message]).await?;
    Ok(())
}
