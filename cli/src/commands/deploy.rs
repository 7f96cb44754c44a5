//! `souk deploy`: from an SDL file to a running workload.

use std::{io, io::IsTerminal, path::PathBuf, sync::Arc, time::Duration};

use anyhow::Result;
use clap::Args;
use serde::Serialize;
use souk_client::{
    Error,
    deploy::{
        self, ByQuotes, Created, Deployed, Leased, Offer, Offers, Pick, Plan, Progress, Quotes,
        Request, Timeouts,
    },
    sdl,
    show::{self, amount, duration},
};
use souk_core::{AuctionPolicy, DeploymentId, OrderId, Price};
use souk_gateway::body::LeaseStatus;

use crate::{
    context::Context,
    exit::Exit,
    output::{self, Output},
    units,
};

/// Deploy an SDL file: collect prices or bids, take one, start the workload.
///
/// Providers that match are asked for their prices first, which costs nothing. What you choose is signed by its
/// provider, and one transaction creates the deployment with its leases. If for some group there is no quote, an order
/// is opened, on which providers bid on the chain; so it is if the file asks for an auction.
#[derive(Debug, Args)]
pub struct Deploy {
    /// The SDL file.
    file: PathBuf,
    /// The deposit, such as 5000000usouk; if not given, the cost of a day at the file's highest prices. It must
    /// carry these for the market's least runway (an hour): so much of it stays while the orders are open.
    #[arg(long, value_name = "AMOUNT")]
    deposit: Option<String>,
    /// The price or bid to take: `lowest`, a row of the table, or a provider's address. If not given you
    /// are asked; without a terminal prices are shown and nothing is deployed, or bids are shown and the order stays
    /// open.
    #[arg(long, value_name = "lowest|ROW|ADDRESS")]
    bid: Option<Pick>,
    /// Open an order and let providers bid on the chain; do not ask their gateways for prices.
    #[arg(long)]
    order: bool,
    /// Seconds to wait for the first bid on an order.
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
    /// What the leases took to begin, if they came of quotes.
    #[serde(skip_serializing_if = "Option::is_none")]
    by_quotes: Option<Leased>,
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
        let mut request = Request {
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
        let by_bid = |offers: &Offers| choose_bid(out, offers);
        let report = |progress: Progress<'_>| out.progress(line(&progress));
        let home = &context.home;
        let begun = deploy::interrupted(&market, &wallet, home, &request.plan, report).await?;
        let (deployed, by_quotes) = if let Some((created, upload)) = begun {
            let deployment = created.deployment;
            out.progress(format!("a command before this one created deployment {deployment} of this file; going on with it"));
            request.plan.upload = upload;
            (deploy::go_on(&market, &wallet, &request, created, by_bid, report).await?, None)
        } else {
            let mut by_quotes = None;
            if self.asks_for_quotes(&request.plan) {
                let choose = |quotes: &Quotes| choose_quote(out, quotes);
                let market = (&market, &config);
                match deploy::by_quotes(market, &wallet, home, &request, choose, report).await? {
                    ByQuotes::Deployed(deployed, leased) => by_quotes = Some((deployed, leased)),
                    ByQuotes::NotQuoted { why, pick } => {
                        out.progress(format!(
                            "no lease by quotes: {why}; opening an order for bids"
                        ));
                        request.pick = pick;
                    }
                    ByQuotes::NotChosen => return nothing_chosen(out),
                }
            }
            match by_quotes {
                Some((deployed, leased)) => (deployed, Some(leased)),
                None => {
                    (deploy::run(&market, &wallet, home, &request, by_bid, report).await?, None)
                }
            }
        };
        let complete = deployed.leases.len() == deployed.orders.len();
        let Deployed { deployment, orders, leases } = deployed;
        out.result(&Report { deployment, mapped, orders, leases, by_quotes }, summary);
        Ok(if complete { Exit::Ok } else { Exit::TimedOut })
    }

    /// Whether gateways are asked before an order is opened.
    fn asks_for_quotes(&self, plan: &Plan) -> bool {
        let chooses = matches!(plan.auction, AuctionPolicy::TenantChoice {});
        // Only bids have numbers.
        chooses && !self.order && !matches!(self.bid, Some(Pick::Bid(_)))
    }
}

/// Whether somebody can be asked.
pub(super) fn can_ask(out: Output) -> bool {
    !out.is_json() && io::stdin().is_terminal()
}

fn nothing_chosen(out: Output) -> Result<Exit> {
    if can_ask(out) {
        out.progress("nothing was deployed, and nothing spent");
        return Ok(Exit::Ok);
    }
    let reason = "nobody can be asked here which price to take, so nothing was deployed and nothing spent; say \
                  `--bid lowest` or an address, or open an order with --order (`souk quote` shows the prices)";
    Err(Error::input("--bid", reason).into())
}

/// Asks which of a group's prices to take, where somebody can answer.
pub(super) fn choose_quote(out: Output, quotes: &Quotes) -> io::Result<Option<Offer>> {
    if !can_ask(out) {
        return Ok(None);
    }
    choose(&format!("Group {}: take which price?", quotes.group), &quotes.offers)
}

/// Asks which bid to accept, where somebody can answer.
fn choose_bid(out: Output, offers: &Offers) -> io::Result<Option<Offer>> {
    if !can_ask(out) {
        let order = offers.order;
        out.progress(format!("nothing accepted; `souk accept {order} '#BID'` takes a bid"));
        return Ok(None);
    }
    choose("Accept which bid?", &offers.offers)
}

fn choose(question: &str, offers: &[Offer]) -> io::Result<Option<Offer>> {
    loop {
        output::ask(&format!("{question} (row, Enter for none) "));
        let mut answer = String::new();
        if io::stdin().read_line(&mut answer)? == 0 || answer.trim().is_empty() {
            return Ok(None);
        }
        match answer.trim().parse::<Pick>().map(|pick| pick.of(offers).cloned()) {
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
        Progress::Quotes(quotes) => show::quotes(quotes),
        Progress::Leased(leased) => leased_line(leased),
        Progress::QuoteRefused(error) => format!("{error}; asking for other quotes"),
        Progress::Interrupted => {
            "a command before this one may have sent this deployment; waiting until it is in a \
                                  block or cannot be any more"
                .to_owned()
        }
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

fn leased_line(leased: &Leased) -> String {
    let lease = |(order, provider, price): &(OrderId, String, Price)| {
        format!("lease {order} at {provider} for {price} an hour")
    };
    let leases: Vec<String> = leased.leases.iter().map(lease).collect();
    let fee: Vec<String> = leased.fee.iter().map(ToString::to_string).collect();
    format!(
        "deployment {} created with {}: prices in {:.1} s, from your choice to the lease {:.1} s and {}; {} gas, {} paid \
         for it",
        leased.deployment,
        leases.join(", "),
        seconds(leased.collected_ms),
        seconds(leased.leased_ms),
        match leased.blocks {
            1 => "1 block".to_owned(),
            blocks => format!("{blocks} blocks"),
        },
        leased.gas_used,
        fee.join(", ")
    )
}

fn seconds(milliseconds: u128) -> f64 {
    milliseconds as f64 / 1_000.0
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
