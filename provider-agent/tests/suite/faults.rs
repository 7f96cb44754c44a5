//! Chain and cluster at fault: nothing is judged by what cannot be seen, nothing is bid twice,
//! nothing is missed for good.

use std::time::Duration;

use souk_api::registry;
use souk_devchain::EndpointMode;
use souk_kubesim::Outage;
use souk_provider::store::Verdict;

use crate::support::{InProcess, Options, World, agent::configure, app, until};

#[tokio::test(flavor = "multi_thread")]
async fn one_endpoint_that_hangs_and_one_that_lies_of_its_chain_stop_no_bid() {
    let mut world = World::new().await;
    let hanging = world.chain.another_endpoint().await.unwrap();
    let lying = world.chain.another_endpoint().await.unwrap();
    lying.faults().set_chain_id(Some("souk-other".into()));
    let path = configure(&world, "agent", "");
    let text = std::fs::read_to_string(&path).unwrap();
    let one = format!("rpc = [\"{}\"]", world.proxy.url);
    let three =
        format!("rpc = [\"{}\", \"{}\", \"{}\"]", hanging.url(), lying.url(), world.proxy.url);
    std::fs::write(&path, text.replace(&one, &three)).unwrap();

    let agent = InProcess::start(&path).await;
    let before = world.order("ann", app("before")).await;
    until("a bid before", || world.own_bid(before)).await;
    hanging.faults().set_mode(EndpointMode::Hang);
    let during = world.order("ann", app("during")).await;
    until("a bid while one endpoint hangs", || world.own_bid(during)).await;
    assert_eq!(world.bids(before).await.len() + world.bids(during).await.len(), 2);
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn transactions_that_are_taken_and_lost_are_sent_again_and_count_once() {
    let world =
        World::with(Options { block: Duration::from_millis(50), ..Options::default() }).await;
    let agent = InProcess::start(&configure(&world, "agent", "")).await;
    let order = world.order("ann", app("web")).await;
    until("a bid", || world.own_bid(order)).await;
    let second = world.order("ann", app("second")).await;
    world.chain.swallow_transactions(true).await.unwrap();
    until("the broadcast", async || (world.proxy.count("place_bid", second) > 0).then_some(()))
        .await;
    world.chain.drop_mempool().await.unwrap();
    world.chain.swallow_transactions(false).await.unwrap();
    until("a bid in the end", || world.own_bid(second)).await;
    assert_eq!(world.bids(second).await.len(), 1);
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_cluster_cannot_be_seen_an_order_waits_and_then_gets_its_bid() {
    let world = World::new().await;
    world.sim.pause(Outage::Unavailable);
    let agent = InProcess::start(&configure(&world, "agent", "")).await;
    let order = world.order("ann", app("web")).await;
    let decision = agent.decision(order, "the cluster cannot be seen").await;
    assert_eq!((decision.verdict, decision.coarse.as_str()), (Verdict::Wait, "not decided yet"));
    world.sim.resume();
    until("a bid", || world.own_bid(order)).await;
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bond_that_is_added_and_maintenance_that_ends_bring_the_bids_that_waited() {
    let world = World::with(Options { slots: 10, ..Options::default() }).await;
    let agent = InProcess::start(&configure(&world, "agent", "")).await;
    let registry = world.contracts.provider_registry.clone();
    let provider = crate::support::world::address("provider");
    let maintenance = |on| registry::ExecuteMsg::SetMaintenance { provider: provider.clone(), on };
    world.execute("operator", &registry, &maintenance(true), 0).await;
    let first = world.order("ann", app("first")).await;
    agent.decision(first, "in maintenance").await;
    world.execute("operator", &registry, &maintenance(false), 0).await;
    until("a bid after maintenance", || world.own_bid(first)).await;

    for _ in 0..9 {
        let order = world.order("ann", app("more")).await;
        until("a bid", || world.own_bid(order)).await;
    }
    let last = world.order("bob", app("last")).await;
    agent.decision(last, "the bond backs 10").await;
    world.execute("provider", &registry, &registry::ExecuteMsg::Bond {}, 1_000_000).await;
    until("a bid by the added bond", || world.own_bid(last)).await;
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_and_health_tell_how_the_agent_is() {
    let world = World::new().await;
    let path = configure(&world, "agent", "");
    let port = {
        let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        socket.local_addr().unwrap().port()
    };
    let text = std::fs::read_to_string(&path).unwrap();
    let text = format!("{text}\n[metrics]\nlisten = \"127.0.0.1:{port}\"\n");
    std::fs::write(&path, text).unwrap();
    let agent = InProcess::start(&path).await;
    let order = world.order("ann", app("web")).await;
    until("a bid", || world.own_bid(order)).await;
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let get = async |route: &str| {
        let url = format!("http://127.0.0.1:{port}{route}");
        let answer = http.get(url).send().await.ok()?;
        Some((answer.status().as_u16(), answer.text().await.ok()?))
    };
    until("an open bid in the figures", async || {
        let (_, text) = get("/metrics").await?;
        text.contains("souk_provider_bids{kind=\"open\"} 1").then_some(())
    })
    .await;
    let healthy = until("health", async || get("/healthz").await.filter(|(code, _)| *code == 200));
    assert!(healthy.await.1.contains("\"healthy\":true"));
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_agent_on_the_same_store_is_refused() {
    let world = World::new().await;
    let path = configure(&world, "agent", "");
    let agent = InProcess::start(&path).await;
    let config = souk_provider::config::Config::load(&path).unwrap();
    let second = souk_provider::app::Agent::new(config).await;
    let error = second.err().unwrap().to_string();
    assert!(error.contains("another process runs the outbox"), "{error}");
    agent.stop().await;
}
