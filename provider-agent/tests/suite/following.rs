//! Which events the follower accepts, and how it recovers.

use souk_api::orderbook::{self, LeaseState};
use souk_client::market::Escrow;
use souk_provider::{
    model::{BidProgress, Cursor},
    store::{Tx, bids, cursor, orders, unreadable},
};

use crate::support::{
    Fixture, InProcess,
    agent::configure,
    app,
    fixture::{CHAIN_ID, address},
    gpu_app, until,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_won_order_becomes_a_lease_whose_depletion_is_known_and_follows_deposits() {
    let fixture = Fixture::new().await;
    let agent = InProcess::start(&configure(&fixture, "agent", "")).await;
    let order = fixture.order("ann", app("web")).await;
    until("a bid", || fixture.own_bid(order)).await;
    fixture.accept("ann", order, "provider").await;
    let lease = until("the lease", async || {
        agent.store.lease(order).await.unwrap().filter(|lease| lease.depletion().is_some())
    })
    .await;
    assert_eq!(lease.state, LeaseState::Active);
    let escrow = Escrow::new(fixture.queries(), &fixture.contracts.escrow);
    let known = escrow.account(lease.account).await.unwrap();
    assert_eq!(lease.depletion(), known.depletion);
    let bid = agent.store.read(move |sql| bids::get(sql, order)).await.unwrap().unwrap();
    assert_eq!(bid.progress, BidProgress::Won);

    let deposit = souk_api::escrow::ExecuteMsg::Deposit { account: lease.account };
    fixture.execute("bob", &fixture.contracts.escrow, &deposit, 11_100).await;
    until("a later depletion", async || {
        let now = agent.store.lease(order).await.unwrap()?.depletion()?;
        (now == lease.depletion()? + 3_600).then_some(())
    })
    .await;

    let close = orderbook::ExecuteMsg::CloseLease { order, reason: None, exclude: false };
    fixture.orderbook("ann", &close).await;
    until("the lease's end", async || {
        let lease = agent.store.lease(order).await.unwrap()?;
        (lease.state != LeaseState::Active).then_some(())
    })
    .await;
    until("its reservation is freed", async || {
        agent.store.reservation(order).await.unwrap().is_none().then_some(())
    })
    .await;
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_market_that_is_older_than_the_agent_is_read_from_queries() {
    let fixture = Fixture::new().await;
    let before = fixture.order("ann", app("before")).await;
    let agent = InProcess::start(&configure(&fixture, "agent", "")).await;
    until("a bid on the older order", || fixture.own_bid(before)).await;
    fixture.accept("ann", before, "provider").await;
    until("the lease", async || agent.store.lease(before).await.unwrap()).await;
    agent.stop().await;

    // A store that is lost is rebuilt, and no second bid is sent.
    let open = fixture.order("ann", app("open")).await;
    let again = InProcess::start(&configure(&fixture, "another", "")).await;
    until("a bid on the newer order", || fixture.own_bid(open)).await;
    let lease = until("the lease again", async || {
        again.store.lease(before).await.unwrap().filter(|lease| lease.clock.is_some())
    })
    .await;
    assert!(lease.depletion().is_some());
    assert_eq!(fixture.proxy.count("place_bid", before), 1);
    assert_eq!(fixture.proxy.count("place_bid", open), 1);
    again.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn blocks_that_were_pruned_are_made_up_by_queries() {
    let fixture = Fixture::new().await;
    let config = configure(&fixture, "agent", "");
    let agent = InProcess::start(&config).await;
    let first = fixture.order("ann", app("first")).await;
    until("a bid", || fixture.own_bid(first)).await;
    agent.stop().await;

    fixture.accept("ann", first, "provider").await;
    let second = fixture.order("ann", app("second")).await;
    let height = fixture.chain.produce_blocks(3).await.unwrap();
    fixture.chain.prune_below(height).await.unwrap();

    let agent = InProcess::start(&config).await;
    until("a bid on the order of a pruned block", || fixture.own_bid(second)).await;
    until("the lease of a pruned block", async || agent.store.lease(first).await.unwrap()).await;
    assert_eq!(fixture.proxy.count("place_bid", first), 1);
    assert_eq!(fixture.proxy.count("place_bid", second), 1);
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_older_program_could_not_read_is_made_up_at_the_next_start() {
    let fixture = Fixture::new().await;
    let config = configure(&fixture, "agent", "");
    let agent = InProcess::start(&config).await;
    until("a block", async || agent.store.height().await.unwrap()).await;
    let store = agent.store.clone();
    agent.stop().await;

    let order = fixture.order("ann", app("web")).await;
    let height = fixture.chain.produce_blocks(1).await.unwrap();
    let passed_over = move |tx: &Tx<'_>| {
        unreadable::mark(tx, height)?;
        cursor::set(tx, Cursor { height, time: 0 })
    };
    store.write(passed_over).await.unwrap();
    drop(store);
    let agent = InProcess::start(&config).await;
    until("a bid", || fixture.own_bid(order)).await;
    assert_eq!(agent.store.read(unreadable::get).await.unwrap(), None);
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_market_with_orders_and_leases_for_us_is_ignored() {
    let fixture = Fixture::new().await;
    let agent = InProcess::start(&configure(&fixture, "agent", "")).await;
    // The very same code at other addresses emits the very same events, of a lease of ours too.
    let forged = fixture.another_market().await;
    let on_forged = fixture.lease_at(&forged, "bob", app("forged")).await;
    let real = fixture.order("ann", app("real")).await;
    until("a bid on the real order", || fixture.own_bid(real)).await;
    let known = agent.store.read(orders::open).await.unwrap();
    assert_eq!(known.iter().map(|order| order.id).collect::<Vec<_>>(), [real]);
    assert_eq!(known[0].tenant, address("ann"), "not bob's order {on_forged}");
    assert_eq!(agent.store.active_leases().await.unwrap(), []);
    let own_messages = fixture.proxy.messages();
    let of_bids = own_messages.iter().filter(|message| message.get("place_bid").is_some());
    assert_eq!(of_bids.count(), 1);
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_of_another_market_is_refused_at_the_start() {
    let mut fixture = Fixture::new().await;
    let path = configure(&fixture, "agent", "");
    let agent = InProcess::start(&path).await;
    until("a block", async || agent.store.height().await.unwrap()).await;
    agent.stop().await;

    fixture.contracts = fixture.another_market().await;
    let path = configure(&fixture, "agent", "");
    let config = souk_provider::config::Config::load(&path).unwrap();
    let error = souk_provider::runtime::app::Agent::new(config).await.err().unwrap().to_string();
    assert!(error.contains("the store is of orderbook"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_markets_of_one_provider_share_a_cluster_and_leave_each_others_leases_alone() {
    let mut fixture = crate::manifests::fixture().await;
    let config = configure(&fixture, "agent", "");
    let cluster = crate::manifests::Cluster::of(&config).await;
    let agent = InProcess::start(&config).await;
    let leased = crate::manifests::lease(&fixture, &agent, "ann", crate::manifests::SITE).await;
    crate::manifests::accepted(&agent.store, &leased).await;
    cluster.has_replicas("it runs", leased.order, 1).await;

    // the other market has no such lease, and its first order has the same number.
    fixture.contracts = fixture.another_market().await;
    let claims = crate::support::Options::default().claims;
    fixture.register("provider", "operator", 50, claims).await;
    let other = InProcess::start(&configure(&fixture, "other", "")).await;
    let order = fixture.order("ann", app("web")).await;
    assert_eq!(order, leased.order);
    until("a bid in the other market", || fixture.own_bid(order)).await;
    let height = other.store.height().await.unwrap().unwrap();
    until("blocks go by", async || {
        (other.store.height().await.unwrap()? > height + 20).then_some(())
    })
    .await;
    cluster.has_replicas("it still runs", leased.order, 1).await;
    other.stop().await;
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_that_costs_a_node_too_much_does_not_keep_a_store_from_being_made() {
    let fixture = Fixture::new().await;
    let agent = InProcess::start(&configure(&fixture, "agent", "")).await;
    let leased = fixture.order("ann", app("leased")).await;
    until("a bid", || fixture.own_bid(leased)).await;
    fixture.accept("ann", leased, "provider").await;
    let lease = until("the lease", async || agent.store.lease(leased).await.unwrap()).await;
    agent.stop().await;

    fixture.proxy.refuse(Some("{\"deployment\":{\"deployment\":"));
    let open = fixture.order("bob", app("open")).await;
    let again = InProcess::start(&configure(&fixture, "another", "")).await;
    until("a bid on the open order", || fixture.own_bid(open)).await;
    until("the lease again", async || again.store.lease(leased).await.unwrap()).await;
    let deployment = lease.group.deployment;
    assert_eq!(again.store.deployment(deployment).await.unwrap(), None);
    fixture.proxy.refuse(None);
    until("the deployment later", async || again.store.deployment(deployment).await.unwrap()).await;
    again.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_lost_store_had_promised_is_reserved_again() {
    let fixture = Fixture::new().await;
    let agent = InProcess::start(&configure(&fixture, "agent", "")).await;
    let leased = fixture.order("ann", gpu_app("leased", "h100", 1)).await;
    until("a bid", || fixture.own_bid(leased)).await;
    fixture.accept("ann", leased, "provider").await;
    let bid_on = fixture.order("ann", gpu_app("bid", "h100", 1)).await;
    until("a bid", || fixture.own_bid(bid_on)).await;
    agent.stop().await;

    let again = InProcess::start(&configure(&fixture, "another", "")).await;
    for order in [leased, bid_on] {
        let row = until("the reservation", async || again.store.reservation(order).await.unwrap());
        assert_eq!(row.await.placements[0].requests.gpu, 1);
    }
    let third = fixture.order("bob", gpu_app("third", "h100", 1)).await;
    again.decision(third, "no node has room").await;
    again.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_rpc_of_another_chain_is_refused_at_the_start() {
    let fixture = Fixture::new().await;
    let path = configure(&fixture, "agent", "");
    let text = std::fs::read_to_string(&path).unwrap().replace(CHAIN_ID, "souk-other");
    std::fs::write(&path, text).unwrap();
    let config = souk_provider::config::Config::load(&path).unwrap();
    let error = souk_provider::runtime::app::Agent::new(config).await.err().unwrap().to_string();
    assert!(error.contains("souk-other") && error.contains(CHAIN_ID), "{error}");
}
