//! `souk deposit`: anyone adds coins to a deployment, and starts what rested for lack of them.

use anyhow::Result;
use clap::Args;
use serde::Serialize;
use souk_api::{
    escrow::{self, AccountResponse},
    orderbook,
};
use souk_client::{
    deploy,
    show::{amount, duration},
};
use souk_core::{DeploymentId, GroupSeq};

use crate::{context::Context, exit::Exit, units};

/// Add coins to a deployment, yours or somebody else's. Groups that rest for lack of funds start
/// again with it, if you may start them and the account then carries them.
#[derive(Debug, Args)]
pub struct Deposit {
    /// The deployment's number.
    deployment: DeploymentId,
    /// The amount, such as 5000000usouk.
    amount: String,
    /// Add the coins alone, and start no group.
    #[arg(long)]
    no_start: bool,
}

/// The account after it.
#[derive(Debug, Serialize)]
struct Deposited {
    #[serde(flatten)]
    account: AccountResponse,
    /// Groups that were started.
    started: Vec<GroupSeq>,
}

impl Deposit {
    /// Adds them, and starts groups in the same transaction. What is not spent when the deployment
    /// closes comes back to the depositor.
    pub async fn run(self, context: &Context) -> Result<Exit> {
        let market = context.market()?;
        let wallet = context.wallet()?;
        let coin = units::coin(&self.amount, &market.network.denom)?;
        let deployment = market.orderbook.deployment(self.deployment).await?;
        let account = deployment.account;
        let started = match self.no_start {
            true => Vec::new(),
            false => {
                let (before, config) =
                    tokio::try_join!(market.escrow.account(account), market.escrow.config(),)?;
                let added = souk_core::Amount::new(coin.amount)?;
                let runway = config.min_runway;
                deploy::startable(&deployment, &before, added, runway, &wallet.address)
            }
        };
        let deposit = escrow::ExecuteMsg::Deposit { account };
        let mut messages = vec![wallet.execute(&market.contracts.escrow, &deposit, &[coin])?];
        for group in &started {
            let (deployment, group) = (self.deployment, *group);
            let start = orderbook::ExecuteMsg::StartGroup { deployment, group };
            messages.push(wallet.execute(&market.contracts.orderbook, &start, &[])?);
        }
        wallet.send(&format!("depositing {}", self.amount), messages).await?;
        let account = market.escrow.account(account).await?;
        let (_, now) = market.now().await?;
        context.out.result(&Deposited { account, started }, |deposited| {
            let account = &deposited.account;
            let balance = amount(account.balance.u128(), &account.denom);
            let lasts = account.depletion.map_or("it is not being spent".to_owned(), |moment| {
                format!("it lasts {}", duration(moment.saturating_sub(now)))
            });
            let started: String = deposited
                .started
                .iter()
                .map(|group| format!(" Group {}/{group} takes bids again.", self.deployment))
                .collect();
            format!("Deployment {} has {balance} now; {lasts}.{started}", self.deployment)
        });
        Ok(Exit::Ok)
    }
}
