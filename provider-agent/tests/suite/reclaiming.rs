//! Leases that the provider takes back with notice.

use std::path::Path;

use souk_api::orderbook::{self, LeaseState};
use souk_client::market::Orderbook;
use souk_core::{
    Attribute, CloseReason, OrderId,
    slot::{Ended, held_until},
};
use souk_devchain::proxy::Proxy;
use souk_provider::store::bids;

use crate::{
    commands::souk_provider,
    lies::{leave_out_events, with_endpoints},
    manifests::{Cluster, Leased, SITE, accepted, lease},
    support::{Fixture, InProcess, Options, agent::configure, fixture::address, until},
};

/// The notice of an hour is six blocks on this chain.
const RECLAIMABLE: &str = "reclamation:\n  min_window: 1h\n";

async fn fixture() -> Fixture {
    let mut options = Options::with_long_blocks();
    options.claims.extend([
        Attribute::new("capabilities/storage/1/class", "default"),
        Attribute::new("capabilities/storage/1/persistent", "true"),
    ]);
    Fixture::with(options).await
}

fn chains(fixture: &Fixture) -> Orderbook {
    Orderbook::new(fixture.queries(), &fixture.contracts.orderbook)
}

/// The operator takes a lease back; returns when the agent knows that the chain has it so.
async fn reclaim(config: &Path, agent: &InProcess, order: OrderId) {
    let (config, number) = (config.to_str().unwrap(), order.to_string());
    let refused = ["--config", config, "reclaim", &number, "--reason", "manifest_timeout"];
    assert!(!souk_provider(&refused).await.status.success());
    let queued = souk_provider(&["--config", config, "reclaim", &number]).await;
    assert!(queued.status.success(), "{}", String::from_utf8_lossy(&queued.stderr));
    until("the notice", async || agent.store.lease(order).await.unwrap()?.reclaim).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_that_is_taken_back_is_served_until_the_notice_is_over_and_the_agent_ends_it_then()
{
    let fixture = fixture().await;
    let config = configure(&fixture, "agent", "manifest_timeout = \"1day\"");
    let cluster = Cluster::of(&config).await;
    let agent = InProcess::start(&config).await;
    let leased = lease(&fixture, &agent, "ann", &format!("{SITE}{RECLAIMABLE}")).await;
    let order = leased.order;
    accepted(&agent.store, &leased).await;
    cluster.has_replicas("it runs", order, 1).await;
    assert_eq!(fixture.bids(order).await[0].reclamation_window, Some(3_600), "as was asked");

    fixture.chain.advance(3_600).await.unwrap();
    fixture.chain.produce_blocks(1).await.unwrap();
    reclaim(&config, &agent, order).await;
    assert_eq!(chains(&fixture).lease(order).await.unwrap().state, LeaseState::Reclaiming);
    fixture.chain.advance(3_400).await.unwrap();
    fixture.chain.produce_blocks(8).await.unwrap();
    agent.settled().await;
    assert_eq!(fixture.proxy.count("end_reclaim", order), 0, "the time is not over");
    assert_eq!(agent.store.lease(order).await.unwrap().unwrap().state, LeaseState::Active);
    cluster.has_replicas("it runs", order, 1).await;

    fixture.chain.advance(250).await.unwrap();
    let ended = until("the lease's end", async || {
        let lease = agent.store.lease(order).await.unwrap()?;
        (lease.state != LeaseState::Active).then_some(lease)
    })
    .await;
    assert_eq!((ended.state, ended.reason), (LeaseState::Closed, Some(CloseReason::Decommission)));
    assert!(ended.reclaim.unwrap().ended);
    assert_eq!(fixture.proxy.count("end_reclaim", order), 1);
    let stats = chains(&fixture).provider_stats(&address("provider")).await.unwrap();
    assert_eq!(stats.breaches, 0);
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_lost_its_store_learns_from_the_chain_that_a_lease_is_taken_back() {
    let fixture = fixture().await;
    let config = configure(&fixture, "agent", "manifest_timeout = \"1day\"");
    let agent = InProcess::start(&config).await;
    let leased = lease(&fixture, &agent, "ann", &format!("{SITE}{RECLAIMABLE}")).await;
    let order = leased.order;
    fixture.chain.advance(3_600).await.unwrap();
    fixture.chain.produce_blocks(1).await.unwrap();
    let reason = CloseReason::Unstable;
    let msg = orderbook::ExecuteMsg::StartReclaim { order, reason };
    fixture.orderbook("operator", &msg).await;
    agent.stop().await;
    for file in ["agent.db", "agent.db-wal", "agent.db-shm", "quote.key"] {
        // SQLite removes two of them when it closes the file.
        let _ = std::fs::remove_file(config.with_file_name(file));
    }

    let agent = InProcess::start(&config).await;
    let known = until("the lease", async || agent.store.lease(order).await.unwrap()).await;
    assert_eq!(known.state, LeaseState::Active, "it is served as before");
    assert_eq!(known.reclaim.map(|reclaim| reclaim.reason), Some(reason));
    fixture.chain.produce_blocks(6).await.unwrap();
    fixture.chain.advance(3_700).await.unwrap();
    let ended = until("the lease's end", async || {
        let lease = agent.store.lease(order).await.unwrap()?;
        (lease.state != LeaseState::Active).then_some(lease)
    })
    .await;
    assert_eq!((ended.state, ended.reason), (LeaseState::Closed, Some(reason)));
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operator_hears_at_once_why_a_lease_cannot_be_taken_back() {
    let fixture = fixture().await;
    let config = configure(&fixture, "agent", "manifest_timeout = \"1day\"");
    let agent = InProcess::start(&config).await;
    let without = lease(&fixture, &agent, "bob", SITE).await;
    let young = lease(&fixture, &agent, "ann", &format!("{SITE}{RECLAIMABLE}")).await;
    let path = config.to_str().unwrap();
    let refused = async |leased: &Leased| {
        let output = souk_provider(&["--config", path, "reclaim", &leased.order.to_string()]).await;
        assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stdout));
        String::from_utf8(output.stderr).unwrap()
    };
    let why = refused(&without).await;
    assert!(why.contains("its terms have no notice"), "{why}");
    let why = refused(&young).await;
    let lease = chains(&fixture).lease(young.order).await.unwrap();
    assert!(why.contains(&format!("({}) on", lease.created_at + 3_600)), "{why}");
    let queued = fixture.proxy.messages();
    assert!(queued.iter().all(|message| message.get("start_reclaim").is_none()), "{queued:?}");

    accepted(&agent.store, &young).await;
    fixture.chain.advance(3_600).await.unwrap();
    fixture.chain.produce_blocks(1).await.unwrap();
    reclaim(&config, &agent, young.order).await;
    let why = refused(&young).await;
    assert!(why.contains("is being reclaimed already, until"), "{why}");
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_by_notice_of_which_no_event_said_frees_its_slot_as_early_as_on_the_chain() {
    let fixture = fixture().await;
    let liar = Proxy::before(&fixture.chain.rpc_url()).await;
    let (config, _) = with_endpoints(&fixture, &[liar.url()]);
    let agent = InProcess::start(&config).await;
    let leased = lease(&fixture, &agent, "ann", &format!("{SITE}{RECLAIMABLE}")).await;
    let order = leased.order;
    accepted(&agent.store, &leased).await;
    fixture.chain.advance(3_600).await.unwrap();
    fixture.chain.produce_blocks(1).await.unwrap();
    agent.settled().await;

    leave_out_events(&liar);
    let reason = CloseReason::Decommission;
    fixture.orderbook("operator", &orderbook::ExecuteMsg::StartReclaim { order, reason }).await;
    fixture.chain.produce_blocks(6).await.unwrap();
    fixture.chain.advance(3_700).await.unwrap();
    let ended = until("the lease's end", async || {
        let lease = agent.store.lease(order).await.unwrap()?;
        (lease.state != LeaseState::Active).then_some(lease)
    })
    .await;
    assert!(ended.reclaim.unwrap().ended);
    let (began, end) = (ended.created_at, ended.closed_at.unwrap());
    let free = held_until(began, Ended { at: end, reason, without_breach: true }, 86_400);
    let over = |now| agent.store.read(move |sql| bids::over(sql, now, 86_400));
    assert_eq!(over(free - 1).await.unwrap().len(), 0);
    assert_eq!(over(free).await.unwrap().len(), 1);
    agent.stop().await;
}
