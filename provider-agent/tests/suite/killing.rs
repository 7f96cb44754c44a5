//! The agent is killed at every step of bidding and started again: one bid for each order.

use std::time::Duration;

use souk_provider::failpoint;

use crate::support::{Fixture, Process, agent::configure, app, until};

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_step_of_bidding_it_sends_exactly_one_bid() {
    let of_bidding = failpoint::ALL
        .iter()
        .filter(|point| point.starts_with("bidding::") || point.starts_with("chain::"))
        .chain(souk_chain::pipeline::FAILPOINTS);
    let fixture = Fixture::new().await;
    let config = configure(
        &fixture,
        "agent",
        "max_open_bids_per_tenant = 100\nmax_slots_percent_per_tenant = 100",
    );
    for point in of_bidding {
        let mut doomed = Process::start(&config, Some(point));
        let order = fixture.order("ann", app("web")).await;
        doomed.killed(point).await;
        let agent = Process::start(&config, None);
        until(&format!("a bid after {point}"), || fixture.own_bid(order)).await;
        // An order that comes later proves that nothing of the first is still under way.
        let later = fixture.order("ann", app("later")).await;
        until("a bid on a later order", || fixture.own_bid(later)).await;
        assert_eq!(fixture.proxy.count("place_bid", order), 1, "{point}");
        assert_eq!(fixture.proxy.count("place_bid", later), 1, "{point}");
        agent.kill().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_again_and_again_at_whatever_instant_it_bids_on_every_order_once() {
    let fixture = Fixture::new().await;
    let config = configure(
        &fixture,
        "agent",
        "max_open_bids_per_tenant = 100\nmax_slots_percent_per_tenant = 100",
    );
    let mut orders = Vec::new();
    for round in 0..8u64 {
        let agent = Process::start(&config, None);
        orders.push(fixture.order("ann", app("web")).await);
        // Where this meets the agent differs from run to run; what must hold does not.
        tokio::time::sleep(Duration::from_millis(round * 173 % 900)).await;
        agent.kill().await;
    }
    let agent = Process::start(&config, None);
    for order in orders {
        until("a bid", || fixture.own_bid(order)).await;
        assert_eq!(fixture.proxy.count("place_bid", order), 1, "order {order}");
    }
    agent.kill().await;
}
