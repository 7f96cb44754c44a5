//! Fees: what is taken, and who gets it.

use souk_api::fees;
use souk_chain::Coin;
use souk_core::{Denom, time::DAY};

use crate::fixture::{Fixture, STAKE};

pub(super) fn denom(fixture: &Fixture) -> Denom {
    Denom::native(fixture.market.network.denom.clone())
}

pub(super) async fn take_bps(fixture: &Fixture) -> u16 {
    fixture.market.orderbook.config().await.unwrap().denoms[0].take_bps
}

pub(super) async fn stake(fixture: &Fixture) {
    let coins = Coin::new(STAKE, fixture.market.network.denom.clone());
    let contract = &fixture.market.contracts.fee_distributor;
    let message = fees::ExecuteMsg::Stake {};
    let message = fixture.staker.execute(contract, &message, &[coins]).unwrap();
    fixture.staker.send("staking", vec![message]).await.unwrap();
}

/// The fees are what was worked out; the pool gets its part at once, the staker second by second.
pub(super) async fn distribution_reaches_pool_and_staker(fixture: &Fixture, fees: u128) {
    let (market, denom) = (&fixture.market, denom(fixture));
    let config = market.fees.config().await.unwrap();
    let taken = market.escrow.totals(&denom).await.unwrap().fees;
    assert_eq!(taken.u128(), fees, "the fees of all streams");
    let pool = fixture.balance(&fixture.pool).await;
    let mut messages = market.distribution(&fixture.stranger.address, &denom).unwrap();
    messages.push(market.pool_payment(&fixture.stranger.address, &denom).unwrap());
    let outcome = fixture.stranger.send("distributing", messages).await.unwrap();
    let start = fixture.time_of(outcome.height).await;
    let stakers = fees * u128::from(config.split.stakers_bps) / 10_000;
    assert_eq!(fixture.balance(&fixture.pool).await - pool, fees - stakers, "the pool's part");

    fixture.pass(fixture.periods.drip).await.unwrap();
    let claim = fees::ExecuteMsg::ClaimRewards {
        staker: fixture.staker.address.clone(),
        denoms: vec![denom.clone()],
    };
    let contract = &market.contracts.fee_distributor;
    let claim = fixture.stranger.execute(contract, &claim, &[]).unwrap();
    let held = fixture.balance(&fixture.staker.address).await;
    let outcome = fixture.stranger.send("claiming", vec![claim]).await.unwrap();
    let got = fixture.balance(&fixture.staker.address).await - held;
    // It drips to the end of the day in which the period ends.
    let end = (start + config.drip_period).div_ceil(DAY) * DAY;
    let passed = fixture.time_of(outcome.height).await.min(end) - start;
    let exact = stakers * u128::from(passed) / u128::from(end - start);
    assert!(got > 0 && exact - got <= 1, "the staker got {got} of {exact} dripped");
}
