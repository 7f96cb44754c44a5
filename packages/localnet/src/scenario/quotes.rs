//! The same file by quotes: prices are signed off chain, and the leases begin with the deployment.

use std::sync::Arc;

use anyhow::{Context as _, Result, bail, ensure};
use souk_api::orderbook::OrderState;
use souk_client::{
    deploy::{self, ByQuotes, Deployed, Leased, Pick, Progress, Request, Timeouts},
    sdl::Compiled,
    show::{self, amount},
};
use souk_core::{AuctionPolicy, Denom};

use super::{
    Fixture, TIMEOUT,
    account::show_account,
    cost::Cost,
    deployment::{COLLECT, plan},
    print,
};

/// Runs it, and closes the deployment.
pub async fn run(fixture: &Fixture, compiled: Compiled) -> Result<Cost> {
    print::section("The same file by quotes");
    let (market, wallet) = (&fixture.market, &fixture.tenant);
    let plan = plan(fixture, compiled, AuctionPolicy::TenantChoice {}).await?;
    let groups = plan.groups.len();
    let timeouts = Timeouts { offers: TIMEOUT, collect: COLLECT, ready: TIMEOUT };
    let request = Request { plan, pick: Some(Pick::Lowest), timeouts };
    let config = market.orderbook.config().await?;
    let (before, _) = market.now().await?;
    let none = |_: &_| Ok(None);
    let tenant = Arc::new(wallet.clone());
    let report = |progress: Progress<'_>| report(fixture, &progress);
    let market_and_config = (market, &config);
    let done = deploy::by_quotes(market_and_config, &tenant, &fixture.home, &request, none, report)
        .await?;
    let Deployed { deployment, orders, leases } = match done {
        ByQuotes::Deployed(deployed, _) => deployed,
        ByQuotes::NotQuoted { why, .. } => bail!("there is no quote: {why}"),
        ByQuotes::NotChosen => bail!("no quote was chosen"),
    };
    ensure!(leases.len() == groups, "{} of {groups} groups run", leases.len());
    for lease in &leases {
        let order = market.orderbook.order(lease.order).await?;
        ensure!(order.state == OrderState::Active, "lease {} does not run", lease.order);
        ensure!(market.orderbook.bids(lease.order).await?.is_empty(), "nobody bid");
    }
    let cost = Cost::until_leases(fixture, deployment, groups, before).await?;
    fixture.pass(fixture.periods.step / 3).await?;
    let first = orders.first().context("there is no lease")?.order;
    let lease = market.orderbook.lease(first).await?;
    show_account(fixture, lease.account).await?;
    let messages = deploy::closing(market, wallet, deployment).await?;
    wallet.send("closing the deployment", messages).await?;
    print::line("closed; everyone is paid");
    Ok(cost)
}

fn report(fixture: &Fixture, progress: &Progress<'_>) {
    match progress {
        Progress::Quotes(quotes) => print::line(show::quotes(quotes)),
        Progress::Leased(leased) => leased_line(fixture, leased),
        Progress::ManifestSent { order, provider } => {
            print::line(format!("{} has the manifest of lease {order}", fixture.name_of(provider)));
        }
        _ => {}
    }
}

fn leased_line(fixture: &Fixture, leased: &Leased) {
    let denom = Denom::native(fixture.market.network.denom.clone());
    let blocks = match leased.blocks {
        1 => "in the next block".to_owned(),
        count => format!("{count} blocks later"),
    };
    for (order, provider, price) in &leased.leases {
        print::line(format!(
            "{} signed {} an hour; {blocks} lease {order} began with deployment {}",
            fixture.name_of(provider),
            amount(price.u128(), &denom),
            leased.deployment
        ));
    }
}
