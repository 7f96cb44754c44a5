//! `souk deploy`: from an SDL file to a running workload.

use std::{io, io::IsTerminal, path::PathBuf, sync::Arc, time::Duration};

use anyhow::Result;
use clap::Args;
use serde::Serialize;
use souk_client::{
    deploy::{self, Created, Deployed, Offer, Offers, Pick, Plan, Progress, Request, Timeouts},
    sdl,
    show::{self, amount, duration},
};
use souk_core::DeploymentId;
use souk_gateway::body::LeaseStatus;

use crate::{
    context::Context,
    exit::Exit,
    output::{self, Output},
    units,
};

/// Deploy an SDL file: open orders, collect bids, accept one, start the workload.
#[derive(Debug, Args)]
pub struct Deploy {
    /// The SDL file.
    file: PathBuf,
    /// The deposit, such as 5000000usouk; if not given, the cost of a day at the file's highest prices. It must
    /// carry these for the market's least runway (an hour): so much of it stays while the orders are open.
    #[arg(long, value_name = "AMOUNT")]
    deposit: Option<String>,
    /// The bid to accept: `lowest`, a row of the table, or a provider's address. If not given you
    /// are asked; without a terminal the bids are shown and the order stays open.
    #[arg(long, value_name = "lowest|ROW|ADDRESS")]
    bid: Option<Pick>,
    /// Seconds to wait for the first bid.
    #[arg(long, value_name = "SECONDS", default_value_t = deploy::WAIT, value_parser = units::wait())]
    wait: u64,
    /// Seconds to collect more bids after the first.
    #[arg(long, value_name = "SECONDS", default_value_t = deploy::COLLECT, value_parser = units::wait())]
    collect: u64,
    /// Seconds to wait until the workload is ready.
    #[arg(long, value_name = "SECONDS", default_value_t = 600, value_parser = units::wait())]
    ready: u64,
    /// Put the plain hash of the manifest on chain, as Akash does: others can test guesses of what
    /// is in it.
    #[arg(long)]
    no_salt: bool,
    /// Treat warnings about the file as errors.
    #[arg(long)]
    strict: bool,
}

/// What is said of a market that is older than the rule for absent providers.
const NO_ABSENCE: &str =
    "\nThis market knows no absence: a provider that is gone is paid until you close its lease.";
const NOT_STORED: &str = "\nThis market knows no absence: it stored nothing of `souk.absence`. A provider that is gone is paid \
     until you close its lease.";

/// The result.
#[derive(Debug, Serialize)]
struct Report {
    deployment: DeploymentId,
    mapped: Vec<sdl::Mapped>,
    orders: Vec<Offers>,
    leases: Vec<LeaseStatus>,
}

impl Deploy {
    /// Deploys.
    pub async fn run(self, context: &Context) -> Result<Exit> {
        let out = context.out;
        let market = context.market()?;
        let compiled = sdl::read(&self.file, &market.network.map, self.strict)?;
        for warning in &compiled.warnings {
            out.progress(warning);
        }
        for mapped in &compiled.mapped {
            out.progress(format!("{} {} stands for {} here", mapped.kind, mapped.from, mapped.to));
        }
        let mapped = compiled.mapped.clone();
        let deposit = self.deposit.as_deref();
        let deposit = deposit.map(|text| units::coin(text, &market.network.denom)).transpose()?;
        let (config, escrow) = tokio::try_join!(market.orderbook.config(), market.escrow.config())?;
        let request = Request {
            plan: deploy::plan(compiled, deposit, !self.no_salt, &config, escrow.min_runway)?,
            pick: self.bid.clone(),
            timeouts: Timeouts {
                offers: Duration::from_secs(self.wait),
                collect: Duration::from_secs(self.collect),
                ready: Duration::from_secs(self.ready),
            },
        };
        let wallet = Arc::new(context.wallet()?);
        out.progress(show::absence_terms(&request.plan.absence.unwrap_or_default()));
        let choose = |offers: &Offers| choose(out, offers);
        let report = |progress: Progress<'_>| out.progress(line(&progress));
        let deployed =
            deploy::run(&market, &wallet, &context.home, &request, choose, report).await?;
        let complete = deployed.leases.len() == deployed.orders.len();
        let Deployed { deployment, orders, leases } = deployed;
        out.result(&Report { deployment, mapped, orders, leases }, summary);
        Ok(if complete { Exit::Ok } else { Exit::TimedOut })
    }
}

