//! From a signed quote to a lease that is served, and to its end.

use souk_api::orderbook::{ExecuteMsg, NewDeployment};
use souk_gateway::quote::{QuoteAnswer, QuotesRequest};
use souk_provider::store::{bids, quotes};
use souk_sdl::{Mapping, compile};

use super::{Desk, create_with, key_is_known, lease_of, new_deployment, pass, request};
use crate::{
    manifests::{self, Cluster, Leased, SITE, accepted, commitment_of, upload},
    support::{InProcess, Must, fixture::address, until},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_quote_makes_a_lease_in_one_transaction_which_is_served_and_frees_its_slot() {
    let fixture = manifests::fixture().await;
    let desk = Desk::configure(&fixture, "");
    let agent = InProcess::start(&desk.config).await;
    key_is_known(&fixture, &agent.store).await;
    let cluster = Cluster::of(&desk.config).await;
    let upload = upload(SITE);
    let denom = |_: &str| "usouk".parse().map_err(|_| "no denom".to_owned());
    let compiled = compile(SITE, &souk_sdl::Options::default()).must("SDL");
    let groups = compiled.order_groups(&Mapping { denom: &denom, ..Mapping::default() });
    let mut groups = groups.must("groups").groups;
    groups[0].ceiling = souk_core::Price::new(1_000_000).unwrap();
    let asked = QuotesRequest { sign: true, ..request("ann", groups.clone()) };
    let QuoteAnswer::Signed(quote) = desk.answers(Some("ann"), &asked).await.remove(0) else {
        panic!("not signed")
    };
    assert!(quote.nonce >= quote.issued_at * 1_000_000);
    assert_eq!(quote.valid_until, quote.issued_at + 60);
    let reserved = agent.store.read(quotes::all).await.unwrap();
    assert_eq!(reserved[0].nonce, quote.nonce);

    let new = NewDeployment { commitment: commitment_of(&upload), ..new_deployment(groups) };
    let outcome = create_with(&fixture, "ann", new, vec![*quote.clone()]).await.must("a lease");
    let lease = lease_of(&fixture, &outcome);
    assert_eq!((lease.nonce, lease.price), (Some(quote.nonce), quote.price));
    let (order, deployment) = (lease.order, lease.deployment);
    until("the lease and its details", async || {
        let lease = agent.store.lease(order).await.unwrap()?;
        lease.clock?;
        // Heartbeats go by it.
        lease.absence_limit?;
        agent.store.deployment(deployment).await.unwrap()?;
        agent.store.order(order).await.unwrap()?.detail
    })
    .await;
    let taken = agent.store.reservation(order).await.unwrap().unwrap();
    assert_eq!(taken.placements, reserved[0].reservation.placements);
    let leased = Leased { deployment, order, upload };
    accepted(&agent.store, &leased).await;
    cluster.has_replicas("it runs", order, 1).await;

    // The slot is let go of as that of a bid that won.
    let close = ExecuteMsg::CloseDeployment { deployment };
    fixture.orderbook("ann", &close).await;
    let ended = async || {
        let lease = agent.store.lease(order).await.unwrap()?;
        (lease.state != souk_api::orderbook::LeaseState::Active).then_some(())
    };
    until("its end", ended).await;
    pass(&fixture, 7 * 86_400).await;
    until("the slot is free", async || {
        pass(&fixture, 60).await;
        let row = agent.store.read(move |sql| bids::get(sql, order)).await.unwrap();
        row.is_none().then_some(())
    })
    .await;
    let market =
        souk_client::market::Orderbook::new(fixture.queries(), &fixture.contracts.orderbook);
    let stats = market.provider_stats(&address("provider")).await.must("stats");
    assert_eq!(stats.used, 0, "{stats:?}");
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_groups_that_cannot_all_be_had_none_is_signed() {
    use crate::support::{Fixture, gpu_app};
    let fixture = Fixture::new().await;
    let desk = Desk::configure(&fixture, "");
    let agent = InProcess::start(&desk.config).await;
    key_is_known(&fixture, &agent.store).await;
    desk.signed("bob", crate::support::app("web")).await;
    let before = agent.store.read(quotes::all).await.unwrap().len();
    let groups = vec![gpu_app("one", "h100", 1), gpu_app("three", "h100", 3)];
    let asked = QuotesRequest { sign: true, ..request("ann", groups) };
    let answers = desk.answers(Some("ann"), &asked).await;
    assert!(matches!(answers[0], QuoteAnswer::Offered { .. }), "{answers:?}");
    assert!(matches!(answers[1], QuoteAnswer::Declined { .. }), "{answers:?}");
    assert_eq!(agent.store.read(quotes::all).await.unwrap().len(), before);
    agent.stop().await;
}
