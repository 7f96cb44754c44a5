//! `souk status`: a deployment's groups, leases and money.

use anyhow::Result;
use clap::Args;
use serde::Serialize;
use souk_api::{
    escrow::{AccountResponse, DepositResponse, StreamResponse},
    orderbook::{DeploymentResponse, LeaseResponse, MarkResponse, OrderState},
};
use souk_client::{
    Market, deploy,
    error::if_present,
    show::{self, amount, duration, table},
};
use souk_core::DeploymentId;

use crate::{context::Context, exit::Exit};

/// Show a deployment: groups, leases, money, and how long the money lasts.
#[derive(Debug, Args)]
pub struct Status {
    /// The deployment's number.
    deployment: DeploymentId,
}

/// A deployment and its money.
#[derive(Debug, Serialize)]
struct Report {
    /// The newest block's time.
    now: u64,
    deployment: DeploymentResponse,
    leases: Vec<LeaseResponse>,
    /// The latest leases of groups that rest or are closed, while they are kept.
    ended: Vec<LeaseResponse>,
    account: AccountResponse,
    streams: Vec<StreamResponse>,
    deposits: Vec<DepositResponse>,
}

impl Status {
    /// Shows it.
    pub async fn run(self, context: &Context) -> Result<Exit> {
        let market = context.market()?;
        let deployment = market.orderbook.deployment(self.deployment).await?;
        let leases = deploy::leases_of(&market, &deployment).await?;
        let ended = ended(&market, &deployment).await?;
        let (account, streams, deposits) = tokio::try_join!(
            market.escrow.account(deployment.account),
            market.escrow.streams(deployment.account),
            market.escrow.deposits(deployment.account),
        )?;
        let (_, now) = market.now().await?;
        let report = Report { now, deployment, leases, ended, account, streams, deposits };
        context.out.result(&report, show);
        Ok(Exit::Ok)
    }
}

/// The latest lease of each group that has no order and no lease, if there was one and it is not pruned.
async fn ended(market: &Market, deployment: &DeploymentResponse) -> Result<Vec<LeaseResponse>> {
    let rest = deployment.groups.iter().filter(|group| group.order_state == OrderState::Closed);
    let leases = rest.map(async |group| if_present(market.orderbook.lease(group.order).await));
    Ok(futures::future::try_join_all(leases).await?.into_iter().flatten().collect())
}

fn show(report: &Report) -> String {
    let Report { deployment, account, .. } = report;
    let denom = &account.denom;
    let mut groups = table(["group", "state", "order", "", "provider", "an hour"]);
    for group in &deployment.groups {
        let lease = report.leases.iter().find(|lease| lease.order == group.order);
        groups.add_row([
            format!("{} {}", group.seq, group.spec.name),
            group.state.to_string(),
            group.order.to_string(),
            group.order_state.to_string(),
            lease.map_or("-".to_owned(), |lease| lease.provider.clone()),
            lease.map_or("-".to_owned(), |lease| amount(lease.price.u128(), denom)),
        ]);
    }
    let mut text = format!(
        "Deployment {} of {}: {}\n{groups}\n\nAccount: {} left, {} an hour, {}\n",
        deployment.id,
        deployment.tenant,
        deployment.state,
        amount(account.balance.u128(), denom),
        amount(account.clock.rate.u128(), denom),
        runway(report),
    );
    // A mark of before a deposit is void.
    let holds = |mark: &&MarkResponse| {
        mark.depleted_since.is_none() || account.clock.depleted_since.is_some()
    };
    if let Some(mark) = deployment.mark.as_ref().filter(holds) {
        let why = match mark.depleted_since {
            Some(_) => "depleted",
            None => "idle",
        };
        let wait = duration(mark.endable_at.saturating_sub(report.now));
        text.push_str(&format!(
            "Marked as {why}: anyone can end it in {wait}, from block {} on, if it is so then\n",
            mark.endable_at_block
        ));
    }
    let runs = report.leases.iter().filter(|lease| lease.state.runs());
    for (lease, reclaim) in runs.filter_map(|lease| Some((lease, lease.reclaim.as_ref()?))) {
        let order = lease.order;
        let until = show::reclaim(reclaim, report.now);
        let next = match reclaim.lapsed {
            true => "",
            false => {
                "; the group goes out again then. To move before, deploy the file again elsewhere"
            }
        };
        text.push_str(&format!("Lease {order}: {until}{next}\n"));
    }
    for lease in &report.leases {
        if let Some(unseen) = show::unseen(lease, report.now) {
            text.push_str(&format!("Lease {}: {unseen}\n", lease.order));
        }
    }
    for (lease, until) in report.ended.iter().filter_map(|lease| Some((lease, lease.paid_until?))) {
        text.push_str(&format!("Lease {} ended: {}\n", lease.order, show::paid_until(until)));
    }
    for stream in &report.streams {
        let held = match stream.hold {
            0 => String::new(),
            hold => format!(
                ", held {} (the pay of the last {}, owed when the lease ends)",
                amount(stream.held.u128(), denom),
                duration(hold)
            ),
        };
        text.push_str(&format!(
            "  stream {}: earned {} of it fee {}, paid {}, owed {}{held}\n",
            stream.stream,
            amount(stream.earned.u128(), denom),
            amount(stream.fee.u128(), denom),
            amount(stream.paid.u128(), denom),
            amount(stream.owed.u128(), denom),
        ));
    }
    for deposit in &report.deposits {
        text.push_str(&format!(
            "  deposit {} of {}: {}, {} of it not spent\n",
            deposit.deposit,
            deposit.depositor,
            amount(deposit.amount.u128(), denom),
            amount(deposit.left.u128(), denom),
        ));
    }
    text
}

fn runway(report: &Report) -> String {
    let account = &report.account;
    if account.closed {
        return "closed".to_owned();
    }
    match account.depletion {
        _ if account.clock.depleted_since.is_some() => {
            "depleted: nothing runs until it is topped up".to_owned()
        }
        Some(moment) => format!("lasts {}", duration(moment.saturating_sub(report.now))),
        None if account.streams == 0 => "nothing is being paid".to_owned(),
        None => "lasts more than a century".to_owned(),
    }
}
