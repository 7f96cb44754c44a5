//! Bids that wait: for how long, how many for one tenant, and on whose money.

use souk_api::escrow;
use souk_core::{AccountId, AuctionPolicy, Price};
use souk_provider::store::bids;

use crate::support::{Fixture, InProcess, Options, agent::configure, app, until};

#[tokio::test(flavor = "multi_thread")]
async fn a_bid_that_is_not_accepted_in_time_is_taken_back_and_not_placed_again() {
    let fixture = Fixture::with(Options::with_long_blocks()).await;
    // Less than what the agent takes for a halt, also where it sees both steps of time as one.
    let config = configure(&fixture, "agent", "take_bids_back_after = \"5m\"");
    let agent = InProcess::start(&config).await;
    let order = fixture.order("ann", app("web")).await;
    let auction = AuctionPolicy::LowestPrice { closes_after: 3_000 };
    let binding = fixture.deploy("ann", vec![app("binding")], auction).await.1[0];
    for order in [order, binding] {
        until("a bid", || fixture.own_bid(order)).await;
    }
    agent.settled().await;
    fixture.chain.advance(250).await.unwrap();
    agent.settled().await;
    assert!(fixture.own_bid(order).await.is_some(), "its tenant has five minutes");

    fixture.chain.advance(100).await.unwrap();
    until("no bid", async || fixture.own_bid(order).await.is_none().then_some(())).await;
    until("its capacity is free", async || {
        agent.store.reservation(order).await.unwrap().is_none().then_some(())
    })
    .await;
    let decision = agent.decision(order, "not accepted in time").await;
    assert_eq!(decision.tenant_reason, "took its bid back, which was not accepted in time");
    agent.settled().await;
    assert_eq!(fixture.proxy.count("withdraw_bid", order), 1);
    assert_eq!(fixture.proxy.count("place_bid", order), 1);
    assert!(fixture.own_bid(binding).await.is_some(), "an auction binds");
    assert_eq!(fixture.proxy.count("withdraw_bid", binding), 0);
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn open_bids_for_one_tenant_stay_below_a_share_of_the_slots() {
    let fixture = Fixture::with(Options { slots: 10, ..Options::default() }).await;
    let config = configure(&fixture, "agent", "max_slots_percent_per_tenant = 20");
    let agent = InProcess::start(&config).await;
    for name in ["first", "second"] {
        let order = fixture.order("ann", app(name)).await;
        until("a bid", || fixture.own_bid(order)).await;
    }
    let third = fixture.order("ann", app("third")).await;
    agent.decision(third, "at most 2 may be").await;
    let of_bob = fixture.order("bob", app("web")).await;
    until("a bid for bob", || fixture.own_bid(of_bob)).await;
    assert!(fixture.own_bid(third).await.is_none());
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_whose_account_lost_its_cover_gets_a_bid_once_it_is_topped_up() {
    let fixture = Fixture::with(Options::with_long_blocks()).await;
    fixture.register("rival", "rival-operator", 10, vec![]).await;
    // Together they take all but a tenth of a coin of the 50 for an hour.
    let mut second = app("second");
    second.ceiling = Price::new(48_900_000).unwrap();
    let auction = AuctionPolicy::TenantChoice {};
    let (deployment, orders) = fixture.deploy("ann", vec![app("first"), second], auction).await;
    fixture.rival_bids(orders[0], 1_000_000).await;
    fixture.accept("ann", orders[0], "rival").await;
    fixture.chain.advance(600).await.unwrap();
    // The agent is not so quick that it takes the account for covered.
    fixture.chain.produce_blocks(12).await.unwrap();

    let agent = InProcess::start(&configure(&fixture, "agent", "")).await;
    let decision = agent.decision(orders[1], "takes no bids while its account has").await;
    assert_eq!(decision.tenant_reason, "the chain refused the bid");
    assert_eq!(fixture.proxy.count("place_bid", orders[1]), 0, "nothing was sent in vain");
    let deposit = escrow::ExecuteMsg::Deposit { account: AccountId(deployment.0) };
    fixture.execute("bob", &fixture.contracts.escrow, &deposit, 50_000_000).await;
    // All open orders are judged again each minute.
    let within = std::time::Duration::from_secs(100);
    let bid = tokio::time::timeout(within, until_bid(&fixture, orders[1])).await;
    assert!(bid.is_ok(), "a bid after the deposit");
    agent.stop().await;
}

async fn until_bid(fixture: &Fixture, order: souk_core::OrderId) {
    while fixture.own_bid(order).await.is_none() {
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_with_a_new_store_knows_since_when_its_bids_wait() {
    let fixture = Fixture::with(Options::with_long_blocks()).await;
    let config = configure(&fixture, "agent", "take_bids_back_after = \"10m\"");
    let agent = InProcess::start(&config).await;
    let order = fixture.order("ann", app("web")).await;
    until("a bid", || fixture.own_bid(order)).await;
    agent.settled().await;
    agent.stop().await;
    for file in ["agent.db", "agent.db-wal", "agent.db-shm", "quote.key"] {
        // SQLite removes two of them when it closes the file.
        let _ = std::fs::remove_file(config.with_file_name(file));
    }
    fixture.chain.advance(500).await.unwrap();
    fixture.chain.produce_blocks(1).await.unwrap();

    let agent = InProcess::start(&config).await;
    until("the bid is known", async || {
        agent.store.read(move |sql| bids::get(sql, order)).await.unwrap()
    })
    .await;
    agent.settled().await;
    assert!(fixture.own_bid(order).await.is_some(), "its tenant has ten minutes");
    fixture.chain.advance(150).await.unwrap();
    until("no bid", async || fixture.own_bid(order).await.is_none().then_some(())).await;
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_in_which_nobody_can_accept_takes_no_bid_back() {
    let fixture = Fixture::with(Options::with_long_blocks()).await;
    let config = configure(&fixture, "agent", "take_bids_back_after = \"10m\"");
    let agent = InProcess::start(&config).await;
    let order = fixture.order("ann", app("web")).await;
    until("a bid", || fixture.own_bid(order)).await;
    let escrow = fixture.contracts.escrow.clone();
    fixture.execute("owner", &escrow, &escrow::ExecuteMsg::Pause {}, 0).await;
    for _ in 0..4 {
        fixture.chain.advance(300).await.unwrap();
        agent.settled().await;
    }
    fixture.execute("owner", &escrow, &escrow::ExecuteMsg::Unpause {}, 0).await;
    fixture.chain.advance(300).await.unwrap();
    agent.settled().await;
    assert!(fixture.own_bid(order).await.is_some(), "its tenant has ten minutes after the pause");
    // In small steps: a chain that is seen to jump by ten minutes has halted.
    until("no bid", async || {
        fixture.chain.advance(100).await.unwrap();
        agent.settled().await;
        fixture.own_bid(order).await.is_none().then_some(())
    })
    .await;
    agent.stop().await;
}
