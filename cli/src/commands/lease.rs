//! `souk lease`: a lease and its workload.

use anyhow::Result;
use clap::{Args, Subcommand};
use serde_json::json;
use souk_api::orderbook::{ExecuteMsg, LeaseResponse};
use souk_client::{
    Market, deploy,
    gateway::{Client, client_for},
    show::{self, amount, duration, moment, table},
};
use souk_core::{CloseReason, GroupId, OrderId};
use souk_gateway::body::{ClusterEvent, EventQuery, LogLine, LogQuery};

use super::{absence, group, lease_status};
use crate::{
    context::Context,
    exit::Exit,
    output::{self, Output, to_json},
    units,
};

/// Show and manage leases: status, logs, events, manifest, close, absence, volumes.
#[derive(Debug, Subcommand)]
pub enum Lease {
    /// List your leases, or those of a provider.
    List {
        /// The provider; your own leases as a tenant if not given.
        #[arg(long, value_name = "ADDRESS|KEY")]
        provider: Option<String>,
    },
    /// Show a lease's services, addresses and pods.
    Status {
        /// The lease's number, which is that of its order.
        order: OrderId,
        /// Wait up to this many seconds until everything is ready.
        #[arg(long, value_name = "SECONDS", value_parser = units::wait())]
        wait: Option<u64>,
        /// If the provider says at its gateway that it is there, tell the chain, for the fee of a transaction.
        #[arg(long)]
        pass_on: bool,
    },
    /// Show the logs of a lease's services.
    Logs(Logs),
    /// Show the Kubernetes events of a lease.
    Events {
        /// The lease's number, which is that of its order.
        order: OrderId,
        /// Keep printing new events.
        #[arg(long, short)]
        follow: bool,
    },
    /// Send a lease's manifest to its provider again.
    Send {
        /// The lease's number, which is that of its order.
        order: OrderId,
    },
    /// Close a lease. If the tenant closes it, the group's order opens again; `souk close` closes
    /// the whole deployment.
    Close {
        /// The lease's number, which is that of its order.
        order: OrderId,
        /// The reason, if the provider closes it: unstable, decommission, unspecified or
        /// manifest_timeout.
        #[arg(long)]
        reason: Option<CloseReason>,
        /// Do not let its provider bid on the group again, if the tenant closes it. `souk group exclude`
        /// and `readmit` change the list.
        #[arg(long, conflicts_with = "reason")]
        exclude: bool,
    },
    /// Take a lease back with the notice that its terms say, as its provider's operator. It runs, and is
    /// paid in full, until the notice is over. While an agent runs, use `souk-provider reclaim`.
    Reclaim {
        /// The lease's number, which is that of its order.
        order: OrderId,
        /// The reason: unstable, decommission or unspecified.
        #[arg(long, default_value = "decommission")]
        reason: CloseReason,
    },
    /// End a lease whose provider took it back, once the notice is over. Anyone may.
    EndReclaim {
        /// The lease's number, which is that of its order.
        order: OrderId,
    },
    /// End a lease whose provider is absent: it was not seen for the limit of the lease's terms. You or your
    /// delegate can then; anyone after twice the limit, or as soon as you if the terms say so. The pay of its
    /// absence comes back to the account.
    Absent {
        /// The lease's number, which is that of its order.
        order: OrderId,
    },
    /// Delete the volumes of a lease that ended now. Its provider keeps them for some time, in case that
    /// the end was a mistake.
    DeleteVolumes {
        /// The lease's number, which is that of its order.
        order: OrderId,
    },
}

/// Show the logs of a lease's services.
#[derive(Debug, Args)]
pub struct Logs {
    /// The lease's number, which is that of its order.
    order: OrderId,
    /// Only this service.
    #[arg(long, value_name = "NAME")]
    service: Option<String>,
    /// Keep printing new lines.
    #[arg(long, short)]
    follow: bool,
    /// How many lines of the past to show, for each pod [default: 1000].
    #[arg(long, value_name = "LINES")]
    tail: Option<u32>,
    /// The logs of the container's previous run.
    #[arg(long)]
    previous: bool,
}

