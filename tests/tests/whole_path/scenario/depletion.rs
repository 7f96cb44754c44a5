//! An account that runs out: what the tenant may take back before, the second in which all stops,
//! and what starts it again.

use souk_api::escrow::ExecuteMsg as Escrow;
use souk_client::gateway;
use souk_core::Amount;
use souk_gateway::body::{LeaseStatus, Phase};
use tokio::time::{Instant, sleep};

use super::{Deployed, POLL, TIMEOUT, is_ready};
use crate::fixture::Fixture;

/// The tenant takes back what is above the least runway, but for a little time to do so.
pub(super) async fn takes_back_all_but_the_runway(fixture: &Fixture, deployed: &mut Deployed<'_>) {
    let deadline = Instant::now() + TIMEOUT;
    let outcome = loop {
        let account = fixture.market.escrow.account(deployed.account).await.unwrap();
        let spare = fixture.periods.cost(deployed.ledger.rate(), 1);
        let amount = account.withdrawable.u128() - spare;
        let message = Escrow::WithdrawDeposit {
            account: deployed.account,
            amount: Amount::new(amount).unwrap(),
        };
        let message = fixture.escrow(deployed.tenant, &message);
        match deployed.tenant.send("taking back", vec![message]).await {
            Ok(outcome) => {
                let now = fixture.time_of(outcome.height).await;
                deployed.ledger.withdraw(amount, now);
                break outcome;
            }
            // It took longer than there was time.
            Err(error) => assert!(Instant::now() < deadline, "{error:#}"),
        }
    };
    let account = fixture.market.at(outcome.height).escrow.account(deployed.account).await.unwrap();
    assert_eq!(account.depletion, Some(deployed.ledger.depletion()));
}

/// Until the account is depleted everything runs; from the first block at or past that moment on,
/// nothing does, and nobody earns.
pub(super) async fn depletion(fixture: &Fixture, deployed: &mut Deployed<'_>) {
    let moment = deployed.ledger.depletion();
    let (_, now) = fixture.market.now().await.unwrap();
    // Some seconds before it; a moment that has come is looked at as it is.
    fixture.pass(moment.saturating_sub(now + 5)).await.unwrap();
    for lease in &deployed.leases {
        let client = gateway::client_for(&fixture.market, deployed.tenant, &lease.provider);
        let client = client.await.unwrap();
        let deadline = Instant::now() + TIMEOUT;
        loop {
            let status = client.lease_status(lease.order).await.unwrap();
            let (_, now) = fixture.market.now().await.unwrap();
            if status.phase == Phase::Suspended {
                assert!(now >= moment, "suspended at {now}, which is before {moment}");
                if pods(&status) == 0 {
                    break;
                }
            } else if now < moment {
                assert_eq!(status.phase, Phase::Ready, "at {now}, before {moment}");
            }
            assert!(Instant::now() < deadline, "lease {}: {status:?}", lease.order);
            sleep(POLL).await;
        }
    }
    fixture.pass(fixture.periods.pause).await.unwrap();
    let height = fixture.market.now().await.unwrap().0 - 1;
    deployed.ledger.run(fixture.time_of(height).await);
    assert!(deployed.ledger.is_depleted());
    let account = fixture.market.at(height).escrow.account(deployed.account).await.unwrap();
    assert_eq!(account.clock.depleted_since, Some(moment), "depleted to the second");
    let streams = fixture.market.at(height).escrow.streams(deployed.account).await.unwrap();
    let earned: Vec<u128> = streams.iter().map(|stream| stream.earned.u128()).collect();
    assert_eq!(earned, deployed.ledger.earned(), "unfunded time costs nobody anything");
}

fn pods(status: &LeaseStatus) -> usize {
    status.services.iter().map(|service| service.pods.len()).sum()
}

/// Another's deposit, to be returned whole.
pub(super) struct Supporters {
    held: u128,
    fee: u128,
}

impl Supporters {
    pub(super) async fn came_back(self, fixture: &Fixture) {
        let held = fixture.balance(&fixture.supporter.address).await;
        assert_eq!(held, self.held - self.fee, "the supporter has everything but the gas");
    }
}

/// Half of the least runway is held and starts nothing.
pub(super) async fn too_little_starts_nothing(
    fixture: &Fixture,
    deployed: &mut Deployed<'_>,
) -> Supporters {
    let held = fixture.balance(&fixture.supporter.address).await;
    let runway = fixture.market.escrow.config().await.unwrap().min_runway;
    let amount = deployed.ledger.rate() * u128::from(runway) / 3_600 / 2;
    let outcome = fixture.top_up(&fixture.supporter, deployed.account, amount).await;
    deployed.ledger.deposit(amount, fixture.time_of(outcome.height).await);
    let account = fixture.market.escrow.account(deployed.account).await.unwrap();
    assert!(account.clock.depleted_since.is_some() && deployed.ledger.is_depleted());
    Supporters { held, fee: outcome.fee.iter().map(|coin| coin.amount).sum() }
}

/// With enough for some time the workloads run again.
pub(super) async fn enough_starts_it_again(fixture: &Fixture, deployed: &mut Deployed<'_>) {
    let amount = fixture.periods.cost(deployed.ledger.rate(), 20);
    let outcome = fixture.top_up(deployed.tenant, deployed.account, amount).await;
    deployed.ledger.deposit(amount, fixture.time_of(outcome.height).await);
    assert!(!deployed.ledger.is_depleted());
    for lease in &deployed.leases {
        is_ready(fixture, deployed.tenant, lease).await;
    }
    fixture.pass(fixture.periods.step).await.unwrap();
}
