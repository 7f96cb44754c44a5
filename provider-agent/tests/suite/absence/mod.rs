//! That the provider is there: heartbeats, what they cost, and what an absence does.

pub mod clocks;
mod ends;
mod heartbeats;
mod lies;
mod money;
mod standstill;

use std::{path::PathBuf, time::Duration};

use souk_client::market::Orderbook;
use souk_core::{Attribute, OrderId, absence::MIN_LIMIT};

use crate::{
    lies::with_endpoints,
    support::{Fixture, InProcess, Options, app, fixture::address, until},
};

/// A heartbeat is due after 4,320 s of such leases; after 5,400 s pay is being lost.
const LIMIT: u64 = MIN_LIMIT;

/// Nothing here ends a lease for its manifest: time jumps over the hour in which that is allowed.
const MORE: &str = "manifest_timeout = \"1day\"\nend_deployments = false";

pub async fn fixture() -> Fixture {
    let mut options = Options { block: Duration::from_millis(300), ..Options::default() };
    options.claims.extend([
        Attribute::new("capabilities/storage/1/class", "default"),
        Attribute::new("capabilities/storage/1/persistent", "true"),
    ]);
    Fixture::with(options).await
}

/// An agent's configuration with these endpoints, and where its health is shown.
pub fn watched(fixture: &Fixture, endpoints: &[&str]) -> (PathBuf, String) {
    let (path, metrics) = with_endpoints(fixture, endpoints);
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replacen("[bidding]\n", &format!("[bidding]\n{MORE}\n"), 1))
        .unwrap();
    (path, metrics)
}

/// A lease with the shortest limit, without a manifest.
pub async fn leased(fixture: &Fixture, agent: &InProcess) -> OrderId {
    let order = fixture.order_until("ann", app("web"), LIMIT).await;
    until("a bid", || fixture.own_bid(order)).await;
    fixture.accept("ann", order, "provider").await;
    until("the lease and its limit", async || {
        agent.store.lease(order).await.unwrap()?.absence_limit
    })
    .await;
    agent.settled().await;
    order
}

/// How many heartbeats were broadcast by the first endpoint.
fn heartbeats(fixture: &Fixture) -> usize {
    let messages = fixture.proxy.messages();
    messages.iter().filter(|message| message.get("heartbeat").is_some()).count()
}

/// Lets time pass; returns when the agent has seen it.
async fn pass(fixture: &Fixture, agent: &InProcess, seconds: u64) {
    fixture.chain.advance(seconds).await.unwrap();
    agent.settled().await;
}

pub async fn now(fixture: &Fixture) -> u64 {
    fixture.chain.time_ns().await.unwrap() / 1_000_000_000
}

/// When the chain last saw the provider.
pub async fn seen_at(fixture: &Fixture) -> u64 {
    let orderbook = Orderbook::new(fixture.queries(), &fixture.contracts.orderbook);
    orderbook.provider_stats(&address("provider")).await.unwrap().seen_at
}

/// Waits until the chain has seen the provider after this moment.
async fn seen_after(fixture: &Fixture, moment: u64) {
    until("the provider is seen", async || (seen_at(fixture).await >= moment).then_some(())).await;
}
