//! `souk deposit`: anyone adds coins to a deployment, and starts what rested for lack of them.

use anyhow::Result;
use clap::Args;
use serde::Serialize;
use souk_api::{
    escrow::{self, AccountResponse},
    orderbook::{self, DeploymentResponse, DeploymentState},
};
use souk_chain::Coin;
use souk_client::{
    Error, Market,
    deploy::{self, Cover, Overdue},
    show::{amount, duration},
};
use souk_core::{DeploymentId, GroupSeq, Rate};

use crate::{consent, context::Context, exit::Exit, units};

/// Add coins to a deployment, yours or somebody else's. Groups that rest for lack of funds start
/// again with it, if you may start them and the account then carries them. What you add to somebody else's is a
/// gift until it closes: before that nobody can take it out.
#[derive(Debug, Args)]
pub struct Deposit {
    /// The deployment's number.
    deployment: DeploymentId,
    /// The amount, such as 5000000usouk.
    amount: String,
    /// Add the coins alone, and start no group.
    #[arg(long)]
    no_start: bool,
    /// Do not ask for confirmation if the deployment is somebody else's.
    #[arg(long)]
    yes: bool,
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

/// Groups to start.
#[derive(Debug, Default)]
struct Startable {
    groups: Vec<GroupSeq>,
    /// Orders that are over: what they still reserve is let go first.
    over: Vec<Overdue>,
    /// Why none is, if it is known.
    why_not: Option<String>,
}

impl Deposit {
    /// Adds them, and starts groups in the same transaction; if that is refused, alone and then each group.
    /// What is not spent when the deployment closes comes back to the depositor.
    pub async fn run(self, context: &Context) -> Result<Exit> {
        let market = context.market()?;
        let wallet = context.wallet()?;
        let coin = units::coin(&self.amount, &market.network.denom)?;
        let deployment = market.orderbook.deployment(self.deployment).await?;
        let account = deployment.account;
        if let Some(gift) = gift(&deployment, &wallet.address, &coin) {
            if self.yes {
                context.out.progress(&gift);
            }
            let question = format!("{gift}. Deposit them?");
            let otherwise = format!("give --yes to deposit all the same: {gift}");
            if !consent::ask(context.out, self.yes, &question, &otherwise)? {
                context.out.progress("nothing deposited");
                return Ok(Exit::Ok);
            }
        }
        let Startable { groups, over, why_not: mut not_started } = match self.no_start {
            true => Startable::default(),
            false => {
                let added = souk_core::Amount::new(coin.amount)?;
                startable(&market, &deployment, added, &wallet.address).await?
            }
        };
        let mut started = Vec::new();
        let start = |group: &GroupSeq| {
            let (deployment, group) = (self.deployment, *group);
            let message =
                orderbook::ExecuteMsg::StartGroup { deployment, group, without_last: false };
            wallet.execute(&market.contracts.orderbook, &message, &[])
        };
        let action = format!("depositing {}", self.amount);
        let deposit = escrow::ExecuteMsg::Deposit { account };
        let deposit = wallet.execute(&market.contracts.escrow, &deposit, &[coin])?;
        let mut messages = vec![deposit.clone()];
        if !groups.is_empty() {
            messages.extend(deploy::end_overdue(&market, &wallet, &over)?);
        }
        for group in &groups {
            messages.push(start(group)?);
        }
        match wallet.send(&action, messages).await {
            // The coins matter more: another may have started a group by now.
            Err(Error::Refused { .. }) if !groups.is_empty() => {
                wallet.send(&action, vec![deposit]).await?;
                for group in groups {
                    let action = format!("starting group {}/{group}", self.deployment);
                    let start = start(&group)?;
                    match deploy::send_with_cover(&market, &wallet, self.deployment, &action, start)
                        .await
                    {
                        Ok(_) => started.push(group),
                        Err(error) => not_started = Some(format!("group {group}: {error}")),
                    }
                }
            }
            sent => {
                drop(sent?);
                started = groups;
            }
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
                    let which =
                        if deposited.started.is_empty() { "No group" } else { "Not every group" };
                    format!(" {which} was started: {why}. `souk group start` tries again.")
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

/// What becomes of coins in a deployment that is not the sender's; none if it is, or takes none any more.
fn gift(deployment: &DeploymentResponse, sender: &str, coin: &Coin) -> Option<String> {
    let others = deployment.tenant != sender && deployment.state == DeploymentState::Active;
    others.then(|| {
        format!(
            "deployment {} is {}'s, not yours: {coin} are a gift until it closes. Nobody can take them out before, \
             and when it closes is not yours to say. They pay its leases once its tenant's own coins are spent; \
             what is left of them at the close comes back to you",
            deployment.id, deployment.tenant
        )
    })
}

/// The groups that can be started with the deposit. What cannot be found out keeps no coins away.
async fn startable(
    market: &Market,
    deployment: &DeploymentResponse,
    added: souk_core::Amount,
    sender: &str,
) -> Result<Startable> {
    let asked = tokio::try_join!(
        market.escrow.account(deployment.account),
        market.escrow.config(),
        market.orderbook.config(),
        deploy::overdue(market, deployment),
    );
    let (mut account, escrow, orderbook, over) = match asked {
        Ok(answers) => answers,
        Err(error) => {
            return Ok(Startable { why_not: Some(error.to_string()), ..Startable::default() });
        }
    };
    let let_go = over.iter().map(|one| one.released).sum();
    account.reserved = Rate::new(account.reserved.u128().saturating_sub(let_go))?;
    let Some(terms) = orderbook.denoms.iter().find(|terms| terms.denom == deployment.denom) else {
        return Ok(Startable::default());
    };
    let cover = Cover {
        min_runway: escrow.min_runway,
        min_deposit: terms.min_deposit,
        ceilings: (terms.min_price, terms.max_price),
    };
    let groups = deploy::startable(deployment, &account, added, cover, sender);
    let obstacle = if orderbook.paused {
        Some("the market is paused".to_owned())
    } else if terms.delisted == Some(true) {
        Some(format!("the market takes no new orders in {}", deployment.denom))
    } else {
        None
    };
    if obstacle.is_some() && !groups.is_empty() {
        return Ok(Startable { why_not: obstacle, ..Startable::default() });
    }
    Ok(Startable { groups, over, why_not: None })
}
