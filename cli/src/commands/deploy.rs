//! `souk deploy`: from an SDL file to a running workload.

use std::{io::IsTerminal, path::PathBuf, sync::Arc, time::Duration};

use anyhow::Result;
use clap::Args;
use serde::Serialize;
use souk_api::orderbook::OrderState;
use souk_core::{AuctionPolicy, DeploymentId, OrderId};
use souk_gateway::body::LeaseStatus;

use crate::{
    context::Context,
    error::Stranded,
    exit::Exit,
    gateway,
    market::Market,
    output::{Output, money::amount},
    sdl, tenant,
    tenant::{BidRow, BidTable, Created, Pick, Plan, no_such_bid},
    units::{self, duration},
    wallet::Wallet,
};

/// Deploy an SDL file: open orders, collect bids, accept one, start the workload.
#[derive(Debug, Args)]
pub struct Deploy {
    /// The SDL file.
    file: PathBuf,
    /// The deposit, such as 5000000usouk; if not given, the cost of a day at the file's highest prices.
    #[arg(long)]
    deposit: Option<String>,
    /// The bid to accept: `lowest`, a row of the table, or a provider's address. If not given you
    /// are asked; without a terminal the bids are shown and the order stays open.
    #[arg(long)]
    bid: Option<Pick>,
    /// Seconds to wait for the first bid.
    #[arg(long, default_value_t = 60, value_parser = units::wait())]
    wait: u64,
    /// Seconds to collect more bids after the first.
    #[arg(long, default_value_t = 5, value_parser = units::wait())]
    collect: u64,
    /// Seconds to wait until the workload is ready.
    #[arg(long, default_value_t = 600, value_parser = units::wait())]
    ready: u64,
    /// Put the plain hash of the manifest on chain, as Akash does: others can test guesses of what
    /// is in it.
    #[arg(long)]
    no_salt: bool,
    /// Treat warnings about the file as errors.
    #[arg(long)]
    strict: bool,
}

/// The result.
#[derive(Debug, Serialize)]
struct Deployed {
    deployment: DeploymentId,
    mapped: Vec<sdl::Mapped>,
    orders: Vec<BidTable>,
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
        let config = market.orderbook_config().await?;
        let plan = tenant::plan(compiled, deposit, !self.no_salt, &config)?;
        let wallet = Arc::new(context.wallet()?);
        let created = tenant::create(&market, &wallet, &context.home, &plan).await?;
        tell_created(out, &created, &plan);

