//! What bidding and a new store ask the chain: no more than they must.

use std::time::Duration;

use souk_chain::SecretKey;
use souk_core::{Attribute, AuctionPolicy, GroupSpec, OrderId, SignedBy};
use souk_provider::{
    model::BidProgress,
    store::{bids, orders},
};

use crate::support::{Fixture, InProcess, Options, agent::configure, app, fixture::address, until};

/// An order's group that names eight auditors whom nobody ever heard of.
fn with_made_up_auditors(name: &str) -> GroupSpec {
    let made_up = || SecretKey::generate().address("souk").unwrap();
    let mut group = app(name);
    group.requirements.attributes = vec![Attribute::new("tier", "gold")];
    group.requirements.signed_by =
        SignedBy { all_of: vec![], any_of: std::iter::repeat_with(made_up).take(8).collect() };
    group
}

/// Orders of a tenant, as many as are asked for, 20 in each deployment.
async fn many(fixture: &Fixture, tenant: &str, number: usize) -> Vec<OrderId> {
    let mut all = Vec::new();
    while all.len() < number {
        let groups = (0..20).map(|group| app(&format!("g{group}"))).collect();
        let (_, orders) = fixture.deploy(tenant, groups, AuctionPolicy::TenantChoice {}).await;
        all.extend(orders);
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn made_up_auditors_cost_the_chain_no_question_each() {
    let fixture = Fixture::new().await;
    let agent = InProcess::start(&configure(&fixture, "agent", "")).await;
    let attestations = fixture.contracts.attestations.clone();
    let about_auditors = || {
        let all = fixture.proxy.queries().into_iter();
        all.filter(|query| query.contains(&attestations)).count()
    };
    let mut orders = Vec::new();
    for number in 0..30 {
        orders.push(fixture.order("ann", with_made_up_auditors(&format!("g{number}"))).await);
    }
    for order in orders {
        agent.decision(order, "none of the auditors").await;
    }
    // A page of those who attest something, and that there is no other page.
    assert!(about_auditors() <= 2, "{}", about_auditors());

    // An attestation that comes wakes them, and costs these questions once more; a bid follows for the one
    // that names its auditor.
    let mut real = with_made_up_auditors("real");
    real.requirements.signed_by.any_of[7] = address("auditor");
    let real = fixture.order("ann", real).await;
    agent.decision(real, "none of the auditors").await;
    assert!(about_auditors() <= 2, "{}", about_auditors());
    fixture.attest(vec![Attribute::new("tier", "gold")], 3_600).await;
    until("a bid", || fixture.own_bid(real)).await;
    assert!(about_auditors() <= 5, "{}", about_auditors());
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_is_refused_for_what_is_free_to_know_costs_no_question() {
    let fixture = Fixture::new().await;
    let agent = InProcess::start(&configure(&fixture, "agent", "")).await;
    let first = fixture.order("ann", app("first")).await;
    until("a bid", || fixture.own_bid(first)).await;
    let mut large = with_made_up_auditors("large");
    large.units[0].resources.cpu_milli = 64_000;
    let attestations = fixture.contracts.attestations.clone();
    let order = fixture.order("bob", large).await;
    agent.decision(order, "no node has room").await;
    let asked = fixture.proxy.queries();
    assert!(asked.iter().all(|query| !query.contains(&attestations)), "{asked:#?}");
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_open_orders_are_rebuilt_by_pages_with_the_bids_among_them() {
    const BIDS: usize = 12;
    let fixture =
        Fixture::with(Options { block: Duration::from_millis(50), ..Options::default() }).await;
    let more = format!("max_open_bids_per_tenant = {BIDS}");
    let agent = InProcess::start(&configure(&fixture, "agent", &more)).await;
    let orders = many(&fixture, "ann", 1_000).await;
    let bid_on = until("the bids", async || {
        let all = agent.store.read(bids::all).await.unwrap();
        let open = all.into_iter().filter(|bid| bid.progress == BidProgress::Open);
        let open: Vec<OrderId> = open.map(|bid| bid.order).collect();
        (open.len() == BIDS).then_some(open)
    })
    .await;
    agent.stop().await;

    let before = fixture.proxy.queries().len();
    let again = InProcess::start(&configure(&fixture, "another", "enabled = false")).await;
    until("the store", async || again.store.height().await.unwrap()).await;
    let asked = fixture.proxy.queries().split_off(before);
    // Ten pages of orders and the end, the leases, the slots, a page of bids; the rest is about the
    // provider.
    assert!(asked.len() <= 25, "{}: {asked:#?}", asked.len());
    let known = again.store.read(orders::open).await.unwrap();
    assert_eq!(known.len(), orders.len());
    let found = again.store.read(bids::all).await.unwrap();
    assert_eq!(found.iter().map(|bid| bid.order).collect::<Vec<_>>(), bid_on);
    assert!(found.iter().all(|bid| bid.progress == BidProgress::Open));
    again.stop().await;
}
