//! `souk close`: end a deployment and take what is left back, in one transaction.

use anyhow::Result;
use clap::Args;
use serde::Serialize;
use souk_api::orderbook::DeploymentState;
use souk_client::{
    deploy,
    events::AbsentEnd,
    market::Market,
    show::{self, amount},
};
use souk_core::{Amount, DeploymentId};

use crate::{context::Context, error, exit::Exit};

/// Close a deployment, pay its providers, and return what is left of the deposits.
#[derive(Debug, Args)]
pub struct Close {
    /// The deployment's number.
    deployment: DeploymentId,
}

/// The result.
#[derive(Debug, Serialize)]
pub struct Closed {
    deployment: DeploymentId,
    /// Claimed for the tenant and for other depositors.
    refunds: usize,
    /// Deposits of others that are still there.
    left: usize,
    /// Leases whose providers were absent: the pay of that came back to the account before it was refunded.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    absent: Vec<AbsentEnd>,
    /// What was in the account before.
    #[serde(skip)]
    about: String,
}

impl Close {
    /// Closes, pays every provider what it has earned and the tenant what is left; then returns
    /// what others deposited. What is closed already is paid out, by whoever sends it.
    pub async fn run(self, context: &Context) -> Result<Exit> {
        let market = context.market()?;
        let closed = close(context, &market, self.deployment).await?;
        context.out.result(&closed, describe);
        Ok(Exit::Ok)
    }
}

/// Closes a deployment if it is not, and pays everyone out.
pub async fn close(context: &Context, market: &Market, deployment: DeploymentId) -> Result<Closed> {
    let wallet = context.wallet()?;
    let found = market.orderbook.deployment(deployment).await?;
    let account = found.account;
    let before = market.escrow.account(account).await?;
    let about = amount(before.balance.u128(), &before.denom);
    if found.state != DeploymentState::Active
        && before.balance == Amount::ZERO
        && market.escrow.streams(account).await?.is_empty()
    {
        return Ok(Closed { deployment, refunds: 0, left: 0, absent: Vec::new(), about });
    }
    let absent = deploy::close(market, &wallet, deployment).await?;
    let returned = deploy::return_deposits(market, &wallet, account).await;
    let returned = returned.unwrap_or_else(|error| {
        let error = error::describe(&error.into());
        context.out.progress(format!("deposits of others were not returned: {error}"));
        deploy::Returned::default()
    });
    let refunds = returned.refunds + 1;
    Ok(Closed { deployment, refunds, left: returned.left, absent, about })
}

/// What came of it, in words.
pub fn describe(closed: &Closed) -> String {
    if closed.refunds == 0 {
        return format!("Deployment {} is closed already, and paid out.", closed.deployment);
    }
    let left = match closed.left {
        0 => String::new(),
        left => format!(
            " {left} deposits of others are left; anyone can claim them for their depositors."
        ),
    };
    let absent = match &closed.absent[..] {
        [] => String::new(),
        ends => format!("\n{}", show::taken_back(ends)),
    };
    let more = if closed.absent.is_empty() { "" } else { ", and the pay that was taken back," };
    format!(
        "Deployment {} is closed; about {}{more} went back in {} refunds.{left}{absent}",
        closed.deployment, closed.about, closed.refunds
    )
}
