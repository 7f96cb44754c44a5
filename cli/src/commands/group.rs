//! `souk group`: what a tenant does with one group of a deployment.

use anyhow::Result;
use clap::{Args, Subcommand};
use souk_api::orderbook::{DeploymentState, ExecuteMsg, GroupResponse, MAX_STARTS, OrderState};
use souk_client::{Error, Market, deploy, events, show};
use souk_core::{DeploymentId, GroupSeq};

use super::close;
use crate::{context::Context, exit::Exit};

/// Pause, start and close the groups of a deployment, and say who may not bid on them.
#[derive(Debug, Subcommand)]
pub enum Group {
    /// Let a group rest: its lease ends, or its order. The rest of the deployment goes on.
    Pause(Which),
    /// Put a group that rests out again, with a new order for providers to bid on.
    Start {
        /// The group.
        #[command(flatten)]
        which: Which,
        /// Without the provider of its latest lease, which may not bid on it any more.
        #[arg(long)]
        without_last: bool,
    },
    /// Close a group for good. With its last group the deployment ends.
    Close(Which),
    /// Say whether anyone may start a group that rests for lack of funds, once there are some.
    AnyoneStarts {
        /// The deployment's number.
        deployment: DeploymentId,
        /// Whether anyone may.
        #[arg(value_name = "yes|no", value_parser = yes_or_no, action = clap::ArgAction::Set)]
        anyone: bool,
    },
    /// Let providers not bid on a group's orders to come, beside those excluded so far.
    Exclude {
        /// The deployment's number.
        deployment: DeploymentId,
        /// The group's number within it, from 1.
        group: GroupSeq,
        /// The providers. Of more than 15 the oldest may bid again.
        #[arg(value_name = "ADDRESS", required = true)]
        providers: Vec<String>,
    },
    /// Let excluded providers bid on a group's orders to come again.
    Readmit {
        /// The deployment's number.
        deployment: DeploymentId,
        /// The group's number within it, from 1.
        group: GroupSeq,
        /// The providers.
        #[arg(value_name = "ADDRESS", required_unless_present = "all")]
        providers: Vec<String>,
        /// All that are excluded now.
        #[arg(long, conflicts_with = "providers")]
        all: bool,
    },
}

/// A group of a deployment.
#[derive(Clone, Copy, Debug, Args)]
pub struct Which {
    /// The deployment's number.
    deployment: DeploymentId,
    /// The group's number within it, from 1.
    group: GroupSeq,
}

fn yes_or_no(text: &str) -> Result<bool, String> {
    match text {
        "yes" => Ok(true),
        "no" => Ok(false),
        other => Err(format!("`{other}` is neither yes nor no")),
    }
}

impl Group {
    /// Does it, and shows the group.
    pub async fn run(self, context: &Context) -> Result<Exit> {
        let market = context.market()?;
        match self {
            Self::Pause(Which { deployment, group }) => {
                let message = ExecuteMsg::PauseGroup { deployment, group };
                change(context, &market, Which { deployment, group }, "pausing", message).await
            }
            Self::Start { which: Which { deployment, group }, without_last } => {
                let message = ExecuteMsg::StartGroup { deployment, group, without_last };
                let wallet = context.wallet()?;
                let message = wallet.execute(&market.contracts.orderbook, &message, &[])?;
                let action = format!("starting group {deployment}/{group}");
                deploy::send_with_cover(&market, &wallet, deployment, &action, message).await?;
                let shown = shown(&market, deployment, group).await?;
                context.out.result(&shown, |shown| describe(deployment, shown));
                Ok(Exit::Ok)
            }
            Self::Close(Which { deployment, group }) => {
                let message = ExecuteMsg::CloseGroup { deployment, group };
                send(context, &market, &format!("closing group {deployment}/{group}"), &message)
                    .await?;
                let is = market.orderbook.deployment(deployment).await?;
                if is.state == DeploymentState::Active {
                    let shown = shown(&market, deployment, group).await?;
                    context.out.result(&shown, |shown| describe(deployment, shown));
                } else {
                    // With its last group a deployment ends.
                    let closed = close::close(context, &market, deployment).await?;
                    context.out.result(&closed, close::describe);
                }
                Ok(Exit::Ok)
            }
            Self::Exclude { deployment, group, providers: add } => {
                let message =
                    ExecuteMsg::SetExcluded { deployment, group, add, remove: Vec::new() };
                let which = Which { deployment, group };
                change(context, &market, which, "excluding providers from", message).await
            }
            Self::Readmit { deployment, group, providers, all } => {
                let remove = match all {
                    true => shown(&market, deployment, group).await?.excluded,
                    false => providers,
                };
                let message =
                    ExecuteMsg::SetExcluded { deployment, group, add: Vec::new(), remove };
                let which = Which { deployment, group };
                change(context, &market, which, "readmitting providers to", message).await
            }
            Self::AnyoneStarts { deployment, anyone } => {
                let message = ExecuteMsg::SetAnyoneStarts { deployment, on: anyone };
                send(context, &market, &format!("changing deployment {deployment}"), &message)
                    .await?;
                let shown = market.orderbook.deployment(deployment).await?;
                context.out.result(&shown, |shown| match shown.anyone_starts {
                    true => format!("Anyone may start groups of deployment {deployment} that rest for lack of funds."),
                    false => format!("Only you start the groups of deployment {deployment}."),
                });
                Ok(Exit::Ok)
            }
        }
    }
}

async fn send(
    context: &Context,
    market: &Market,
    action: &str,
    message: &ExecuteMsg,
) -> Result<()> {
    let wallet = context.wallet()?;
    let message = wallet.execute(&market.contracts.orderbook, message, &[])?;
    let sent = wallet.send(action, vec![message]).await?;
    let found = events::of_orderbook(&sent.events, &market.contracts.orderbook);
    let ends = events::absent_ends(&found);
    if !ends.is_empty() {
        context.out.progress(show::taken_back(&ends));
    }
    Ok(())
}

async fn change(
    context: &Context,
    market: &Market,
    which: Which,
    action: &str,
    message: ExecuteMsg,
) -> Result<Exit> {
    let Which { deployment, group } = which;
    send(context, market, &format!("{action} group {deployment}/{group}"), &message).await?;
    let shown = shown(market, deployment, group).await?;
    context.out.result(&shown, |shown| describe(deployment, shown));
    Ok(Exit::Ok)
}

/// A group as it is now.
pub async fn shown(
    market: &Market,
    deployment: DeploymentId,
    group: GroupSeq,
) -> Result<GroupResponse> {
    let groups = market.orderbook.deployment(deployment).await?.groups;
    let found = groups.into_iter().find(|one| one.seq == group);
    Ok(found.ok_or_else(|| Error::NotFound(format!("group {deployment}/{group} is not there")))?)
}

/// A group in words.
pub fn describe(deployment: DeploymentId, group: &GroupResponse) -> String {
    let order = match group.order_state {
        OrderState::Closed => String::new(),
        state => format!(", order {} is {state}", group.order),
    };
    let excluded = match &group.excluded[..] {
        [] => "no provider is excluded".to_owned(),
        providers => format!("excluded: {}", providers.join(", ")),
    };
    let rounds = match group.rounds {
        0 => String::new(),
        count => format!("; providers left it {count} times within a day"),
    };
    let starts = match group.starts {
        0 => String::new(),
        count => format!("; it was put out again {count} of {MAX_STARTS} times within a day"),
    };
    format!(
        "Group {deployment}/{} is {}{order}; {excluded}{rounds}{starts}.",
        group.seq, group.state
    )
}
