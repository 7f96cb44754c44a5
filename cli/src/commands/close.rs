//! `souk close`: end a deployment and take what is left back, in one transaction.

use anyhow::Result;
use clap::Args;
use serde::Serialize;
use souk_client::{deploy, show::amount};
use souk_core::DeploymentId;

use crate::{context::Context, error, exit::Exit};

/// Close a deployment, pay its providers, and return what is left of the deposits.
#[derive(Debug, Args)]
pub struct Close {
    /// The deployment's number.
    deployment: DeploymentId,
}

/// The result.
#[derive(Debug, Serialize)]
struct Closed {
    deployment: DeploymentId,
    /// Claimed for the tenant and for other depositors.
    refunds: usize,
    /// Deposits of others that are still there.
    left: usize,
}

impl Close {
    /// Closes, pays every provider what it has earned and the tenant what is left; then returns
    /// what others deposited.
    pub async fn run(self, context: &Context) -> Result<Exit> {
        let market = context.market()?;
        let wallet = context.wallet()?;
        let account = market.orderbook.deployment(self.deployment).await?.account;
        let before = market.escrow.account(account).await?;
        let messages = deploy::closing(&market, &wallet, self.deployment).await?;
        wallet.send(&format!("closing deployment {}", self.deployment), messages).await?;
        let returned = deploy::return_deposits(&market, &wallet, account).await;
        let returned = returned.unwrap_or_else(|error| {
            let error = error::describe(&error.into());
            context.out.progress(format!("deposits of others were not returned: {error}"));
            deploy::Returned::default()
        });
        let closed = Closed {
            deployment: self.deployment,
            refunds: returned.refunds + 1,
            left: returned.left,
        };
        context.out.result(&closed, |closed| {
            let about = amount(before.balance.u128(), &before.denom);
            let left = match closed.left {
                0 => String::new(),
                left => format!(
                    " {left} deposits of others are left; anyone can claim them for their \
                     depositors."
                ),
            };
            format!(
                "Deployment {} is closed; about {about} went back in {} refunds.{left}",
                closed.deployment, closed.refunds
            )
        });
        Ok(Exit::Ok)
    }
}
