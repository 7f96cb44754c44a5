//! Faults of chain and cluster: no decision without the cluster's state, no second bid, nothing missed
//! for good.

use std::time::Duration;

use souk_api::registry;
use souk_devchain::EndpointMode;
use souk_kubesim::Outage;
use souk_provider::store::Verdict;

use crate::support::{Fixture, InProcess, Options, agent::configure, app, until};

#[tokio::test(flavor = "multi_thread")]
async fn one_endpoint_that_hangs_and_one_that_lies_of_its_chain_stop_no_bid() {
    let mut fixture = Fixture::new().await;
    let hanging = fixture.chain.another_endpoint().await.unwrap();
    let lying = fixture.chain.another_endpoint().await.unwrap();
    lying.faults().set_chain_id(Some("souk-other".into()));
    let path = configure(&fixture, "agent", "");
    let text = std::fs::read_to_string(&path).unwrap();
    let one = format!("rpc = [\"{}\"]", fixture.proxy.url);
    let three =
        format!("rpc = [\"{}\", \"{}\", \"{}\"]", hanging.url(), lying.url(), fixture.proxy.url);
    std::fs::write(&path, text.replace(&one, &three)).unwrap();

    let agent = InProcess::start(&path).await;
    let before = fixture.order("ann", app("before")).await;
    until("a bid before", || fixture.own_bid(before)).await;
    hanging.faults().set_mode(EndpointMode::Hang);
    let during = fixture.order("ann", app("during")).await;
    until("a bid while one endpoint hangs", || fixture.own_bid(during)).await;
    assert_eq!(fixture.bids(before).await.len() + fixture.bids(during).await.len(), 2);
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn transactions_that_are_taken_and_lost_are_sent_again_and_count_once() {
    let fixture =
        Fixture::with(Options { block: Duration::from_millis(50), ..Options::default() }).await;
    let agent = InProcess::start(&configure(&fixture, "agent", "")).await;
    let order = fixture.order("ann", app("web")).await;
    until("a bid", || fixture.own_bid(order)).await;
    let second = fixture.order("ann", app("second")).await;
    fixture.chain.swallow_transactions(true).await.unwrap();
    until("the broadcast", async || (fixture.proxy.count("place_bid", second) > 0).then_some(()))
        .await;
    fixture.chain.drop_mempool().await.unwrap();
    fixture.chain.swallow_transactions(false).await.unwrap();
    until("a bid in the end", || fixture.own_bid(second)).await;
    assert_eq!(fixture.bids(second).await.len(), 1);
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_cluster_cannot_be_seen_an_order_waits_and_then_gets_its_bid() {
    let fixture = Fixture::new().await;
    fixture.sim.pause(Outage::Unavailable);
    let agent = InProcess::start(&configure(&fixture, "agent", "")).await;
    let order = fixture.order("ann", app("web")).await;
    let decision = agent.decision(order, "the cluster cannot be seen").await;
    assert_eq!(
        (decision.verdict, decision.tenant_reason.as_str()),
        (Verdict::Wait, "not decided yet")
    );
    fixture.sim.resume();
    until("a bid", || fixture.own_bid(order)).await;
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bond_that_is_added_and_maintenance_that_ends_bring_the_bids_that_waited() {
    let fixture = Fixture::with(Options { slots: 10, ..Options::default() }).await;
    let agent =
        InProcess::start(&configure(&fixture, "agent", "max_slots_percent_per_tenant = 100")).await;
    let registry = fixture.contracts.provider_registry.clone();
    let provider = crate::support::fixture::address("provider");
    let maintenance = |on| registry::ExecuteMsg::SetMaintenance { provider: provider.clone(), on };
    fixture.execute("operator", &registry, &maintenance(true), 0).await;
    let first = fixture.order("ann", app("first")).await;
    agent.decision(first, "in maintenance").await;
    fixture.execute("operator", &registry, &maintenance(false), 0).await;
    until("a bid after maintenance", || fixture.own_bid(first)).await;

    for _ in 0..9 {
        let order = fixture.order("ann", app("more")).await;
        until("a bid", || fixture.own_bid(order)).await;
    }
    let last = fixture.order("bob", app("last")).await;
    agent.decision(last, "the bond backs 10").await;
    fixture.execute("provider", &registry, &registry::ExecuteMsg::Bond {}, 1_000_000).await;
    until("a bid by the added bond", || fixture.own_bid(last)).await;
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_and_health_show_the_agents_state() {
    let fixture = Fixture::new().await;
    let path = configure(&fixture, "agent", "");
    let port = {
        let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        socket.local_addr().unwrap().port()
    };
    let text = std::fs::read_to_string(&path).unwrap();
    let text = format!("{text}\n[metrics]\nlisten = \"127.0.0.1:{port}\"\n");
    std::fs::write(&path, text).unwrap();
    let agent = InProcess::start(&path).await;
    let order = fixture.order("ann", app("web")).await;
    until("a bid", || fixture.own_bid(order)).await;
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let get = async |route: &str| {
        let url = format!("http://127.0.0.1:{port}{route}");
        let answer = http.get(url).send().await.ok()?;
        Some((answer.status().as_u16(), answer.text().await.ok()?))
    };
    until("an open bid in the metrics", async || {
        let (_, text) = get("/metrics").await?;
        text.contains("souk_provider_bids{progress=\"open\"} 1").then_some(())
    })
    .await;
    let healthy = until("health", async || get("/healthz").await.filter(|(code, _)| *code == 200));
    assert!(healthy.await.1.contains("\"healthy\":true"));
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_agent_on_the_same_store_is_refused() {
    let fixture = Fixture::new().await;
    let path = configure(&fixture, "agent", "");
    let agent = InProcess::start(&path).await;
    let config = souk_provider::config::Config::load(&path).unwrap();
    let second = souk_provider::runtime::app::Agent::new(config).await;
    let error = second.err().unwrap().to_string();
    assert!(error.contains("another process runs the outbox"), "{error}");
    agent.stop().await;
}
