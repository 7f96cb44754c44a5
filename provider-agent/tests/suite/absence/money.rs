//! What heartbeats cost, and which orders are bid on.

use super::{LIMIT, fixture, leased, watched};
use crate::{
    lies::health,
    support::{InProcess, agent::configure, app, fixture::address, until},
};

#[tokio::test(flavor = "multi_thread")]
async fn while_the_operators_coins_do_not_last_for_a_week_of_heartbeats_there_are_no_bids() {
    let fixture = fixture().await;
    let (config, metrics) = watched(&fixture, &[&fixture.proxy.url]);
    let agent = InProcess::start(&config).await;
    leased(&fixture, &agent).await;
    agent.stop().await;
    // A heartbeat of the shortest limit is due 140 times a week; ten bids cost much less.
    let rest = 200_000;
    let balance = fixture.queries().balance(&address("operator"), "usouk").await.unwrap();
    fixture.pay("operator", "ann", balance - rest).await;

    let agent = InProcess::start(&config).await;
    until("the warning", async || {
        health(&metrics).await?.contains("a week of them takes").then_some(())
    })
    .await;
    let order = fixture.order("bob", app("web")).await;
    let decision = agent.decision(order, "send it coins").await;
    assert_eq!(decision.tenant_reason, "takes no new orders");
    assert_eq!(fixture.proxy.count("place_bid", order), 0);
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let text = http.get(format!("http://{metrics}/metrics")).send().await.unwrap().text().await;
    let text = text.unwrap();
    let affordable = text.lines().find_map(|line| {
        line.strip_prefix("souk_provider_heartbeats_affordable ")?.parse::<u64>().ok()
    });
    assert!(affordable.is_some_and(|number| (1..140).contains(&number)), "{affordable:?}");

    fixture.pay("ann", "operator", 100_000_000).await;
    until("a bid", || fixture.own_bid(order)).await;
    assert!(!health(&metrics).await.unwrap().contains("a week of them takes"));
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_with_a_limit_below_the_configured_one_gets_no_bid() {
    let fixture = fixture().await;
    let more = "shortest_absence_limit = \"1day\"";
    let agent = InProcess::start(&configure(&fixture, "agent", more)).await;
    let short = fixture.order_until("ann", app("short"), LIMIT).await;
    let day = fixture.order_until("ann", app("day"), 86_400).await;
    until("a bid", || fixture.own_bid(day)).await;
    let decision = agent.decision(short, "as absent after 21600 s, this one takes 86400 s").await;
    assert_eq!(decision.tenant_reason, "wants a longer limit for absence");
    assert_eq!(fixture.proxy.count("place_bid", short), 0);
    agent.stop().await;
}
