//! The same file by a binding auction: nobody accepts by hand, the lowest bid wins.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use souk_api::orderbook::{ExecuteMsg, LeaseResponse, OrderState};
use souk_core::{AuctionPolicy, OrderId};

use super::{
    Stage,
    lifecycle::{plan, show_account},
    tell,
};
use crate::{
    gateway,
    output::money::amount,
    sdl::Compiled,
    tenant::{self, Bids, Offers},
};

const PATIENCE: Duration = Duration::from_secs(60);
/// Bids are awaited for so long before the close.
const BIDDING: Duration = Duration::from_secs(2);

/// Tells it.
pub async fn tell(stage: &Stage, compiled: Compiled, keep: bool) -> Result<()> {
    tell::chapter("The same by a binding auction");
    let (market, wallet) = (&stage.market, &stage.tenant);
    let closes_after = market.orderbook.config().await?.params.min_auction;
    let plan = plan(stage, compiled, AuctionPolicy::LowestPrice { closes_after }).await?;
    let created = tenant::create(market, wallet, &stage.home, &plan).await?;
    tell::line(format!(
        "deployment {}: the lowest bid wins, the auction closes after {closes_after} s",
        created.deployment
    ));
    let mut leases = Vec::new();
    for order in &created.orders {
        leases.push(close_auction(stage, *order, closes_after).await?);
    }
    for lease in &leases {
        tenant::launch(market, wallet, lease.order, &plan.upload).await?;
        let client = gateway::client_for(market, wallet, &lease.provider).await?;
        tenant::wait_until_ready(&client, lease.order, PATIENCE, |_| ()).await?;
        tell::line(format!("lease {} is ready at {}", lease.order, stage.name_of(&lease.provider)));
    }
    stage.pass(stage.pace.step / 3).await?;
    let lease = leases.first().context("there is no lease")?;
    show_account(stage, lease.account).await?;
    if keep {
        return Ok(());
    }
    let messages = tenant::closing(market, wallet, created.deployment).await?;
    wallet.send("closing the deployment", messages).await?;
    tell::line("closed, everyone paid out");
    Ok(())
}

/// Waits for bids, lets the close come, and lets a bystander close the auction.
async fn close_auction(stage: &Stage, order: OrderId, closes_after: u64) -> Result<LeaseResponse> {
    let market = &stage.market;
    let enough = |table: &Offers, waited: Duration| !table.offers.is_empty() && waited > BIDDING;
    let seen = |table: &Offers| tell::line(souk_client::show::offers(table));
    let table = tenant::watch(&Bids(market), order, PATIENCE, enough, seen).await?;
    // Late bids extend the close by a minute each, ten at most.
    let mut asked = market.orderbook.order(order).await?;
    let (_, now) = market.now().await?;
    let left = asked.closes_at.unwrap_or(now + closes_after).saturating_sub(now);
    stage.pass(left + 1).await?;
    if market.orderbook.order(order).await?.state == OrderState::Open {
        let message = ExecuteMsg::CloseAuction { order, limit: 10 };
        let message = stage.friend.execute(&market.contracts.orderbook, &message, &[])?;
        let closed = stage.friend.send("closing the auction", vec![message]).await;
        // The winner's agent may have been faster.
        if market.orderbook.order(order).await?.state == OrderState::Open {
            closed?;
        }
    }
    asked = market.orderbook.order(order).await?;
    ensure!(asked.state == OrderState::Active, "order {order} is {}", asked.state);
    let lease = market.orderbook.lease(order).await?;
    let lowest = table.offers.first().context("there is no bid")?;
    tell::line(format!(
        "the auction closed by itself: {} won at {} an hour",
        stage.name_of(&lease.provider),
        amount(lease.price.u128(), &lease.denom)
    ));
    ensure!(lease.price <= lowest.price, "a bid of {} lost to {}", lowest.price, lease.price);
    Ok(lease)
}
