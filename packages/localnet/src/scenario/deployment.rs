//! From the file to a running workload: bids, leases, manifest.

use std::{sync::Arc, time::Duration};

use anyhow::{Context as _, Result};
use souk_api::orderbook::LeaseResponse;
use souk_chain::Coin;
use souk_client::{
    deploy::{self, Bids, Created, Offers, Plan},
    gateway::{self, Client},
    sdl::Compiled,
    show::{self, amount},
};
use souk_core::{AuctionPolicy, Denom, OrderId};
use souk_gateway::body::LogQuery;

use super::{Fixture, TIMEOUT, print, services};

/// How long bids are collected after the first.
pub const COLLECT: Duration = Duration::from_millis(1_000);
/// Steps that the tenant's deposit lasts at the ceilings.
const DEPOSIT_STEPS: u128 = 8;

/// What a deployment of this file is created with.
pub async fn plan(fixture: &Fixture, compiled: Compiled, auction: AuctionPolicy) -> Result<Plan> {
    let config = fixture.market.orderbook.config().await?;
    let ceilings: u128 = compiled.groups.iter().map(|group| group.ceiling.u128()).sum();
    let denom = config.denoms.first().context("the market takes no denom")?;
    let least = denom.min_deposit.u128() * compiled.groups.len() as u128;
    let steps = fixture.periods.cost(ceilings, DEPOSIT_STEPS);
    let deposit = Coin::new(least.max(steps), compiled.denom.clone());
    let runway = fixture.market.escrow.config().await?.min_runway;
    let mut plan = deploy::plan(compiled, Some(deposit), true, &config, runway)?;
    plan.auction = auction;
    Ok(plan)
}

/// Creates a deployment whose bids the tenant accepts.
pub async fn create(fixture: &Fixture, compiled: Compiled) -> Result<(Created, Plan)> {
    print::section("A tenant deploys, providers bid");
    for warning in &compiled.warnings {
        print::line(warning);
    }
    for mapped in &compiled.mapped {
        print::line(format!("{} {} stands for {} here", mapped.kind, mapped.from, mapped.to));
    }
    let plan = plan(fixture, compiled, AuctionPolicy::TenantChoice {}).await?;
    let created = deploy::create(&fixture.market, &fixture.tenant, &fixture.home, &plan).await?;
    let deposit = amount(plan.deposit.amount, &Denom::native(plan.deposit.denom.clone()));
    print::line(format!("deployment {} with {deposit} in escrow", created.deployment));
    Ok((created, plan))
}

/// Accepts the lowest bid on every order and waits until the workloads run.
pub async fn run(fixture: &Fixture, created: &Created, plan: &Plan) -> Result<Vec<LeaseResponse>> {
    let (market, wallet) = (&fixture.market, &fixture.tenant);
    let mut leases = Vec::new();
    for order in &created.orders {
        leases.push(accept_lowest(fixture, *order, plan).await?);
    }
    print::section("The workload runs");
    for lease in &leases {
        let client = gateway::client_for(market, wallet, &lease.provider).await?;
        let status = deploy::wait_until_ready(&client, lease.order, TIMEOUT, |_| ()).await?;
        print::line(show::status(&status));
        services::request(fixture, &lease.provider, &status).await?;
        print::line("logs, through the gateway:");
        show_logs(&client, lease.order).await?;
    }
    Ok(leases)
}

async fn accept_lowest(fixture: &Fixture, order: OrderId, plan: &Plan) -> Result<LeaseResponse> {
    let (market, wallet) = (&fixture.market, &fixture.tenant);
    let mut first = None;
    let enough = |table: &Offers, waited: Duration| {
        !table.offers.is_empty() && waited >= *first.get_or_insert(waited) + COLLECT
    };
    let seen = |table: &Offers| print::line(show::offers(table));
    let mut table = deploy::watch(&Bids(market), order, TIMEOUT, enough, seen).await?;
    let current = market.orderbook.order(order).await?;
    let signer = Some(Arc::new(wallet.clone()));
    table.others = gateway::reasons(market, signer, &current, &table.providers()).await?;
    for other in &table.others {
        let name = fixture.name_of(&other.provider);
        print::line(format!("{name} did not bid: {}", other.reason));
    }
    let bid = table.offers.first().context("there is no bid")?;
    deploy::accept(market, wallet, order, bid).await?;
    let lease = deploy::launch(market, wallet, order, &plan.upload).await?;
    print::line(format!(
        "accepted {} at {} an hour and sent it the manifest",
        fixture.name_of(&lease.provider),
        amount(lease.price.u128(), &lease.denom)
    ));
    Ok(lease)
}

async fn show_logs(client: &Client, order: OrderId) -> Result<()> {
    let query = LogQuery { tail: Some(2), ..LogQuery::default() };
    let mut lines = client.logs(order, &query).await?;
    while let Some(line) = lines.next().await? {
        print::line(format!("  {} | {}", line.pod, line.line));
    }
    Ok(())
}
