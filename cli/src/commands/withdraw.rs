//! `souk withdraw`: a tenant takes its own money above the least runway out.

use anyhow::Result;
use clap::Args;
use souk_api::escrow::ExecuteMsg;
use souk_client::{Error, deploy, show::amount};
use souk_core::{Amount, DeploymentId};

use crate::{context::Context, exit::Exit, units};

/// Take coins that you deposited out of a deployment; what keeps it funded for the minimal time, its open
/// orders at their highest prices included, stays. Ends of orders that are over are recorded first if that helps.
#[derive(Debug, Args)]
pub struct Withdraw {
    /// The deployment's number.
    deployment: DeploymentId,
    /// The amount, such as 5000000usouk.
    amount: String,
}

impl Withdraw {
    /// Takes it out.
    pub async fn run(self, context: &Context) -> Result<Exit> {
        let market = context.market()?;
        let wallet = context.wallet()?;
        let coin = units::coin(&self.amount, &market.network.denom)?;
        let account = market.orderbook.deployment(self.deployment).await?.account;
        let held = market.escrow.account(account).await?.denom;
        if held.as_native() != Some(coin.denom.as_str()) {
            let reason = format!("the account holds {held}");
            return Err(Error::input(format!("amount {coin}"), reason).into());
        }
        let message = ExecuteMsg::WithdrawDeposit { account, amount: Amount::new(coin.amount)? };
        let message = wallet.execute(&market.contracts.escrow, &message, &[])?;
        let action = format!("withdrawing {coin}");
        deploy::send_with_cover(&market, &wallet, self.deployment, &action, message).await?;
        let account = market.escrow.account(account).await?;
        context.out.result(&account, |account| {
            format!(
                "Deployment {} has {} left.",
                self.deployment,
                amount(account.balance.u128(), &account.denom)
            )
        });
        Ok(Exit::Ok)
    }
}
