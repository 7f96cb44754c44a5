//! The same file in a binding auction: the lowest bid wins, and nobody accepts it by hand.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use souk_api::orderbook::{ExecuteMsg, LeaseResponse, OrderState};
use souk_client::{
    deploy::{self, Bids, Offers},
    gateway,
    sdl::Compiled,
    show::{self, amount},
};
use souk_core::{AuctionPolicy, OrderId};

use super::{Fixture, TIMEOUT, account::show_account, cost::Cost, deployment::plan, print};

/// How long bids are collected before the close.
const BIDDING: Duration = Duration::from_secs(2);
/// How often the height is asked for while the blocks of an auction pass.
const POLL: Duration = Duration::from_millis(200);

/// Runs it; leaves the deployment running if `keep` says so.
pub async fn run(fixture: &Fixture, compiled: Compiled, keep: bool) -> Result<Cost> {
    print::section("The same file in a binding auction");
    let (market, wallet) = (&fixture.market, &fixture.tenant);
    let closes_after = market.orderbook.config().await?.params.min_auction;
    let (before, _) = market.now().await?;
    let plan = plan(fixture, compiled, AuctionPolicy::LowestPrice { closes_after }).await?;
    let created = deploy::create(market, wallet, &fixture.home, &plan).await?;
    print::line(format!(
        "deployment {}: the lowest bid wins, the auction closes after {closes_after} s",
        created.deployment
    ));
    let mut leases = Vec::new();
    for order in &created.orders {
        leases.push(close_auction(fixture, *order, closes_after).await?);
    }
    let cost = Cost::until_leases(fixture, created.deployment, leases.len(), before).await?;
    for lease in &leases {
        deploy::launch(market, wallet, lease.order, &plan.upload).await?;
        let client = gateway::client_for(market, wallet, &lease.provider).await?;
        deploy::wait_until_ready(&client, lease.order, TIMEOUT, |_| ()).await?;
        print::line(format!(
            "lease {} is ready at {}",
            lease.order,
            fixture.name_of(&lease.provider)
        ));
    }
    fixture.pass(fixture.periods.step / 3).await?;
    let lease = leases.first().context("there is no lease")?;
    show_account(fixture, lease.account).await?;
    if keep {
        return Ok(cost);
    }
    let messages = deploy::closing(market, wallet, created.deployment).await?;
    wallet.send("closing the deployment", messages).await?;
    print::line("closed; everyone is paid");
    Ok(cost)
}

/// Waits for bids, lets the auction's time pass, and lets somebody else close it.
async fn close_auction(
    fixture: &Fixture,
    order: OrderId,
    closes_after: u64,
) -> Result<LeaseResponse> {
    let market = &fixture.market;
    let enough = |table: &Offers, waited: Duration| !table.offers.is_empty() && waited > BIDDING;
    let seen = |table: &Offers| print::line(show::offers(table));
    let table = deploy::watch(&Bids(market), order, TIMEOUT, enough, seen).await?;
    // Late bids extend the auction by a minute each, ten times at most.
    let mut current = market.orderbook.order(order).await?;
    let (_, now) = market.now().await?;
    let left = current.closes_at.unwrap_or(now + closes_after).saturating_sub(now);
    fixture.pass(left + 1).await?;
    // Nor is it over before its blocks have passed.
    let block = current.closes_at_block.unwrap_or(0);
    while market.now().await?.0 < block {
        tokio::time::sleep(POLL).await;
    }
    if market.orderbook.order(order).await?.state == OrderState::Open {
        let message = ExecuteMsg::CloseAuction { order, limit: 10 };
        let message = fixture.friend.execute(&market.contracts.orderbook, &message, &[])?;
        let closed = fixture.friend.send("closing the auction", vec![message]).await;
        // The winner's agent may have been faster.
        if market.orderbook.order(order).await?.state == OrderState::Open {
            closed?;
        }
    }
    current = market.orderbook.order(order).await?;
    ensure!(current.state == OrderState::Active, "order {order} is {}", current.state);
    let lease = market.orderbook.lease(order).await?;
    let lowest = table.offers.first().context("there is no bid")?;
    print::line(format!(
        "the auction closed: {} won at {} an hour",
        fixture.name_of(&lease.provider),
        amount(lease.price.u128(), &lease.denom)
    ));
    ensure!(lease.price <= lowest.price, "a bid of {} lost to {}", lowest.price, lease.price);
    Ok(lease)
}
