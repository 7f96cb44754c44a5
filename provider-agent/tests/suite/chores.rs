//! What leases and auctions need on the chain, done by the agent alone.

use std::time::Duration;

use souk_api::{
    escrow,
    orderbook::{ExecuteMsg, LeaseState},
};
use souk_core::{AuctionPolicy, CloseReason, OrderId};
use souk_provider::store::{ManifestRow, manifests};

use crate::support::{InProcess, Options, World, agent::configure, app, until, world::address};

async fn world() -> World {
    World::with(Options { block: Duration::from_millis(100), ..Options::default() }).await
}

async fn leased(world: &World, agent: &InProcess) -> OrderId {
    let order = world.order("ann", app("web")).await;
    until("a bid", || world.own_bid(order)).await;
    world.accept("ann", order, "provider").await;
    until("the lease", async || agent.store.lease(order).await.unwrap()).await;
    order
}

async fn ended(agent: &InProcess, order: OrderId) -> (LeaseState, Option<CloseReason>) {
    until("the lease's end", async || {
        let lease = agent.store.lease(order).await.unwrap()?;
        (lease.state != LeaseState::Active).then_some((lease.state, lease.reason))
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_whose_manifest_does_not_come_is_closed_after_the_timeout_in_block_time() {
    let world = world().await;
    let config = configure(&world, "agent", "manifest_timeout = \"10m\"");
    let agent = InProcess::start(&config).await;
    let order = leased(&world, &agent).await;
    world.chain.advance(599).await.unwrap();
    world.chain.produce_blocks(3).await.unwrap();
    assert_eq!(world.proxy.count("close_lease", order), 0);
    world.chain.advance(60).await.unwrap();
    let end = ended(&agent, order).await;
    assert_eq!(end, (LeaseState::Closed, Some(CloseReason::ManifestTimeout)));
    assert_eq!(world.proxy.count("close_lease", order), 1);
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_has_its_time_for_the_manifest_after_an_outage_of_the_agent() {
    let world = world().await;
    let config = configure(&world, "agent", "manifest_timeout = \"10m\"");
    let agent = InProcess::start(&config).await;
    let order = leased(&world, &agent).await;
    agent.stop().await;
    world.chain.advance(3_600).await.unwrap();
    let head = world.chain.produce_blocks(1).await.unwrap();

    let agent = InProcess::start(&config).await;
    until("it is at the head", async || {
        (agent.store.height().await.unwrap()? > head + 20).then_some(())
    })
    .await;
    assert_eq!(world.proxy.count("close_lease", order), 0);
    world.chain.advance(660).await.unwrap();
    let end = ended(&agent, order).await;
    assert_eq!(end, (LeaseState::Closed, Some(CloseReason::ManifestTimeout)));
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn earnings_are_withdrawn_by_themselves_and_reach_the_payee() {
    let world = world().await;
    let more = "withdraw_every = \"1h\"\nmanifest_timeout = \"1day\"";
    let agent = InProcess::start(&configure(&world, "agent", more)).await;
    let payee = address("provider");
    let balance = async || world.queries().balance(&payee, "usouk").await.unwrap();
    leased(&world, &agent).await;
    let before = balance().await;
    world.chain.advance(3_700).await.unwrap();
    until("the payee is paid", async || (balance().await > before).then_some(())).await;
    // An hour at 11100 less two per cent, and not much more.
    let earned = balance().await - before;
    assert!((10_800..12_500).contains(&earned), "{earned}");
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_lease_earned_after_a_withdrawal_that_was_seen_late_is_withdrawn_too() {
    let block = Duration::from_secs(1);
    let world = World::with(Options { block, ..Options::default() }).await;
    let more = "withdraw_every = \"1h\"\nmanifest_timeout = \"1day\"";
    let config = configure(&world, "agent", more);
    let agent = InProcess::start(&config).await;
    let order = leased(&world, &agent).await;
    let account = agent.store.lease(order).await.unwrap().unwrap().account;
    world.chain.advance(3_700).await.unwrap();
    until("a withdrawal on its way", async || {
        let messages = world.proxy.messages();
        messages.iter().any(|message| message.get("withdraw").is_some()).then_some(())
    })
    .await;
    agent.stop().await;

    // It is executed, the lease earns more and ends, and all of that is seen at once.
    world.chain.produce_blocks(1).await.unwrap();
    world.chain.advance(1_000).await.unwrap();
    world.book("ann", &ExecuteMsg::CloseLease { order, reason: None }).await;
    world.chain.advance(10).await.unwrap();
    let agent = InProcess::start(&config).await;
    until("nothing is owed", async || {
        let msg = escrow::QueryMsg::Streams { account, start_after: None, limit: None };
        let escrow = &world.contracts.escrow;
        let answer: escrow::StreamsResponse = world.queries().smart(escrow, &msg).await.ok()?;
        answer.streams.is_empty().then_some(())
    })
    .await;
    until("the agent knows", async || {
        agent.store.lease(order).await.unwrap()?.is_paid().then_some(())
    })
    .await;
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_auction_that_it_leads_closes_by_itself() {
    let world = world().await;
    let agent = InProcess::start(&configure(&world, "agent", "")).await;
    let auction = AuctionPolicy::LowestPrice { closes_after: 60 };
    let (_, orders) = world.deploy("ann", vec![app("web")], auction).await;
    until("a bid", || world.own_bid(orders[0])).await;
    world.chain.advance(700).await.unwrap();
    until("the lease", async || agent.store.lease(orders[0]).await.unwrap()).await;
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_depleted_deployment_is_marked_and_ended() {
    let world = world().await;
    let agent = InProcess::start(&configure(&world, "agent", "manifest_timeout = \"1day\"")).await;
    let order = leased(&world, &agent).await;
    let lease = agent.store.lease(order).await.unwrap().unwrap();
    let depletion = lease.depletion().unwrap();
    let now = agent.store.block_time().await.unwrap().unwrap();
    // The manifest never came, and a lease that old would be closed for that.
    let row = ManifestRow {
        order,
        manifest: "[]".into(),
        salt: None,
        commitment: cosmwasm_std::HexBinary::from([7u8; 32]),
        accepted_at: now,
    };
    agent.store.write(move |tx| manifests::put(tx, &row)).await.unwrap();
    world.chain.advance(depletion - now + 10).await.unwrap();
    until("the mark", async || {
        let marks = agent.store.read(souk_provider::store::marks::all).await.unwrap();
        (!marks.is_empty()).then_some(())
    })
    .await;
    world.chain.advance(3_700).await.unwrap();
    let end = ended(&agent, order).await;
    assert_eq!(end, (LeaseState::InsufficientFunds, Some(CloseReason::InsufficientFunds)));
    agent.stop().await;
}
