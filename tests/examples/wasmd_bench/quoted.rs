//! The same by prices that providers sign: what loses is on no chain.

use anyhow::Result;
use souk_tests::bench::{Accounts, Fixture, PRICE, Parties};

use super::gas::{MANY, grouped};

/// How many sign a price for one group.
const BIDDERS: usize = 1_000;

/// Measures and prints the table. The first [`MANY`] of the accounts are registered.
pub async fn print(fixture: &Fixture, accounts: &Accounts) -> Result<()> {
    let (providers, rest) = accounts.0.split_at(BIDDERS);
    let parties = Parties { fixture, tenant: &rest[0], providers };
    for some in providers[MANY..].chunks(100) {
        fixture.all(some.iter().map(|one| (one, vec![one.register(fixture)])).collect()).await?;
    }
    for some in providers.chunks(100) {
        let keys = some.iter().map(|one| (one, vec![one.set_quote_key(fixture)]));
        fixture.all(keys.collect()).await?;
    }
    println!("\n| by quotes | gas |\n|---|---|");
    let row = |step: &str, gas: &[u64]| {
        let gas: Vec<String> = gas.iter().map(|gas| grouped(*gas)).collect();
        println!("| {step} | {} |", gas.join(" / "));
    };
    let (mut creates, mut cycles) = (Vec::new(), Vec::new());
    for (bidders, nonce) in [(1, 1), (20, 2), (200, 3), (BIDDERS, 4)] {
        let deployment = parties.create_with_the_best_of(bidders, nonce).await?;
        creates.push(deployment.gas);
        cycles.push(deployment.gas + parties.close_and_settle(&deployment).await?);
    }
    row("create with lease, of 1 / 20 / 200 / 1,000 bidders", &creates);
    row("whole cycle: that; then close, pay-out and refund in one transaction", &cycles);
    let mut creates = Vec::new();
    for (groups, nonce) in [(10, 100), (20, 200)] {
        creates.push(parties.create_with_quotes(groups, nonce).await?.gas);
    }
    row("create with 10 / 20 leases", &creates);
    let order = parties.create(1, 1).await?.orders[0];
    row("accept a quote for an open order", &[parties.accept_quote(order, 300).await?]);

    let bidder = &providers[1];
    let mut gas = Vec::new();
    for count in [1, 20, 50] {
        let mut orders = Vec::new();
        while orders.len() < count {
            orders.extend(parties.create(count.min(10), 1).await?.orders);
        }
        let bids = bidder.place_bids(fixture, &orders[..count], PRICE);
        gas.push(fixture.one(bidder, vec![bids]).await?.gas / count as u64);
    }
    row("a bid of 1 / 20 / 50 in one message", &gas);
    Ok(())
}
