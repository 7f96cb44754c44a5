//! `souk deposit`: anyone adds coins to a deployment, and starts what rested for lack of them.

use anyhow::Result;
use clap::Args;
use serde::Serialize;
use souk_api::{
    escrow::{self, AccountResponse},
    orderbook,
};
use souk_client::{
    Error,
    deploy::{self, Cover},
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
    /// Why groups that could have been were not; absent if none could.
    #[serde(skip_serializing_if = "Option::is_none")]
    not_started: Option<String>,
}

impl Deposit {
    /// Adds them, and starts groups in the same transaction; alone, if that is refused. What is not spent when the deployment
    /// closes comes back to the depositor.
    pub async fn run(self, context: &Context) -> Result<Exit> {
        let market = context.market()?;
        let wallet = context.wallet()?;
        let coin = units::coin(&self.amount, &market.network.denom)?;
        let deployment = market.orderbook.deployment(self.deployment).await?;
        let account = deployment.account;
        let (mut started, mut over, mut not_started) = (Vec::new(), Vec::new(), None);
        if !self.no_start {
            let (mut before, escrow, orderbook) = tokio::try_join!(
                market.escrow.account(account),
                market.escrow.config(),
                market.orderbook.config(),
            )?;
            let added = souk_core::Amount::new(coin.amount)?;
            let terms = orderbook.denoms.iter().find(|terms| terms.denom == deployment.denom);
            let min_deposit = terms.map_or(souk_core::Amount::ZERO, |terms| terms.min_deposit);
            let cover = Cover { min_runway: escrow.min_runway, min_deposit };
            // What orders that are over still reserve can be let go first.
            over = deploy::overdue(&market, &deployment).await?;
            let let_go = over.iter().map(|one| one.reserved).sum();
            let reserved = before.reserved.u128().saturating_sub(let_go);
            before.reserved = souk_core::Rate::new(reserved)?;
            started = deploy::startable(&deployment, &before, added, cover, &wallet.address);
            if orderbook.paused && !started.is_empty() {
                started.clear();
                not_started = Some("the market is paused".to_owned());
            }
        }
        let action = format!("depositing {}", self.amount);
        let deposit = escrow::ExecuteMsg::Deposit { account };
        let deposit = wallet.execute(&market.contracts.escrow, &deposit, &[coin])?;
        let mut messages = vec![deposit.clone()];
        if !started.is_empty() {
            messages.extend(deploy::expire(&market, &wallet, &over)?);
        }
        for group in &started {
            let (deployment, group) = (self.deployment, *group);
            let start = orderbook::ExecuteMsg::StartGroup { deployment, group };
            messages.push(wallet.execute(&market.contracts.orderbook, &start, &[])?);
        }
        match wallet.send(&action, messages).await {
            // The coins matter more: another may have started the group by now.
            Err(Error::Refused { reason, .. }) if !started.is_empty() => {
                wallet.send(&action, vec![deposit]).await?;
                started.clear();
                not_started = Some(reason);
            }
            sent => drop(sent?),
        }
        let account = market.escrow.account(account).await?;
        let (_, now) = market.now().await?;
        context.out.result(&Deposited { account, started, not_started }, |deposited| {
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
            let not_started = match &deposited.not_started {
                Some(why) => {
                    format!(" No group was started: {why}. `souk group start` tries it again.")
                }
                None => String::new(),
            };
            format!(
                "Deployment {} has {balance} now; {lasts}.{started}{not_started}",
                self.deployment
            )
        });
        Ok(Exit::Ok)
    }
}
