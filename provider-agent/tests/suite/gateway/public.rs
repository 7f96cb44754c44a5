//! What is open to everybody, and how a client knows its gateway.

use std::sync::atomic::Ordering;

use futures::{StreamExt, stream};
use souk_client::gateway::{Client, GatewayError};
use souk_gateway::{Pin, body::Verdict};
use souk_provider::store::Store;

use super::server::{Server, refused, started};
use crate::{
    manifests,
    support::{
        Must,
        agent::configure,
        app,
        fixture::{CHAIN_ID, address},
        until,
    },
};

#[tokio::test(flavor = "multi_thread")]
async fn version_and_status_are_open_and_a_wrong_pin_is_refused_by_the_client() {
    let (fixture, _, agent, server) = started().await;
    let version = server.stranger().version().await.must("version");
    assert_eq!((version.provider, version.chain_id), (address("provider"), CHAIN_ID.to_owned()));
    assert_eq!(server.stranger().status().await.must("status").leases, 0);

    for pins in [vec![Pin([9; 32])], vec![]] {
        let wrong = Client::new(&server.uri, &pins).must("client");
        let refused = wrong.version().await;
        assert!(matches!(refused, Err(GatewayError::Unreachable { .. })), "{refused:?}");
    }
    // The pin of the next key may be listed beside the present one.
    let both = Client::new(&server.uri, &[Pin([9; 32]), server.pin]).must("client");
    both.version().await.must("version");

    let order = fixture.order("ann", app("web")).await;
    until("a bid", || fixture.own_bid(order)).await;
    let reason = server.client("ann").reason(order).await.must("reason");
    assert_eq!(reason.verdict, Verdict::Bid);
    let answer = refused(server.client("bob").reason(order).await);
    assert_eq!(answer, (403, "not_the_tenant".to_owned()));
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn however_many_ask_for_the_status_it_is_made_once() {
    let fixture = manifests::fixture().await;
    let config = configure(&fixture, "agent", "");
    let store = Store::open(&config.with_extension("store")).must("store");
    let server = Server::open(&fixture, &config, &store).await;
    let client = server.stranger();
    let began = std::time::Instant::now();
    // No more connections than one address may have.
    let asked = stream::iter((0..200).map(|_| client.status())).buffer_unordered(16);
    let asked: Vec<_> = asked.collect().await;
    assert!(asked.iter().all(Result::is_ok), "{asked:?}");
    let made = server.statuses.load(Ordering::SeqCst);
    let most = 1 + usize::try_from(began.elapsed().as_secs() / 2).unwrap();
    assert!((1..=most).contains(&made), "{made} in {:?}", began.elapsed());
}
