//! The agent is killed at every step of bidding and started again: one bid for each order.

use souk_provider::failpoint;

use crate::support::{Process, World, agent::configure, app, until};

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_step_of_bidding_it_sends_exactly_one_bid() {
    let of_bidding = failpoint::ALL
        .iter()
        .filter(|point| point.starts_with("bidding::") || point.starts_with("chain::"))
        .chain(souk_chain::pipeline::FAILPOINTS);
    let world = World::new().await;
    let config = configure(&world, "agent", "max_open_bids_per_tenant = 100");
    for point in of_bidding {
        let mut doomed = Process::start(&config, Some(point));
        let order = world.order("ann", app("web")).await;
        doomed.killed(point).await;
        let agent = Process::start(&config, None);
        until(&format!("a bid after {point}"), || world.own_bid(order)).await;
        // An order that comes later proves that nothing of the first is still under way.
        let later = world.order("ann", app("later")).await;
        until("a bid on a later order", || world.own_bid(later)).await;
        assert_eq!(world.proxy.count("place_bid", order), 1, "{point}");
        assert_eq!(world.proxy.count("place_bid", later), 1, "{point}");
        agent.kill().await;
    }
}
