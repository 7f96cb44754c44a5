//! `souk deposit`: anyone adds coins to a deployment.

use anyhow::Result;
use clap::Args;
use souk_api::escrow::ExecuteMsg;
use souk_client::show::{amount, duration};
use souk_core::DeploymentId;

use crate::{context::Context, exit::Exit, units};

/// Add coins to a deployment, yours or somebody else's.
#[derive(Debug, Args)]
pub struct Deposit {
    /// The deployment's number.
    deployment: DeploymentId,
    /// The amount, such as 5000000usouk.
    amount: String,
}

impl Deposit {
    /// Adds them. What is not spent when the deployment closes comes back to the depositor.
    pub async fn run(self, context: &Context) -> Result<Exit> {
        let market = context.market()?;
        let wallet = context.wallet()?;
        let coin = units::coin(&self.amount, &market.network.denom)?;
        let account = market.orderbook.deployment(self.deployment).await?.account;
        let message = ExecuteMsg::Deposit { account };
        let message = wallet.execute(&market.contracts.escrow, &message, &[coin])?;
        wallet.send(&format!("depositing {}", self.amount), vec![message]).await?;
        let account = market.escrow.account(account).await?;
        let (_, now) = market.now().await?;
        context.out.result(&account, |account| {
            let balance = amount(account.balance.u128(), &account.denom);
            let lasts = account.depletion.map_or("it is not being spent".to_owned(), |moment| {
                format!("it lasts {}", duration(moment.saturating_sub(now)))
            });
            format!("Deployment {} has {balance} now; {lasts}.", self.deployment)
        });
        Ok(Exit::Ok)
    }
}
