//! What each action costs on a wasmd node is what `gas.toml` says, within a fiftieth: a change that makes
//! something dearer or cheaper says so in that file.
//!
//! `SOUK_BLESS=1` writes the file again.
#![allow(clippy::unwrap_used)]

use std::{collections::BTreeMap, fs, path::PathBuf, time::Duration};

use anyhow::Result;
use souk_tests::{
    bench::{Accounts, Fixture, PRICE, Parties},
    tools,
};
use tokio::time::sleep;

/// Two of them bid.
const PROVIDERS: usize = 2;
/// Bids in one message.
const BIDS: usize = 20;
/// What gas may differ by from what is committed, as a divisor.
const TOLERANCE: u64 = 50;

/// For so long a lease runs before its coins move: something is earned then.
const EARNING: Duration = Duration::from_secs(3);

type Gas = BTreeMap<String, u64>;

fn file() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("gas.toml")
}

/// One gas figure for each action, in units of the chain.
async fn measure(fixture: &Fixture) -> Result<Gas> {
    let accounts = Accounts::create(fixture, PROVIDERS + 1).await?;
    let (providers, tenant) = accounts.0.split_at(PROVIDERS);
    let tenant = &tenant[0];
    let mut gas = Gas::new();
    let mut keep = |action: &str, used: u64| gas.insert(action.to_owned(), used);

    // An account's first transaction pays for its public key, too.
    for account in &accounts.0 {
        fixture.one(account, vec![account.send(tenant)]).await?;
    }
    keep("send", fixture.one(tenant, vec![tenant.send(&providers[0])]).await?.gas);
    let mut registered = 0;
    for provider in providers {
        registered = fixture.one(provider, vec![provider.register(fixture)]).await?.gas;
    }
    keep("register", registered);

    let parties = Parties { fixture, tenant, providers };
    keep("create a market's first deployment", parties.create(1, 1).await?.gas);
    keep("create", parties.create(1, 1).await?.gas);
    keep("create of 5 units", parties.create(1, 5).await?.gas);
    keep("create of 10 groups", parties.create(10, 1).await?.gas);

    let deployment = parties.create(1, 1).await?;
    let order = deployment.orders[0];
    let bids = parties.bids(order, PROVIDERS).await?;
    keep("bid", bids[0]);
    keep("accept", parties.accept(order).await?);
    sleep(EARNING).await;
    let deposit = providers[1].deposit(fixture, deployment.account, 1_000);
    keep("deposit", fixture.one(&providers[1], vec![deposit]).await?.gas);
    let release = providers[1].release(fixture, &[order]);
    keep("release a lost bid", fixture.one(&providers[1], vec![release]).await?.gas);
    keep("heartbeat", fixture.one(&providers[0], vec![providers[0].heartbeat(fixture)]).await?.gas);
    keep("close deployment", parties.close(&deployment).await?);
    // While a lease runs the pay of its last hours is held: what a test waits for is none that is paid out.
    keep("withdraw", parties.withdraw(&deployment).await?);
    let refund = tenant.refund(fixture, deployment.account);
    keep("refund", fixture.one(tenant, vec![refund]).await?.gas);

    let deployment = parties.leased(1).await?;
    sleep(EARNING).await;
    let close = tenant.close_lease(fixture, deployment.orders[0]);
    keep("close lease", fixture.one(tenant, vec![close]).await?.gas);

    fixture.one(&providers[0], vec![providers[0].set_quote_key(fixture)]).await?;
    let with_lease = parties.create_with_quotes(1, 1).await?;
    keep("create with lease", with_lease.gas);
    keep("create with leases of 10 groups", parties.create_with_quotes(10, 10).await?.gas);
    let deployment = parties.create(1, 1).await?;
    keep("accept a quote", parties.accept_quote(deployment.orders[0], 100).await?);
    sleep(EARNING).await;
    keep("close, pay-out and refund", parties.close_and_settle(&with_lease).await?);

    let mut orders = Vec::new();
    for _ in 0..BIDS {
        orders.extend(parties.create(1, 1).await?.orders);
    }
    let bids = providers[1].place_bids(fixture, &orders, PRICE);
    keep("20 bids in a message", fixture.one(&providers[1], vec![bids]).await?.gas);
    Ok(gas)
}

/// What differs by more than the tolerance, or stands on one side alone.
fn differences(committed: &Gas, measured: &Gas) -> Vec<String> {
    let mut actions: Vec<&String> = committed.keys().chain(measured.keys()).collect();
    actions.sort();
    actions.dedup();
    let differs = |action: &&String| {
        let (was, is) = (committed.get(*action), measured.get(*action));
        let (Some(was), Some(is)) = (was, is) else { return true };
        was.abs_diff(*is).saturating_mul(TOLERANCE) > *was
    };
    let text = |action: &String| {
        format!("{action}: {:?} committed, {:?} now", committed.get(action), measured.get(action))
    };
    actions.into_iter().filter(differs).map(text).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_action_costs_the_gas_that_is_committed() {
    if tools::or_not_run(tools::artifacts().and(tools::program("wasmd", "chain"))).is_none() {
        return;
    }
    let fixture = Fixture::start().await.unwrap();
    let measured = measure(&fixture).await.unwrap();
    fixture.stop().await;
    if std::env::var_os("SOUK_BLESS").is_some_and(|value| value == "1") {
        fs::write(file(), toml::to_string(&measured).unwrap()).unwrap();
        return;
    }
    let committed: Gas = toml::from_str(&fs::read_to_string(file()).unwrap()).unwrap();
    let differences = differences(&committed, &measured);
    assert!(
        differences.is_empty(),
        "gas differs by more than 2 % from tests/gas.toml; if that is meant, run \
         SOUK_BLESS=1 cargo test --workspace --test gas and commit it with the change:\n{}",
        differences.join("\n")
    );
}

#[test]
fn a_difference_of_more_than_a_fiftieth_is_told_either_way() {
    let gas = |bid: u64| Gas::from([("bid".to_owned(), bid)]);
    for (now, fine) in [(1_000, true), (1_020, true), (980, true), (1_021, false), (979, false)] {
        assert_eq!(differences(&gas(1_000), &gas(now)).is_empty(), fine, "{now}");
    }
    assert_eq!(differences(&gas(1_000), &Gas::new()).len(), 1);
    assert_eq!(differences(&Gas::new(), &gas(1_000)).len(), 1);
}
