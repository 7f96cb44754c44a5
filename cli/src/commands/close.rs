//! `souk close`: end a deployment and take what is left back, in one transaction.

use anyhow::Result;
use clap::Args;
use serde::Serialize;
use souk_api::{escrow, orderbook::ExecuteMsg};
use souk_core::DeploymentId;

use crate::{context::Context, exit::Exit, output::money::amount};

/// Close a deployment.
#[derive(Debug, Args)]
pub struct Close {
    /// The deployment.
    deployment: DeploymentId,
}

/// What came of it.
#[derive(Debug, Serialize)]
struct Closed {
    deployment: DeploymentId,
    /// Claimed for the tenant and for each other depositor.
    refunds: usize,
}

impl Close {
    /// Closes, pays every provider what it has earned, and claims every refund.
    pub async fn run(self, context: &Context) -> Result<Exit> {
        let market = context.market()?;
        let wallet = context.wallet()?;
        let deployment = market.deployment(self.deployment).await?;
        let account = deployment.account;
        let (streams, deposits) =
            tokio::try_join!(market.streams(account), market.deposits(account))?;
        let close = ExecuteMsg::CloseDeployment { deployment: self.deployment };
        let mut messages = vec![wallet.execute(&market.contracts.orderbook, &close, &[])?];
        let pays = streams
            .iter()
            .map(|stream| escrow::ExecuteMsg::Withdraw { account, stream: stream.stream });
        let others = deposits.iter().map(|deposit| Some(deposit.deposit));
        let refunds = [None]
            .into_iter()
            .chain(others)
            .map(|deposit| escrow::ExecuteMsg::ClaimRefund { account, deposit });
        for message in pays.chain(refunds) {
            messages.push(wallet.execute(&market.contracts.escrow, &message, &[])?);
        }
        let before = market.account(account).await?;
        wallet.send(&format!("closing deployment {}", self.deployment), messages).await?;
        let closed = Closed { deployment: self.deployment, refunds: deposits.len() + 1 };
        context.out.result(&closed, |closed| {
            let about = amount(before.balance.u128(), &before.denom);
            format!(
                "Deployment {} is closed; about {about} went back in {} refunds.",
                closed.deployment, closed.refunds
            )
        });
        Ok(Exit::Ok)
    }
}
