//! The end of a deployment.

use souk_api::orderbook::LeaseState;
use souk_client::{deploy, gateway};
use souk_core::CloseReason;
use souk_gateway::body::Phase;
use tokio::time::{Instant, sleep};

use super::{Deployed, POLL, TIMEOUT};
use crate::fixture::Fixture;

/// The tenant closes and pays in one transaction, before agents withdraw by themselves; a stranger
/// has others' deposits returned; and nothing runs any more.
pub(super) async fn close(fixture: &Fixture, deployed: &mut Deployed<'_>) {
    let market = &fixture.market;
    let closing = deploy::closing(market, deployed.tenant, deployed.id).await.unwrap();
    let outcome = deployed.tenant.send("closing", closing).await.unwrap();
    deployed.ledger.run(fixture.time_of(outcome.height).await);
    let returning = deploy::return_deposits(market, &fixture.stranger, deployed.account);
    assert_eq!(returning.await.unwrap().left, 0);
    for lease in &deployed.leases {
        let ended = fixture.market.orderbook.lease(lease.order).await.unwrap();
        assert_eq!(ended.state, LeaseState::Closed);
        assert_eq!(ended.reason, Some(CloseReason::Tenant));
        let client = gateway::client_for(&fixture.market, deployed.tenant, &lease.provider);
        let client = client.await.unwrap();
        let deadline = Instant::now() + TIMEOUT;
        while client.lease_status(lease.order).await.is_ok_and(|it| it.phase != Phase::Closed) {
            assert!(Instant::now() < deadline, "lease {} is not torn down", lease.order);
            sleep(POLL).await;
        }
    }
}
