//! `souk group`: what a tenant does with one group of a deployment.

use anyhow::Result;
use clap::Subcommand;
use souk_api::orderbook::{ExecuteMsg, GroupResponse};
use souk_client::{Error, Market};
use souk_core::{DeploymentId, GroupSeq};

use crate::{context::Context, exit::Exit};

/// Manage the groups of a deployment: who may not bid on them.
#[derive(Debug, Subcommand)]
pub enum Group {
    /// Name the providers that may not bid on a group's orders to come, instead of those excluded so
    /// far; without a provider everyone may bid again.
    Exclude {
        /// The deployment's number.
        deployment: DeploymentId,
        /// The group's number within it, from 1.
        group: GroupSeq,
        /// The providers, 16 at most.
        #[arg(value_name = "ADDRESS")]
        providers: Vec<String>,
    },
}

impl Group {
    /// Does it, and shows the group.
    pub async fn run(self, context: &Context) -> Result<Exit> {
        let market = context.market()?;
        let (deployment, group, action, message) = match self {
            Self::Exclude { deployment, group, providers } => (
                deployment,
                group,
                "excluding providers from",
                ExecuteMsg::SetExcluded { deployment, group, providers },
            ),
        };
        let wallet = context.wallet()?;
        let message = wallet.execute(&market.contracts.orderbook, &message, &[])?;
        wallet.send(&format!("{action} group {deployment}/{group}"), vec![message]).await?;
        let shown = shown(&market, deployment, group).await?;
        context.out.result(&shown, |shown| describe(deployment, shown));
        Ok(Exit::Ok)
    }
}

async fn shown(market: &Market, deployment: DeploymentId, group: GroupSeq) -> Result<GroupResponse> {
    let groups = market.orderbook.deployment(deployment).await?.groups;
    let found = groups.into_iter().find(|one| one.seq == group);
    Ok(found.ok_or_else(|| Error::NotFound(format!("group {deployment}/{group} is not there")))?)
}

fn describe(deployment: DeploymentId, group: &GroupResponse) -> String {
    let excluded = match &group.excluded[..] {
        [] => "no provider is excluded".to_owned(),
        providers => format!("excluded: {}", providers.join(", ")),
    };
    format!("Group {deployment}/{} is {}; {excluded}.", group.seq, group.state)
}
