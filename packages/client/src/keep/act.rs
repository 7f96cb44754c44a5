//! Looks at a deployment, and does what was decided.

use souk_api::orderbook::{self, DeploymentResponse, OrderState};
use souk_chain::{Any, Coin};
use souk_core::{Amount, Denom, DeploymentId};

use super::{
    Kept, Leave, Pair, Step,
    grant::{deposit, deposit_for},
    listen, pass_on,
};
use crate::{deploy, error::Error, market::Market, wallet::Wallet};

/// Who keeps a deployment.
#[derive(Debug)]
pub struct Keeper {
    /// The market.
    pub market: Market,
    /// Whose key signs.
    pub wallet: Wallet,
    /// Whose coins top up, by a grant; the wallet's own if none.
    pub granter: Option<String>,
}

impl Keeper {
    /// A deployment as it is now, with the latest leases of its groups, and what providers say that the chain has not
    /// seen for long. The wallet is who asks their gateways.
    ///
    /// # Errors
    /// If the market does not answer, or if there is no such deployment.
    pub async fn look(&self, id: DeploymentId) -> Result<Kept, Error> {
        let market = &self.market;
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
        let heard = listen(market, &self.wallet, &leases, now).await;
        let leave = self.leave(&deployment).await?;
        Ok(Kept { now, min_runway, deployment, leases, account, heard, leave })
    }

    async fn leave(&self, deployment: &DeploymentResponse) -> Result<Leave, Error> {
        let Some(tenant) = &self.granter else { return Ok(Leave::NotNeeded) };
        let pair = Pair { tenant, keeper: &self.wallet.address, deployment };
        let allowance = pair.allowance(&self.market).await?;
        Ok(allowance.map_or(Leave::Nothing, Leave::UpTo))
    }

    /// Takes a step with the wallet's key.
    ///
    /// # Errors
    /// If it is not the key's to take, or if the chain refuses it.
    pub async fn take(&self, deployment: &DeploymentResponse, step: &Step) -> Result<(), Error> {
        let Self { market, wallet, .. } = self;
        let orderbook = &market.contracts.orderbook;
        let (action, message) = match step {
            Step::TopUp(amount) => {
                let action = format!("topping deployment {} up", deployment.id);
                (action, self.top_up(deployment, *amount)?)
            }
            Step::PassOn(word) => return pass_on(market, wallet, word).await,
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

    fn top_up(&self, deployment: &DeploymentResponse, amount: Amount) -> Result<Any, Error> {
        let Denom::Native(denom) = &deployment.denom else {
            return Err(Error::input(
                format!("deployment {}", deployment.id),
                "it is paid in a token, which is not topped up; send the token yourself",
            ));
        };
        let (account, escrow) = (deployment.account, &self.market.contracts.escrow);
        let (key, tenant) = (&self.wallet.address, &deployment.tenant);
        let coin = Coin::new(amount.u128(), denom);
        match &self.granter {
            Some(granter) if granter == tenant => {
                Ok(deposit_for((granter, key), escrow, account, coin)?)
            }
            None if key == tenant => Ok(self.wallet.execute(escrow, &deposit(account), &[coin])?),
            payer => Err(Error::input(
                format!("the coins of {}", payer.as_ref().unwrap_or(key)),
                format!(
                    "what they add would be a gift; top up with the key of the tenant, {tenant}, or by its grant \
                     (`souk keep grant {}`)",
                    deployment.id
                ),
            )),
        }
    }
}
