//! From an order's event to a bid, or to a reason why there is none.

use souk_core::{Attribute, AuctionPolicy, OrderId, Price, SignedBy};
use souk_provider::{
    market::Market,
    model::BidProgress,
    store::{Verdict, bids},
};

use crate::support::{Fixture, InProcess, agent::configure, app, fixture::address, gpu_app, until};

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_fits_gets_one_bid_at_the_tables_price() {
    let fixture = Fixture::new().await;
    let agent = InProcess::start(&configure(&fixture, "agent", "")).await;
    let order = fixture.order("ann", app("web")).await;
    let bid = until("a bid", || fixture.own_bid(order)).await;
    // A core, half a GiB of memory, a GiB of disk.
    assert_eq!(bid.price, Price::new(10_000 + 1_000 + 100).unwrap());
    let decision = agent.decision(order, "1 replicas fit").await;
    assert_eq!((decision.verdict, decision.price), (Verdict::Bid, Some(bid.price)));
    until("the follower sees it", async || {
        let bid = agent.store.read(move |sql| bids::get(sql, order)).await.unwrap()?;
        (bid.progress == BidProgress::Open).then_some(())
    })
    .await;
    assert_eq!(fixture.proxy.count("place_bid", order), 1);
    agent.stop().await;
}

/// The agent recognizes the orderbook's own refusals.
#[tokio::test(flavor = "multi_thread")]
async fn the_orderbook_says_that_an_order_has_no_bid_of_ours_or_is_gone() {
    let fixture = Fixture::new().await;
    let order = fixture.order("ann", app("web")).await;
    let market = Market::new(fixture.queries(), fixture.contracts.clone(), address("provider"));
    assert_eq!(market.own_bid(order).await.unwrap(), None);
    assert_eq!(market.own_bid(OrderId(order.0 + 9)).await.unwrap(), None);
    let nobody = Market::new(fixture.queries(), fixture.contracts.clone(), "nobody");
    assert!(nobody.own_bid(order).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gpu_is_offered_by_its_model() {
    let fixture = Fixture::new().await;
    let agent = InProcess::start(&configure(&fixture, "agent", "")).await;
    let order = fixture.order("ann", gpu_app("train", "*", 1)).await;
    let bid = until("a bid", || fixture.own_bid(order)).await;
    let offered = "vendor/nvidia/model/h100/ram/80Gi/interface/sxm";
    assert_eq!(bid.offer, [Attribute::new("gpu/1", offered)]);
    assert_eq!(bid.price, Price::new(200_000 + 11_100).unwrap());
    let reserved = agent.store.reservation(order).await.unwrap().unwrap();
    assert_eq!(reserved.placements[0].gpu.as_ref().unwrap().model, "h100");
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_without_bid_has_its_full_reason_and_one_for_the_tenant() {
    let fixture = Fixture::new().await;
    let agent = InProcess::start(&configure(&fixture, "agent", "")).await;
    let mut far = app("far");
    far.requirements.attributes = vec![Attribute::new("region", "us-east")];
    let mut audited = app("audited");
    audited.requirements.signed_by = SignedBy { all_of: vec![address("auditor")], any_of: vec![] };
    audited.requirements.attributes = vec![Attribute::new("region", "eu-west")];
    let mut cheap = app("cheap");
    cheap.ceiling = Price::new(5).unwrap();
    let mut large = app("large");
    large.units[0].resources.cpu_milli = 64_000;
    let mut many = gpu_app("many", "h100", 2);
    many.units[0].count = 2;
    for (group, reason, tenant_reason) in [
        (far, "region=us-east", "required attributes are missing"),
        (audited, "attests nothing", "required attestations are missing"),
        (cheap, "ceiling is 5", "price does not meet"),
        (large, "no node has room", "no room at present"),
        (many, "no node has room", "no room at present"),
        (gpu_app("a100", "a100", 1), "a100", "does not offer such resources"),
    ] {
        let order = fixture.order("ann", group).await;
        let decision = agent.decision(order, reason).await;
        assert_eq!(
            (decision.verdict, decision.tenant_reason.as_str()),
            (Verdict::Pass, tenant_reason)
        );
        assert_eq!(fixture.proxy.count("place_bid", order), 0);
    }
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attestation_that_comes_later_leads_to_a_bid() {
    let fixture = Fixture::new().await;
    let agent = InProcess::start(&configure(&fixture, "agent", "")).await;
    let mut group = app("audited");
    let wanted = Attribute::new("tier", "gold");
    group.requirements.attributes = vec![wanted.clone()];
    group.requirements.signed_by = SignedBy { all_of: vec![], any_of: vec![address("auditor")] };
    let order = fixture.order("ann", group).await;
    agent.decision(order, "none of the auditors").await;
    fixture.attest(vec![wanted], 3_600).await;
    until("a bid", || fixture.own_bid(order)).await;
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn capacity_that_is_freed_goes_to_the_order_that_waited() {
    let fixture = Fixture::new().await;
    let agent = InProcess::start(&configure(&fixture, "agent", "")).await;
    let first = fixture.order("ann", gpu_app("first", "h100", 2)).await;
    until("a bid on the first", || fixture.own_bid(first)).await;
    let second = fixture.order("ann", gpu_app("second", "h100", 1)).await;
    agent.decision(second, "no node has room").await;
    // The first order goes to another provider.
    fixture
        .register(
            "rival",
            "rival-operator",
            10,
            vec![Attribute::new("capabilities/gpu/vendor/nvidia/model/h100", "true")],
        )
        .await;
    fixture.rival_bids(first, 100_000).await;
    fixture.accept("ann", first, "rival").await;
    until("a bid on the second", || fixture.own_bid(second)).await;
    assert_eq!(fixture.proxy.count("place_bid", first), 1);
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bids_for_one_tenant_are_capped_and_another_tenant_still_gets_one() {
    let fixture = Fixture::new().await;
    let config = configure(&fixture, "agent", "max_open_bids_per_tenant = 2");
    let agent = InProcess::start(&config).await;
    for _ in 0..2 {
        let order = fixture.order("ann", app("web")).await;
        until("a bid", || fixture.own_bid(order)).await;
    }
    let third = fixture.order("ann", app("web")).await;
    agent.decision(third, "at most 2 may be").await;
    let of_bob = fixture.order("bob", app("web")).await;
    until("a bid for bob", || fixture.own_bid(of_bob)).await;
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_binding_auction_it_stays_away_if_it_cannot_win_and_undercuts_if_it_can() {
    let fixture = Fixture::new().await;
    let config = configure(&fixture, "agent", "auction_floor_percent = 50");
    fixture.register("rival", "rival-operator", 10, vec![]).await;
    let auction = AuctionPolicy::LowestPrice { closes_after: 3_000 };
    let [hopeless, contested] = {
        let (_, first) = fixture.deploy("ann", vec![app("hopeless")], auction).await;
        let (_, second) = fixture.deploy("ann", vec![app("contested")], auction).await;
        [first[0], second[0]]
    };
    // The table says 11100; half of it is the floor.
    fixture.rival_bids(hopeless, 5_000).await;
    fixture.rival_bids(contested, 9_000).await;
    let agent = InProcess::start(&config).await;
    let bid = until("a bid", || fixture.own_bid(contested)).await;
    assert_eq!(bid.price, Price::new(8_999).unwrap());
    agent.decision(hopeless, "lowest worth bidding 5550").await;
    let lower = souk_api::orderbook::ExecuteMsg::LowerBid {
        order: contested,
        provider: address("rival"),
        price: Price::new(8_000).unwrap(),
    };
    fixture.orderbook("rival-operator", &lower).await;
    until("a lower bid", async || {
        let bid = fixture.own_bid(contested).await?;
        (bid.price < Price::new(8_000).unwrap()).then_some(())
    })
    .await;
    assert_eq!(fixture.proxy.count("place_bid", contested), 1);
    assert_eq!(fixture.proxy.count("place_bid", hopeless), 0);
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn slots_of_lost_bids_are_released_and_used_again() {
    let fixture = Fixture::with(crate::support::Options {
        slots: 10,
        block: std::time::Duration::from_millis(50),
        ..Default::default()
    })
    .await;
    let config = configure(&fixture, "agent", "max_slots_percent_per_tenant = 100");
    let agent = InProcess::start(&config).await;
    let mut lost = Vec::new();
    for _ in 0..10 {
        let (deployment, orders) =
            fixture.deploy("ann", vec![app("web")], AuctionPolicy::TenantChoice {}).await;
        until("a bid", || fixture.own_bid(orders[0])).await;
        lost.push(deployment);
    }
    let next = fixture.order("bob", app("web")).await;
    agent.decision(next, "the bond backs 10").await;
    for deployment in lost {
        let close = souk_api::orderbook::ExecuteMsg::CloseDeployment { deployment };
        fixture.orderbook("ann", &close).await;
    }
    until("a bid with a freed slot", || fixture.own_bid(next)).await;
    agent.stop().await;
}
