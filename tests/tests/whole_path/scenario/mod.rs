//! What happens.

mod depletion;
mod earning;
mod ending;
mod fees;
mod leasing;

use std::{collections::BTreeMap, time::Duration};

use souk_api::orderbook::LeaseResponse;
use souk_client::{deploy, gateway, wallet::Wallet};
use souk_core::{AccountId, DeploymentId};
use souk_localnet::scenario::Environment;

use crate::{fixture::Fixture, ledger::Ledger, supply::SupplyCheck};
use depletion::{
    depletion, enough_starts_it_again, takes_back_all_but_the_runway, too_little_starts_nothing,
};
use earning::{accounts_are_exact, the_pay_of_the_last_day_is_held};
use ending::close;
use fees::{denom, distribution_reaches_pool_and_staker, stake, take_bps};
use leasing::{auction, tenants_choice};

const TIMEOUT: Duration = Duration::from_secs(180);
const POLL: Duration = Duration::from_millis(100);

/// A deployment with its leases, and what its account ought to be.
struct Deployed<'a> {
    tenant: &'a Wallet,
    id: DeploymentId,
    account: AccountId,
    leases: Vec<LeaseResponse>,
    ledger: Ledger,
}

/// All of it. At a failure the ends of all logs are printed.
pub async fn run(environment: Environment) {
    let fixture = std::sync::Arc::new(Fixture::start(environment).await);
    let outcome = {
        let fixture = fixture.clone();
        tokio::spawn(async move { play(&fixture).await }).await
    };
    if let Err(failed) = outcome {
        eprintln!("{}", fixture.log_tails());
        std::panic::resume_unwind(failed.into_panic());
    }
    let fixture = std::sync::Arc::into_inner(fixture).expect("nobody else holds it");
    fixture.stop().await;
}

async fn play(fixture: &Fixture) {
    stake(fixture).await;
    let supply = SupplyCheck::start(fixture).await;
    let before = payees(fixture).await;

    let mut bobs = auction(fixture).await;
    supply.check(fixture).await;
    let mut anns = tenants_choice(fixture).await;
    supply.check(fixture).await;

    for _ in 0..2 {
        fixture.pass(fixture.periods.step).await.unwrap();
        accounts_are_exact(fixture, [&mut anns, &mut bobs]).await;
    }
    the_pay_of_the_last_day_is_held(fixture, &anns).await;
    supply.check(fixture).await;

    takes_back_all_but_the_runway(fixture, &mut anns).await;
    supply.check(fixture).await;
    depletion(fixture, &mut anns).await;
    supply.check(fixture).await;
    let supporters = too_little_starts_nothing(fixture, &mut anns).await;
    enough_starts_it_again(fixture, &mut anns).await;
    accounts_are_exact(fixture, [&mut anns, &mut bobs]).await;
    supply.check(fixture).await;

    let mut earned = BTreeMap::new();
    for deployed in [&mut anns, &mut bobs] {
        close(fixture, deployed).await;
        for (lease, amount) in deployed.leases.iter().zip(deployed.ledger.earned()) {
            let fee = amount * u128::from(take_bps(fixture).await) / 10_000;
            let (net, fees) = earned.entry(lease.provider.clone()).or_insert((0, 0));
            (*net, *fees) = (*net + amount - fee, *fees + fee);
        }
        supply.check(fixture).await;
    }
    for (payee, held) in payees(fixture).await {
        let (net, _) = earned.get(&payee).copied().unwrap_or_default();
        assert_eq!(held - before[&payee], net, "{payee} got what it earned less the fee");
    }
    supporters.came_back(fixture).await;
    let held = fixture.market.escrow.totals(&denom(fixture)).await.unwrap().held;
    assert_eq!(held.u128(), 0, "everything was paid out");
    distribution_reaches_pool_and_staker(fixture, earned.values().map(|(_, fee)| fee).sum()).await;
    supply.check(fixture).await;
}

/// What the providers' own accounts hold.
async fn payees(fixture: &Fixture) -> BTreeMap<String, u128> {
    let mut held = BTreeMap::new();
    for provider in &fixture.providers {
        held.insert(provider.address.clone(), fixture.balance(&provider.address).await);
    }
    held
}

async fn is_ready(fixture: &Fixture, tenant: &Wallet, lease: &LeaseResponse) {
    let client = gateway::client_for(&fixture.market, tenant, &lease.provider).await.unwrap();
    deploy::wait_until_ready(&client, lease.order, TIMEOUT, |_| ()).await.unwrap();
}