/// Asks which offer to accept, where somebody can answer.
fn choose(out: Output, offers: &Offers) -> io::Result<Option<Offer>> {
    if out.is_json() || !io::stdin().is_terminal() {
        let order = offers.order;
        out.progress(format!("nothing accepted; `souk accept {order} '#BID'` takes a bid"));
        return Ok(None);
    }
    loop {
        output::ask("Accept which bid? (row, Enter for none) ");
        let mut answer = String::new();
        if io::stdin().read_line(&mut answer)? == 0 || answer.trim().is_empty() {
            return Ok(None);
        }
        match answer.trim().parse::<Pick>().map(|pick| pick.of(&offers.offers).cloned()) {
            Ok(Some(offer)) => return Ok(Some(offer)),
            _ => output::note("there is no such row"),
        }
    }
}

fn line(progress: &Progress<'_>) -> String {
    match progress {
        Progress::Created { created, plan } => created_line(created, plan),
        Progress::Auction { order, closes_after } => {
            let closes_in = duration(*closes_after);
            format!("order {order}: the lowest bid wins, closes in {closes_in}")
        }
        Progress::Offers(offers) => show::offers(offers),
        Progress::Accepted(offer) => {
            let price = amount(offer.price.u128(), &offer.denom);
            format!("accepted the bid of {} at {price} an hour", offer.provider)
        }
        Progress::ManifestSent { provider, .. } => format!("manifest sent to {provider}"),
        Progress::Failed { order, error } => format!("order {order} has no workload: {error}"),
        Progress::Status(status) => show::status(status),
    }
}

fn created_line(created: &Created, plan: &Plan) -> String {
    let orders: Vec<String> = created.orders.iter().map(ToString::to_string).collect();
    let dropped = created.dropped_notice.map_or(String::new(), |seconds| {
        format!(
            "\nThis market knows no notice: it stored nothing of `reclamation`. No provider can take a lease of \
             this deployment back with a notice of {}; one that leaves breaks it.",
            duration(seconds)
        )
    });
    let no_absence = match (created.no_absence, plan.absence) {
        (false, _) => "",
        (true, None) => NO_ABSENCE,
        (true, Some(_)) => NOT_STORED,
    };
    format!(
        "deployment {} created with {}, of which {}{} carry its orders and stay while they are open; open for bids: order {}{dropped}{no_absence}",
        created.deployment,
        plan.deposit,
        plan.reserved,
        plan.deposit.denom,
        orders.join(", ")
    )
}

fn summary(report: &Report) -> String {
    if report.leases.is_empty() {
        return format!(
            "Deployment {} has no lease yet. `souk bids ORDER` shows the bids; one that you choose waits for `souk accept`.",
            report.deployment
        );
    }
    let has_lease = |order| report.leases.iter().any(|lease| lease.order == order);
    let without = report.orders.iter().map(|offers| offers.order).filter(|one| !has_lease(*one));
    let without: Vec<String> = without.map(|order| order.to_string()).collect();
    let without = match without.is_empty() {
        true => String::new(),
        false => format!(
            " Without a workload: order {}; `souk lease send ORDER` sends the manifest once there is a lease.",
            without.join(", ")
        ),
    };
    let uris = report.leases.iter().flat_map(|lease| &lease.services).flat_map(|s| &s.uris);
    let uris: Vec<&str> = uris.map(String::as_str).collect();
    format!(
        "Deployment {} runs{}{}. `souk status {}` tells what it costs and how long it lasts.{without}",
        report.deployment,
        if uris.is_empty() { "" } else { " at " },
        uris.join(", "),
        report.deployment
    )
}