impl Lease {
    /// Does it.
    pub async fn run(self, context: &Context) -> Result<Exit> {
        let market = context.market()?;
        match self {
            Self::List { provider } => list(context, &market, provider).await,
            Self::Status { order, wait, pass_on } => {
                lease_status::run(context, &market, order, wait, pass_on).await
            }
            Self::Logs(logs) => logs.run(context, &market).await,
            Self::Events { order, follow } => events(context, &market, order, follow).await,
            Self::Send { order } => send(context, &market, order).await,
            Self::Close { order, reason, exclude } => {
                close(context, &market, order, reason, exclude).await
            }
            Self::Reclaim { order, reason } => reclaim(context, &market, order, reason).await,
            Self::EndReclaim { order } => end_reclaim(context, &market, order).await,
            Self::Absent { order } => absence::end(context, &market, order).await,
            Self::DeleteVolumes { order } => delete_volumes(context, &market, order).await,
        }
    }
}

async fn client(context: &Context, market: &Market, order: OrderId) -> Result<Client> {
    let lease = market.orderbook.lease(order).await?;
    Ok(client_for(market, &context.wallet()?, &lease.provider).await?)
}

async fn list(context: &Context, market: &Market, provider: Option<String>) -> Result<Exit> {
    let leases = match provider {
        Some(provider) => market.orderbook.leases(&context.address(&provider)?).await?,
        None => {
            let tenant = context.key()?.address(&market.network.prefix)?;
            let mut leases = Vec::new();
            for deployment in market.orderbook.deployments(&tenant).await? {
                leases.extend(deploy::leases_of(market, &deployment).await?);
            }
            leases
        }
    };
    let (_, now) = market.now().await?;
    context.out.result(&leases, |leases| list_of(leases, now));
    Ok(Exit::Ok)
}

fn list_of(leases: &[LeaseResponse], now: u64) -> String {
    if leases.is_empty() {
        return "No leases run.".to_owned();
    }
    let columns = ["lease", "group", "state", "provider", "tenant", "an hour", "seen", "reason"];
    let mut rows = table(columns);
    for lease in leases {
        rows.add_row([
            lease.order.to_string(),
            lease.group.to_string(),
            lease.state.to_string(),
            lease.provider.clone(),
            lease.tenant.clone(),
            amount(lease.price.u128(), &lease.denom),
            seen(lease, now),
            lease.reason.map_or("-".to_owned(), |reason| reason.to_string()),
        ]);
    }
    rows.to_string()
}

/// When the provider was last seen, that it is absent, or until when it is paid.
fn seen(lease: &LeaseResponse, now: u64) -> String {
    match (&lease.unseen, lease.paid_until) {
        (_, Some(until)) => format!("paid until {}", moment(until)),
        (Some(unseen), _) => {
            let ago = duration(now.saturating_sub(unseen.since));
            if unseen.absent { format!("absent, {ago} ago") } else { format!("{ago} ago") }
        }
        (None, None) => "-".to_owned(),
    }
}

impl Logs {
    async fn run(self, context: &Context, market: &Market) -> Result<Exit> {
        let client = client(context, market, self.order).await?;
        let query = LogQuery {
            service: self.service,
            follow: self.follow,
            tail: self.tail,
            previous: self.previous,
        };
        let mut lines = client.logs(self.order, &query).await?;
        while let Some(line) = lines.next().await? {
            let text = |line: &LogLine| {
                let more = if line.continues { " [continues]" } else { "" };
                format!("{} | {}{more}", line.pod, line.line)
            };
            match context.out {
                Output::Json => output::line(&to_json(&line)),
                Output::Text => output::foreign_line(&text(&line)),
            }
        }
        Ok(Exit::Ok)
    }
}

