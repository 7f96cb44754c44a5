//! When a heartbeat is sent, and when not.

use souk_api::orderbook::ExecuteMsg;
use souk_provider::store::leases;

use super::{MORE, fixture, heartbeats, leased, now, pass, seen_after};
use crate::support::{InProcess, agent::configure, app, until};

#[tokio::test(flavor = "multi_thread")]
async fn a_heartbeat_is_sent_when_nothing_else_was_for_a_fifth_of_the_limit_and_not_otherwise() {
    let fixture = fixture().await;
    let agent = InProcess::start(&configure(&fixture, "agent", MORE)).await;
    leased(&fixture, &agent).await;
    pass(&fixture, &agent, 4_000).await;
    assert_eq!(heartbeats(&fixture), 0, "it bid a while ago");
    fixture.chain.advance(400).await.unwrap();
    let due = now(&fixture).await;
    seen_after(&fixture, due).await;
    agent.settled().await;
    assert_eq!(heartbeats(&fixture), 1);

    // A bid says as much.
    pass(&fixture, &agent, 4_000).await;
    let other = fixture.order("bob", app("web")).await;
    until("a bid", || fixture.own_bid(other)).await;
    agent.settled().await;
    pass(&fixture, &agent, 4_000).await;
    assert_eq!(heartbeats(&fixture), 1);
    fixture.chain.advance(400).await.unwrap();
    let due = now(&fixture).await;
    seen_after(&fixture, due).await;
    agent.settled().await;
    assert!(heartbeats(&fixture) <= 2, "the other bid may have been taken back");
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_lease_that_runs_there_is_no_heartbeat() {
    let fixture = fixture().await;
    let agent = InProcess::start(&configure(&fixture, "agent", MORE)).await;
    let order = fixture.order("bob", app("open")).await;
    until("a bid", || fixture.own_bid(order)).await;
    let ended = leased(&fixture, &agent).await;
    let close = ExecuteMsg::CloseLease { order: ended, reason: None, exclude: false };
    fixture.orderbook("ann", &close).await;
    until("its end", async || {
        agent.store.read(leases::shortest_limit).await.unwrap().is_none().then_some(())
    })
    .await;
    for _ in 0..3 {
        pass(&fixture, &agent, 5_000).await;
    }
    assert_eq!(heartbeats(&fixture), 0);
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_was_away_is_seen_as_soon_as_it_starts_and_with_a_new_store_too() {
    let fixture = fixture().await;
    let config = configure(&fixture, "agent", MORE);
    let agent = InProcess::start(&config).await;
    let order = leased(&fixture, &agent).await;
    agent.stop().await;
    fixture.chain.advance(20_000).await.unwrap();
    let back = now(&fixture).await;
    let agent = InProcess::start(&config).await;
    seen_after(&fixture, back).await;
    agent.settled().await;
    assert_eq!(heartbeats(&fixture), 1);
    agent.stop().await;

    for file in ["agent.db", "agent.db-wal", "agent.db-shm", "quote.key"] {
        // SQLite removes two of them when it closes the file.
        let _ = std::fs::remove_file(config.with_file_name(file));
    }
    let agent = InProcess::start(&config).await;
    until("the lease", async || agent.store.lease(order).await.unwrap()?.absence_limit).await;
    pass(&fixture, &agent, 4_000).await;
    assert_eq!(heartbeats(&fixture), 1, "the chain says when it was seen");
    fixture.chain.advance(400).await.unwrap();
    let due = now(&fixture).await;
    seen_after(&fixture, due).await;
    agent.settled().await;
    assert_eq!(heartbeats(&fixture), 2);
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_halt_of_the_chain_there_is_one_heartbeat_and_no_storm() {
    let fixture = fixture().await;
    let agent = InProcess::start(&configure(&fixture, "agent", MORE)).await;
    leased(&fixture, &agent).await;
    fixture.chain.advance(40_000).await.unwrap();
    let back = now(&fixture).await;
    seen_after(&fixture, back).await;
    for _ in 0..3 {
        agent.settled().await;
        fixture.chain.produce_blocks(3).await.unwrap();
    }
    assert_eq!(heartbeats(&fixture), 1);
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn heartbeats_go_on_in_a_pause_and_while_a_lease_is_depleted_and_has_no_manifest() {
    let fixture = fixture().await;
    let agent = InProcess::start(&configure(&fixture, "agent", MORE)).await;
    let order = leased(&fixture, &agent).await;
    let orderbook = fixture.contracts.orderbook.clone();
    fixture.execute("owner", &orderbook, &ExecuteMsg::Pause {}, 0).await;
    fixture.chain.advance(4_400).await.unwrap();
    let due = now(&fixture).await;
    seen_after(&fixture, due).await;
    fixture.execute("owner", &orderbook, &ExecuteMsg::Unpause {}, 0).await;

    let lease = agent.store.lease(order).await.unwrap().unwrap();
    let depletion = lease.depletion().unwrap();
    fixture.chain.advance(depletion - now(&fixture).await + 100).await.unwrap();
    let due = now(&fixture).await;
    seen_after(&fixture, due).await;
    agent.settled().await;
    let lease = agent.store.lease(order).await.unwrap().unwrap();
    assert!(!lease.is_funded_at(agent.store.block_time().await.unwrap().unwrap()));
    fixture.chain.advance(4_400).await.unwrap();
    let due = now(&fixture).await;
    seen_after(&fixture, due).await;
    agent.settled().await;
    assert_eq!(heartbeats(&fixture), 3);
    agent.stop().await;
}
