//! A provider's machine stops, and never comes back.

use souk_api::orderbook::{ExecuteMsg, GroupState, LeaseState, OrderState};
use souk_core::{OrderId, time::HOUR};

use super::{
    fixture::{Fixture, Leased, Nodes, SITE},
    real_nodes::answer,
    shared_cluster::Cluster,
};

/// Its group goes out again when its provider is gone for six hours.
const TERMS: &str = "\nsouk:\n  absence: { limit: 6h, then: reopen }\n";
const LIMIT: u64 = 6 * HOUR;
/// As many blocks make six hours on this chain at its slowest, and more.
const BLOCKS: u64 = 40;

impl Fixture {
    async fn close_absent(&self, leased: &Leased) -> Result<(), String> {
        let message = ExecuteMsg::CloseAbsent { order: leased.order };
        let message = self.tenant.execute(&self.market.contracts.orderbook, &message, &[]).unwrap();
        let sent = self.tenant.send("closing", vec![message]).await;
        sent.map(drop).map_err(|error| error.to_string())
    }

    /// What the account of an order's deployment has.
    async fn balance(&self, order: OrderId) -> u128 {
        let group = self.market.orderbook.order(order).await.unwrap().group;
        let deployment = self.market.orderbook.deployment(group.deployment).await.unwrap();
        self.market.escrow.account(deployment.account).await.unwrap().balance.u128()
    }

    /// The order that a lease's group has by now.
    async fn next_order(&self, leased: &Leased) -> OrderId {
        let group = self.market.orderbook.lease(leased.order).await.unwrap().group;
        let deployment = self.market.orderbook.deployment(group.deployment).await.unwrap();
        let group = deployment.groups.iter().find(|one| one.seq == group.group).unwrap();
        assert_eq!(group.state, GroupState::Open);
        group.order
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_provider_whose_machine_stops_the_lease_ends_unearned_pay_is_back_and_another_runs_it()
{
    let (cluster, _api) = Cluster::share().await;
    if cluster.real_nodes().is_none() {
        return;
    }
    let fixture = Fixture::new(cluster, &[Nodes::Machine, Nodes::Real]).await;
    let (doomed, other) = (fixture.agent_of(0).await, fixture.agent_of(1).await);
    let order = fixture.order(&format!("{SITE}{TERMS}")).await;
    let deposit = fixture.balance(order.order).await;
    let leased = fixture.accept(0, &order).await;
    fixture.launch(&order).await.unwrap();
    let status = fixture.ready(&leased).await;
    assert!(answer(&status, "web", "/").await.starts_with("hello from web-"));
    let lease = fixture.market.orderbook.lease(leased.order).await.unwrap();

    // Agent and node at once: nothing says goodbye.
    doomed.kill().await;
    let machine = fixture.providers[0].machine.as_ref().unwrap();
    tokio::task::block_in_place(|| machine.stop());
    fixture.pass(LIMIT - HOUR, BLOCKS).await;
    let early = fixture.close_absent(&leased).await.unwrap_err();
    assert!(early.contains("counts as absent"), "{early}");
    assert!(fixture.is_active(&leased).await, "it is not absent yet");
    fixture.pass(2 * HOUR, BLOCKS).await;
    fixture.close_absent(&leased).await.unwrap();

    let closed = fixture.market.orderbook.lease(leased.order).await.unwrap();
    assert_eq!(closed.state, LeaseState::Closed);
    let paid_until = closed.paid_until.unwrap();
    let seen = paid_until - LIMIT / 4;
    assert!((lease.created_at..lease.created_at + HOUR).contains(&seen), "it was seen at {seen}");
    let stream = fixture.market.escrow.stream(lease.account, leased.order.0).await.unwrap();
    let earned = stream.unwrap().earned.u128();
    let expected =
        lease.price.u128() * u128::from(paid_until - lease.created_at) / u128::from(HOUR);
    assert_eq!(earned, expected, "by the second, until a quarter of the limit");
    assert_eq!(fixture.balance(leased.order).await, deposit - earned, "all the rest is there");

    // The group is out again, without it, and its manifest goes to who wins.
    let next = fixture.next_order(&leased).await;
    let detail = fixture.market.orderbook.order(next).await.unwrap();
    assert_eq!(detail.state, OrderState::Open);
    assert_eq!(detail.excluded, std::slice::from_ref(&leased.provider));
    let again = order.again(next);
    let moved = fixture.lease_at(1, again).await;
    let status = fixture.ready(&moved).await;
    assert!(answer(&status, "web", "/").await.starts_with("hello from web-"));
    fixture.close(&moved).await;
    fixture.is_gone(&moved).await;
    other.kill().await;
}
