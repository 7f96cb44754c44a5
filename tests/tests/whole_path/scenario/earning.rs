//! What accounts hold and streams earn, to the unit; and what of it is held.

use souk_api::escrow::ExecuteMsg as Escrow;

use super::{Deployed, fees::take_bps};
use crate::fixture::Fixture;

/// What the contracts say of accounts, at one block, is what the ledgers say.
pub(super) async fn accounts_are_exact(fixture: &Fixture, all: [&mut Deployed<'_>; 2]) {
    // The newest block's state may not be there yet.
    let height = fixture.market.now().await.unwrap().0 - 1;
    let (then, now) = (fixture.market.at(height), fixture.time_of(height).await);
    for deployed in all {
        let ledger = &mut deployed.ledger;
        ledger.run(now);
        let account = then.escrow.account(deployed.account).await.unwrap();
        assert_eq!(account.balance.u128(), ledger.left(), "what is left at {now}");
        assert_eq!(account.clock.rate.u128(), ledger.rate());
        assert_eq!(account.clock.depleted_since.is_some(), ledger.is_depleted());
        if !ledger.is_depleted() {
            assert_eq!(account.depletion, Some(ledger.depletion()), "depletion as of {now}");
        }
        let streams = then.escrow.streams(deployed.account).await.unwrap();
        let earned: Vec<u128> = streams.iter().map(|stream| stream.earned.u128()).collect();
        assert_eq!(earned, ledger.earned(), "earned by {now}");
    }
}

/// A stranger lets the payees be paid: while a lease runs the pay of its last day is held, and it is all of it
/// here. What it comes to is shown.
pub(super) async fn the_pay_of_the_last_day_is_held(fixture: &Fixture, deployed: &Deployed<'_>) {
    let bps = u128::from(take_bps(fixture).await);
    for (at, lease) in deployed.leases.iter().enumerate() {
        let stream = lease.order.0;
        let had = fixture.balance(&lease.provider).await;
        let message = Escrow::Withdraw { account: deployed.account, stream };
        let message = fixture.escrow(&fixture.stranger, &message);
        let outcome = fixture.stranger.send("withdrawing", vec![message]).await.unwrap();
        assert_eq!(fixture.balance(&lease.provider).await, had, "nothing is paid out yet");
        // The newest block's state may not be there yet.
        let height = outcome.height - 1;
        let then = fixture.market.at(height);
        let shown = then.escrow.stream(deployed.account, stream).await.unwrap().unwrap();
        let mut ledger = deployed.ledger.clone();
        ledger.run(fixture.time_of(height).await);
        let earned = ledger.earned()[at];
        assert_eq!((shown.paid.u128(), shown.owed.u128()), (0, 0));
        assert_eq!(shown.held.u128(), earned - earned * bps / 10_000, "what is held");
    }
}
