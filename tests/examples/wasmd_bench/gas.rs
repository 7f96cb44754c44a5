//! The gas of each action, beside Akash's.

use anyhow::Result;
use souk_tests::bench::{Accounts, Fixture, PRICE, Parties};

/// How many bid on the order with the most bids.
pub const MANY: usize = 300;
/// Measures and prints the table.
pub async fn print(fixture: &Fixture, accounts: &Accounts) -> Result<()> {
    let (providers, rest) = accounts.0.split_at(MANY);
    let (tenant, strangers) = (&rest[0], &rest[1..]);
    let parties = Parties { fixture, tenant, providers };
    println!("| step | gas | Akash's |\n|---|---|---|");
    let row = |step: &str, ours: &[u64], theirs: &str| {
        let ours: Vec<String> = ours.iter().map(|gas| grouped(*gas)).collect();
        println!("| {step} | {} | {theirs} |", ours.join(" / "));
    };

    // An account's first transaction pays for its public key, too.
    fixture.one(tenant, vec![tenant.send(&providers[0])]).await?;
    let sent = fixture.one(tenant, vec![tenant.send(&providers[0])]).await?.gas;
    row("bank send (the floor of any transaction)", &[sent], "66,754");

    let first = providers.iter().zip(providers.iter().skip(1));
    fixture.all(first.map(|(one, other)| (one, vec![one.send(other)])).collect()).await?;
    let last = &providers[MANY - 1];
    fixture.one(last, vec![last.send(tenant)]).await?;
    let registering = providers.iter().map(|one| (one, vec![one.register(fixture)])).collect();
    let registered = fixture.all(registering).await?;
    row("create provider, 3 attributes", &[registered.done[0].gas], "56,566");

    // A market's first deployment also asks escrow and registry for their links.
    let first = parties.create(1, 1).await?.gas;
    row("the market's first deployment, 1 unit", &[first], "-");
    let mut gas = Vec::new();
    for (groups, units) in [(1, 1), (1, 5), (10, 1), (20, 1)] {
        gas.push(parties.create(groups, units).await?.gas);
    }
    row(
        "create deployment, 1 unit / 5 units / 10 groups / 20 groups",
        &gas,
        "139,255 / 166,208 / 541,576 / 989,296",
    );

    let many = parties.create(1, 1).await?;
    let bids = parties.bids(many.orders[0], MANY).await?;
    let at = |number: usize| bids[number - 1];
    row(
        "bid number 1 / 20 / 100 / 200 / 300 on one order",
        &[at(1), at(20), at(100), at(200), at(300)],
        "123,619 / 134,812 / 179,692 / 235,918 / -",
    );
    let ratio = at(300) as f64 / at(1) as f64;

    let (mut accepts, mut closes) = (Vec::new(), Vec::new());
    for losers in [0, 1, 20, 100, 199] {
        let deployment = parties.create(1, 1).await?;
        parties.bids(deployment.orders[0], losers + 1).await?;
        accepts.push(parties.accept(deployment.orders[0]).await?);
        if matches!(losers, 20 | 199) {
            closes.push(parties.close(&deployment).await?);
        }
    }
    accepts.push(parties.accept(many.orders[0]).await?);
    row(
        "accept with 0 / 1 / 20 / 100 / 199 / 299 losers",
        &accepts,
        "mended: 164,834 / 235,099 / 1,560,045 / 7,138,765 / 14,042,431 / -",
    );

    let mut leased = Vec::new();
    for groups in [1, 10, 20] {
        leased.push(parties.leased(groups).await?);
    }
    let mut gas = Vec::new();
    for stranger in strangers.iter().take(21) {
        let message = stranger.deposit(fixture, leased[0].account, 1_000);
        gas.push(fixture.one(stranger, vec![message]).await?.gas);
    }
    row("deposit, first / after 20 others", &[gas[0], gas[20]], "83,172 / 137,754");

    let (one, twenty) = (parties.leased(1).await?, parties.leased(20).await?);
    let mut gas = Vec::new();
    for deployment in [&one, &twenty] {
        let message = tenant.close_lease(fixture, deployment.orders[0]);
        gas.push(fixture.one(tenant, vec![message]).await?.gas);
    }
    row("close lease, 1 / 20 leases", &gas, "243,143 / 436,930");

    let mut gas = Vec::new();
    for deployment in &leased {
        gas.push(parties.close(deployment).await?);
    }
    row("close deployment with 1 / 10 / 20 leases", &gas, "295,776 / 1,830,180 / 3,715,680");
    let mut gas = Vec::new();
    for deployment in &leased {
        gas.push(parties.withdraw(deployment).await?);
    }
    row("withdraw, of 1 / 10 / 20 leases that ended", &gas, "90,692 / 180,386 / 280,306");
    row(
        "close deployment after accept with 20 / 199 losers",
        &closes,
        "as shipped: 1,629,927 / 14,351,457",
    );

    for losers in [20_usize, 200] {
        let (total, of_bids, release) = cycle(&parties, losers).await?;
        let theirs = if losers == 20 { "about 4,700,000, of it bids 2,600,000" } else { "-" };
        row(
            &format!(
                "whole cycle, 1 unit, {losers} bids / of it bids / besides, each loser's release by itself"
            ),
            &[total, of_bids, release],
            theirs,
        );
    }
    release(&parties, &row).await?;
    println!("\nbid 300 against bid 1 on one order: {ratio:.3} times the gas");
    Ok(())
}

/// A provider gets its slots back in batches.
async fn release(parties: &Parties<'_>, row: &impl Fn(&str, &[u64], &str)) -> Result<()> {
    let (fixture, loser) = (parties.fixture, &parties.providers[1]);
    let mut orders = Vec::new();
    for _ in 0..3 {
        orders.extend(parties.create(17, 1).await?.orders);
    }
    let bids = orders.iter().map(|order| loser.bid(fixture, *order, PRICE));
    fixture.one(loser, bids.collect()).await?;
    let winner = &parties.providers[2];
    let bids = orders.iter().map(|order| winner.bid(fixture, *order, PRICE));
    fixture.one(winner, bids.collect()).await?;
    let accepts = parties.tenant.accept_all(fixture, &orders, winner, PRICE).await?;
    fixture.one(parties.tenant, accepts).await?;
    let (one, fifty) = orders.split_at(1);
    let mut gas = Vec::new();
    for some in [one, fifty] {
        gas.push(fixture.one(loser, vec![loser.release(fixture, some)]).await?.gas);
    }
    row("release 1 / 50 lost bids of a provider in one transaction", &gas, "- (deposits locked)");
    Ok(())
}

/// From the deployment's creation to everyone's money at home.
async fn cycle(parties: &Parties<'_>, count: usize) -> Result<(u64, u64, u64)> {
    let fixture = parties.fixture;
    let deployment = parties.create(1, 1).await?;
    let order = deployment.orders[0];
    let bids: u64 = parties.bids(order, count).await?.iter().sum();
    let mut total = deployment.gas + bids + parties.accept(order).await?;
    total += parties.close(&deployment).await?;
    total += parties.withdraw(&deployment).await?;
    let refund = parties.tenant.refund(fixture, deployment.account);
    total += fixture.one(parties.tenant, vec![refund]).await?.gas;
    let losers = parties.providers.iter().take(count).skip(1);
    let releases = losers.map(|one| (one, vec![one.release(fixture, &[order])])).collect();
    let release = fixture.all(releases).await?.done.iter().map(|done| done.gas).sum();
    Ok((total, bids, release))
}

/// A number with commas.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