async fn events(context: &Context, market: &Market, order: OrderId, follow: bool) -> Result<Exit> {
    let client = client(context, market, order).await?;
    let mut events = client.events(order, &EventQuery { follow }).await?;
    while let Some(event) = events.next().await? {
        let text = |event: &ClusterEvent| {
            format!("{} {} {}: {}", event.kind, event.object, event.reason, event.message)
        };
        context.out.result(&event, text);
    }
    Ok(Exit::Ok)
}

async fn send(context: &Context, market: &Market, order: OrderId) -> Result<Exit> {
    let deployment =
        market.orderbook.deployment(market.orderbook.lease(order).await?.group.deployment).await?;
    let upload = context.home.saved_deployment(&market.network.chain_id, &deployment)?;
    let lease = deploy::launch(market, &context.wallet()?, order, &upload).await?;
    context.out.result(&lease, |lease| format!("The manifest was sent to {}.", lease.provider));
    Ok(Exit::Ok)
}

async fn close(
    context: &Context,
    market: &Market,
    order: OrderId,
    reason: Option<CloseReason>,
    exclude: bool,
) -> Result<Exit> {
    let wallet = context.wallet()?;
    let message = ExecuteMsg::CloseLease { order, reason, exclude };
    let message = wallet.execute(&market.contracts.orderbook, &message, &[])?;
    wallet.send(&format!("closing lease {order}"), vec![message]).await?;
    show_end(context, market, order, exclude).await
}

/// What a lease ended as, and whether its provider is excluded if that was wished.
async fn show_end(
    context: &Context,
    market: &Market,
    order: OrderId,
    exclude: bool,
) -> Result<Exit> {
    let lease = market.orderbook.lease(order).await?;
    let GroupId { deployment, group } = lease.group;
    let group = group::shown(market, deployment, group).await?;
    context.out.result(&lease, |lease| {
        let reason = lease.reason.map_or("closed".to_owned(), |reason| reason.to_string());
        // An orderbook of the first release takes no notice of the wish.
        let excluded = match exclude && !group.excluded.contains(&lease.provider) {
            true => format!(
                " This market cannot exclude {}: it may bid on the group again.",
                lease.provider
            ),
            false => String::new(),
        };
        let group = group::describe(deployment, &group);
        let absent = lease
            .paid_until
            .map_or_else(String::new, |until| format!(" {}.", sentence(&show::paid_until(until))));
        format!("Lease {} is closed: {reason}.{absent} {group}{excluded}", lease.order)
    });
    Ok(Exit::Ok)
}

/// With a capital at its beginning.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

async fn reclaim(
    context: &Context,
    market: &Market,
    order: OrderId,
    reason: CloseReason,
) -> Result<Exit> {
    let wallet = context.wallet()?;
    let message = ExecuteMsg::StartReclaim { order, reason };
    let message = wallet.execute(&market.contracts.orderbook, &message, &[])?;
    wallet.send(&format!("reclaiming lease {order}"), vec![message]).await?;
    let lease = market.orderbook.lease(order).await?;
    let (_, now) = market.now().await?;
    context.out.result(&lease, |lease| match &lease.reclaim {
        Some(reclaim) => format!("Lease {order}: {}.", show::reclaim(reclaim, now)),
        None => format!("Lease {order} is {}.", lease.state),
    });
    Ok(Exit::Ok)
}

async fn end_reclaim(context: &Context, market: &Market, order: OrderId) -> Result<Exit> {
    let wallet = context.wallet()?;
    let message = ExecuteMsg::EndReclaim { order };
    let message = wallet.execute(&market.contracts.orderbook, &message, &[])?;
    wallet.send(&format!("ending lease {order}"), vec![message]).await?;
    show_end(context, market, order, false).await
}

async fn delete_volumes(context: &Context, market: &Market, order: OrderId) -> Result<Exit> {
    client(context, market, order).await?.delete_volumes(order).await?;
    context.out.result(&json!({ "order": order }), |_| {
        format!("The provider deletes the volumes of lease {order}. `souk lease status {order}` shows those that are left.")
    });
    Ok(Exit::Ok)
}
