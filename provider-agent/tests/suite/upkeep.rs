//! Upkeep of leases and auctions by the agent.

use std::time::Duration;

use souk_api::{
    defaults::END_BLOCKS,
    orderbook::{ExecuteMsg, LeaseState},
};
use souk_client::market::Escrow;
use souk_core::{Attribute, AuctionPolicy, CloseReason, OrderId, Price, time::DAY};
use souk_provider::store::{ManifestRow, manifests};

use crate::support::{Fixture, InProcess, Options, agent::configure, app, fixture::address, until};

async fn fixture() -> Fixture {
    Fixture::with(Options::with_long_blocks()).await
}

async fn leased(fixture: &Fixture, agent: &InProcess) -> OrderId {
    let order = fixture.order("ann", app("web")).await;
    until("a bid", || fixture.own_bid(order)).await;
    fixture.accept("ann", order, "provider").await;
    until("the lease", async || agent.store.lease(order).await.unwrap()).await;
    agent.takes_manifests().await;
    order
}

/// Lets `seconds` of block time pass, and again if the lease does not end by it: an attempt to try a manifest counts
/// from the block at which upkeep has seen it, and a busy machine sees the first one after the jump.
async fn ended_after(
    fixture: &Fixture,
    agent: &InProcess,
    order: OrderId,
    seconds: u64,
) -> (LeaseState, Option<CloseReason>) {
    for _ in 0..2 {
        fixture.chain.advance(seconds).await.unwrap();
        // Attempts are 15 s apart.
        let soon = tokio::time::timeout(Duration::from_secs(40), ended(agent, order)).await;
        if let Ok(end) = soon {
            return end;
        }
    }
    fixture.chain.advance(seconds).await.unwrap();
    ended(agent, order).await
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
    let fixture = fixture().await;
    let config = configure(&fixture, "agent", "manifest_timeout = \"10m\"");
    let agent = InProcess::start(&config).await;
    let order = leased(&fixture, &agent).await;
    fixture.chain.advance(550).await.unwrap();
    agent.settled().await;
    assert_eq!(fixture.proxy.count("close_lease", order), 0);
    let end = ended_after(&fixture, &agent, order, 620).await;
    assert_eq!(end, (LeaseState::Closed, Some(CloseReason::ManifestTimeout)));
    assert_eq!(fixture.proxy.count("close_lease", order), 1);
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_has_its_time_for_the_manifest_after_an_outage_of_the_agent() {
    let fixture = fixture().await;
    let config = configure(&fixture, "agent", "manifest_timeout = \"10m\"");
    let agent = InProcess::start(&config).await;
    let order = leased(&fixture, &agent).await;
    agent.stop().await;
    fixture.chain.advance(1_800).await.unwrap();
    fixture.chain.produce_blocks(1).await.unwrap();

    let agent = InProcess::start(&config).await;
    agent.takes_another_manifest().await;
    assert_eq!(fixture.proxy.count("close_lease", order), 0);
    let end = ended_after(&fixture, &agent, order, 660).await;
    assert_eq!(end, (LeaseState::Closed, Some(CloseReason::ManifestTimeout)));
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_nobody_reaches_the_gateway_a_tenant_has_four_times_its_time() {
    let fixture = fixture().await;
    let config = configure(&fixture, "agent", "manifest_timeout = \"10m\"");
    let text = std::fs::read_to_string(&config).unwrap();
    // Nobody listens there.
    let text = text.replace("self_check = \"off\"", "self_check = \"127.0.0.1:1\"");
    std::fs::write(&config, text).unwrap();
    let agent = InProcess::start(&config).await;
    let order = leased(&fixture, &agent).await;
    for _ in 0..3 {
        fixture.chain.advance(700).await.unwrap();
        fixture.chain.produce_blocks(1).await.unwrap();
        agent.settled().await;
        assert_eq!(fixture.proxy.count("close_lease", order), 0);
    }
    fixture.chain.advance(700).await.unwrap();
    let end = ended(&agent, order).await;
    assert_eq!(end, (LeaseState::Closed, Some(CloseReason::ManifestTimeout)));
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_without_manifest_is_closed_in_the_chains_hour_however_long_the_configured_time_is()
{
    let fixture = fixture().await;
    let agent =
        InProcess::start(&configure(&fixture, "agent", "manifest_timeout = \"1day\"")).await;
    let order = leased(&fixture, &agent).await;
    agent.takes_another_manifest().await;
    fixture.chain.advance(3_200).await.unwrap();
    agent.takes_another_manifest().await;
    assert_eq!(fixture.proxy.count("close_lease", order), 0);
    fixture.chain.advance(450).await.unwrap();
    let end = ended(&agent, order).await;
    assert_eq!(end, (LeaseState::Closed, Some(CloseReason::ManifestTimeout)));
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn earnings_are_withdrawn_by_themselves_and_reach_the_payee() {
    let fixture = fixture().await;
    let more = "withdraw_every = \"50m\"\nmanifest_timeout = \"1day\"";
    let agent = InProcess::start(&configure(&fixture, "agent", more)).await;
    let payee = address("provider");
    let balance = async || fixture.queries().balance(&payee, "usouk").await.unwrap();
    leased(&fixture, &agent).await;
    let before = balance().await;
    // The pay of the last day is held back.
    fixture.chain.advance(DAY + 3_100).await.unwrap();
    until("the payee is paid", async || (balance().await > before).then_some(())).await;
    // Almost an hour at 11100 less two per cent, and not much more.
    let earned = balance().await - before;
    assert!((9_300..10_800).contains(&earned), "{earned}");
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_lease_earned_after_a_withdrawal_that_was_seen_late_is_withdrawn_too() {
    let block = Duration::from_secs(1);
    let fixture = Fixture::with(Options { block, ..Options::default() }).await;
    let more = "withdraw_every = \"50m\"\nmanifest_timeout = \"1day\"";
    let config = configure(&fixture, "agent", more);
    let agent = InProcess::start(&config).await;
    let order = leased(&fixture, &agent).await;
    let account = agent.store.lease(order).await.unwrap().unwrap().account;
    fixture.chain.advance(DAY + 3_100).await.unwrap();
    until("a withdrawal on its way", async || {
        let messages = fixture.proxy.messages();
        messages.iter().any(|message| message.get("withdraw").is_some()).then_some(())
    })
    .await;
    agent.stop().await;

    // It is executed, the lease earns more and ends, and all of that is seen at once.
    fixture.chain.produce_blocks(1).await.unwrap();
    fixture.chain.advance(1_000).await.unwrap();
    fixture.orderbook("ann", &ExecuteMsg::CloseLease { order, reason: None, exclude: false }).await;
    fixture.chain.advance(10).await.unwrap();
    let agent = InProcess::start(&config).await;
    until("nothing is owed", async || {
        let escrow = Escrow::new(fixture.queries(), &fixture.contracts.escrow);
        escrow.streams(account).await.ok()?.is_empty().then_some(())
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
    let fixture = fixture().await;
    let agent = InProcess::start(&configure(&fixture, "agent", "")).await;
    let auction = AuctionPolicy::LowestPrice { closes_after: 60 };
    let (_, orders) = fixture.deploy("ann", vec![app("web")], auction).await;
    until("a bid", || fixture.own_bid(orders[0])).await;
    fixture.chain.advance(700).await.unwrap();
    until("the lease", async || agent.store.lease(orders[0]).await.unwrap()).await;
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_depleted_deployment_is_marked_and_ended() {
    let fixture = fixture().await;
    let agent =
        InProcess::start(&configure(&fixture, "agent", "manifest_timeout = \"1day\"")).await;
    let order = leased(&fixture, &agent).await;
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
    fixture.chain.advance(depletion - now + 10).await.unwrap();
    until("the mark", async || {
        let marks = agent.store.read(souk_provider::store::marks::all).await.unwrap();
        (!marks.is_empty()).then_some(())
    })
    .await;
    // The grace needs blocks, too; an attempt before them costs the agent some time.
    fixture.chain.produce_blocks(END_BLOCKS).await.unwrap();
    fixture.chain.advance(3_700).await.unwrap();
    let end = ended(&agent, order).await;
    assert_eq!(end, (LeaseState::InsufficientFunds, Some(CloseReason::InsufficientFunds)));
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_auction_that_nobody_bid_on_is_closed_before_its_reserve_costs_another_its_winner() {
    let fixture = fixture().await;
    let far = Attribute::new("region", "far");
    fixture.register("rival", "rival-operator", 10, vec![far.clone()]).await;
    let group = |name: &str, millions: u128, region: Option<Attribute>| {
        let mut group = app(name);
        group.ceiling = Price::new(millions * 1_000_000).unwrap();
        group.requirements.attributes.extend(region);
        group
    };
    let nowhere = Attribute::new("region", "nowhere");
    let groups = vec![
        group("empty", 20, Some(nowhere)),
        group("other", 20, Some(far)),
        group("own", 9, None),
    ];
    let config = configure(&fixture, "agent", "");
    let agent = InProcess::start(&config).await;
    let auction = AuctionPolicy::LowestPrice { closes_after: 60 };
    let (_, orders) = fixture.deploy("ann", groups, auction).await;
    let [empty, other, own] = orders[..] else { panic!("{orders:?}") };
    until("a bid", || fixture.own_bid(own)).await;
    fixture.rival_bids(other, 20_000_000).await;
    agent.stop().await;

    // The other's lease spends so much that the account carries either the empty one's ceiling or the own price.
    fixture.chain.advance(700).await.unwrap();
    fixture.chain.produce_blocks(10).await.unwrap();
    fixture.orderbook("bob", &ExecuteMsg::CloseAuction { order: other, limit: 1 }).await;
    fixture.chain.advance(1_900).await.unwrap();
    let agent = InProcess::start(&config).await;
    until("the lease", async || agent.store.lease(own).await.unwrap()).await;
    assert_eq!(fixture.proxy.count("close_auction", empty), 1);
    agent.stop().await;
}