        let (deployment, ids) = (created.deployment, created.orders.clone());
        self.tender_all(context, &market, &wallet, created, &plan, mapped).await.map_err(|source| {
            // From here on there is something to look after.
            Stranded { deployment, orders: ids, source }.into()
        })
    }

    /// Finds a provider for every order and brings the workload up.
    async fn tender_all(
        &self,
        context: &Context,
        market: &Market,
        wallet: &Arc<Wallet>,
        created: Created,
        plan: &Plan,
        mapped: Vec<sdl::Mapped>,
    ) -> Result<Exit> {
        let out = context.out;
        let mut orders = Vec::new();
        let mut leases = Vec::new();
        for order in &created.orders {
            let table = match plan.auction {
                AuctionPolicy::TenantChoice {} => {
                    self.tender(context, market, wallet, *order).await?
                }
                AuctionPolicy::LowestPrice { closes_after } => {
                    out.progress(format!(
                        "order {order}: the lowest bid wins, closes in {}",
                        duration(closes_after)
                    ));
                    let patience = Duration::from_secs(self.wait.saturating_add(closes_after));
                    await_auction(out, market, *order, patience).await?
                }
            };
            orders.push(table);
            if market.order(*order).await?.state == OrderState::Active {
                leases.push(self.run_lease(out, market, wallet, *order, plan).await?);
            }
        }
        let exit = if leases.len() == created.orders.len() { Exit::Ok } else { Exit::TimedOut };
        let deployed = Deployed { deployment: created.deployment, mapped, orders, leases };
        out.result(&deployed, summary);
        Ok(exit)
    }

    /// Shows bids as they come and accepts the one that is picked.
    async fn tender(
        &self,
        context: &Context,
        market: &Market,
        wallet: &Arc<Wallet>,
        order: OrderId,
    ) -> Result<BidTable> {
        let out = context.out;
        let collect = Duration::from_secs(self.collect);
        let mut first: Option<Duration> = None;
        let picked_provider = matches!(self.bid, Some(Pick::Provider(_)));
        let pick = self.bid.clone();
        let enough = move |table: &BidTable, waited: Duration| {
            if picked_provider {
                return pick.as_ref().is_some_and(|pick| pick.of(&table.bids).is_some());
            }
            if table.bids.is_empty() {
                return false;
            }
            waited >= *first.get_or_insert(waited) + collect
        };
        let patience = Duration::from_secs(self.wait);
        let seen = |table: &BidTable| out.progress(table.to_string());
        let mut table = tenant::watch_bids(market, order, patience, enough, seen).await?;
        let asked = market.order(order).await?;
        table.others =
            gateway::reasons(market, Some(wallet.clone()), &asked, &table.bidders()).await?;
        out.progress(table.to_string());
        let Some(bid) = self.choose(out, &table)? else { return Ok(table) };
        tenant::accept(market, wallet, order, &bid).await?;
        let price = amount(bid.price.u128(), &bid.denom);
        out.progress(format!("accepted the bid of {} at {price} an hour", bid.provider));
        Ok(table)
    }

    fn choose(&self, out: Output, table: &BidTable) -> Result<Option<BidRow>> {
        if let Some(pick) = &self.bid {
            let bid = pick.of(&table.bids).cloned();
            return Ok(Some(bid.ok_or_else(|| no_such_bid(table))?));
        }
        if out.is_json() || !std::io::stdin().is_terminal() {
            let order = table.order;
            out.progress(format!("nothing accepted; `souk accept {order} PROVIDER` takes a bid"));
            return Ok(None);
        }
        loop {
            eprint!("Accept which bid? (row, Enter for none) ");
            let mut answer = String::new();
            if std::io::stdin().read_line(&mut answer)? == 0 || answer.trim().is_empty() {
                return Ok(None);
            }
            match answer.trim().parse::<Pick>().map(|pick| pick.of(&table.bids).cloned()) {
                Ok(Some(bid)) => return Ok(Some(bid)),
                _ => eprintln!("there is no such row"),
            }
        }
    }

    /// Sends the manifest and waits until everything is ready.
    async fn run_lease(
        &self,
        out: Output,
        market: &Market,
        wallet: &Wallet,
        order: OrderId,
        plan: &Plan,
    ) -> Result<LeaseStatus> {
        let lease = tenant::launch(market, wallet, order, &plan.upload).await?;
        out.progress(format!("manifest sent to {}", lease.provider));
        let client = gateway::client_for(market, wallet, &lease.provider).await?;
        let patience = Duration::from_secs(self.ready);
        let seen = |status: &LeaseStatus| out.progress(tenant::show_status(status));
        tenant::wait_until_ready(&client, order, patience, seen).await
    }
}

/// Waits until an auction that closes by itself is closed.
async fn await_auction(
    out: Output,
    market: &Market,
    order: OrderId,
    patience: Duration,
) -> Result<BidTable> {
    let seen = |table: &BidTable| out.progress(table.to_string());
    tenant::watch_bids(market, order, patience, |_, _| false, seen).await
}

fn tell_created(out: Output, created: &Created, plan: &Plan) {
    let orders: Vec<String> = created.orders.iter().map(ToString::to_string).collect();
    out.progress(format!(
        "deployment {} created with {}; open for bids: order {}",
        created.deployment,
        plan.deposit,
        orders.join(", ")
    ));
}

fn summary(deployed: &Deployed) -> String {
    if deployed.leases.is_empty() {
        return format!("Deployment {} waits for you to accept a bid.", deployed.deployment);
    }
    let uris = deployed.leases.iter().flat_map(|lease| &lease.services).flat_map(|s| &s.uris);
    let uris: Vec<&str> = uris.map(String::as_str).collect();
    format!(
        "Deployment {} runs{}{}. `souk status {}` tells what it costs and how long it lasts.",
        deployed.deployment,
        if uris.is_empty() { "" } else { " at " },
        uris.join(", "),
        deployed.deployment
    )
}
