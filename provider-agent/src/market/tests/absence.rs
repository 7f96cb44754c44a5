//! By which events the provider was seen, and how its leases learn their limits.

use souk_api::orderbook::events::ProviderSeen;

use super::*;
use crate::{
    model::{OrderDetail, heartbeat::Seen},
    store::seen,
};

impl Fixture {
    /// When it was last seen, block time.
    async fn seen(&self) -> Option<u64> {
        let Seen { at, .. } = self.store.read(seen::get).await.unwrap();
        at.map(|at| at.time)
    }
}

fn closed(provider: &str, reason: CloseReason, breach: bool) -> OrderbookEvent {
    OrderbookEvent::LeaseClosed(LeaseClosed {
        order: OrderId(7),
        deployment: DeploymentId(3),
        group: GroupSeq(1),
        provider: provider.into(),
        reason,
        breach,
        excluded: None,
        notice: None,
        paid_until: None,
    })
}

#[tokio::test]
async fn the_provider_is_seen_by_its_own_messages_and_by_nobody_elses() {
    let placed = |provider: &str| {
        let (bid, provider) = (BidId(1), provider.to_owned());
        OrderbookEvent::BidPlaced(BidPlaced { order: OrderId(7), bid, provider, price: price(40) })
    };
    let withdrawn = |provider: &str| {
        let (bid, provider) = (BidId(1), provider.to_owned());
        OrderbookEvent::BidWithdrawn(BidWithdrawn { order: OrderId(7), bid, provider })
    };
    let seen = |provider: &str| {
        OrderbookEvent::ProviderSeen(ProviderSeen { provider: provider.to_owned(), at: 1 })
    };
    let (rival, tenant) = ("souk1rival", CloseReason::Tenant);
    let timeout = CloseReason::ManifestTimeout;
    for (event, counts) in [
        (placed(ME), true),
        (placed(rival), false),
        (withdrawn(ME), true),
        (withdrawn(rival), false),
        (seen(ME), true),
        (seen(rival), false),
        (closed(ME, CloseReason::Unstable, true), true),
        (closed(ME, timeout, false), true),
        (closed(rival, timeout, false), false),
        // By its tenant, for want of money by anybody, or since it was absent.
        (closed(ME, tenant, false), false),
        (closed(ME, CloseReason::InsufficientFunds, false), false),
        (closed(ME, CloseReason::Unspecified, false), false),
        (leased(7, 3, ME), false),
    ] {
        let fixture = Fixture::new();
        fixture.orderbook(5, vec![event.clone()]).await;
        assert_eq!(fixture.seen().await, counts.then_some(1_005), "{event:?}");
    }
}

#[tokio::test]
async fn a_lease_has_the_limit_of_its_order() {
    let fixture = Fixture::new();
    fixture.orderbook(5, vec![opened(7, 3), opened(8, 4)]).await;
    let detail = OrderDetail {
        spec: souk_core::GroupSpec {
            name: "web".into(),
            requirements: souk_core::Requirements::default(),
            units: vec![],
            ceiling: price(100),
        },
        created_at: 1_005,
        allow: vec![],
        refuse: vec![],
        excluded: vec![],
        reclamation: None,
        closes_at_block: None,
        absence_limit: Some(30_000),
    };
    let fetched = fixture.store.write(move |tx| orders::set_detail(tx, OrderId(7), &detail));
    fetched.await.unwrap();
    fixture.orderbook(6, vec![leased(7, 3, ME), leased(8, 4, ME)]).await;
    let limit =
        async |order| fixture.store.lease(OrderId(order)).await.unwrap().unwrap().absence_limit;
    assert_eq!((limit(7).await, limit(8).await), (Some(30_000), None));
}
