//! How many transactions the chain takes in a second, and what processor time they need.

use anyhow::Result;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use souk_chain::Any;

use crate::{
    accounts::{Account, Accounts},
    fixture::{Batch, Fixture},
    gas::{DEPOSIT, MANY, PRICE, created},
};

/// Bank sends.
const SENDS: usize = 600;
/// Lifecycles side by side.
const LIVES: usize = 200;

/// What one life does in a step: whether its tenant sends it, and the messages.
type Step<'a> = &'a dyn Fn(&Account, &Account, usize) -> (bool, Vec<Any>);

/// Measures and prints.
pub async fn print(fixture: &Fixture, accounts: &Accounts) -> Result<()> {
    let (providers, rest) = accounts.0.split_at(MANY);
    let everyone = || accounts.0.iter();
    let sends = everyone().zip(everyone().skip(1)).take(SENDS);
    let sends = fixture.all(sends.map(|(from, to)| (from, vec![from.send(to)])).collect()).await?;

    let tenants = &rest[..LIVES];
    let pairs = || tenants.iter().zip(providers);
    let creating = tenants.iter().map(|one| (one, vec![one.create(fixture, 1, 1, DEPOSIT)]));
    let creating = fixture.all(creating.collect()).await?;
    let mut lives = Vec::new();
    for done in &creating.done {
        lives.push(created(fixture, done).await?);
    }
    let step = |of: Step<'_>| {
        let txs = pairs().enumerate().map(|(at, (tenant, provider))| {
            let (by_tenant, messages) = of(tenant, provider, at);
            (if by_tenant { tenant } else { provider }, messages)
        });
        txs.collect::<Vec<_>>()
    };
    let order = |at: usize| lives[at].orders[0];
    let bids = step(&|_, provider, at| (false, vec![provider.bid(fixture, order(at), PRICE)]));
    let bids = fixture.all(bids).await?;
    let accepting = pairs().enumerate().map(|(at, (tenant, provider))| async move {
        anyhow::Ok((tenant, vec![tenant.accept(fixture, order(at), provider, PRICE).await?]))
    });
    let accepts = stream::iter(accepting).buffered(8).try_collect().await?;
    let accepts = fixture.all(accepts).await?;
    let withdrawals = step(&|_, provider, at| {
        (false, vec![provider.withdraw(fixture, lives[at].account, order(at))])
    });
    let withdrawals = fixture.all(withdrawals).await?;
    let closes = step(&|tenant, _, at| {
        let account = lives[at].account;
        let messages = vec![
            tenant.close(fixture, lives[at].id),
            tenant.refund(fixture, account),
            tenant.withdraw(fixture, account, order(at)),
        ];
        (true, messages)
    });
    let closes = fixture.all(closes).await?;

    println!("\n| | transactions | a second | times a send | CPU s for 1,000 | times a send |");
    println!("|---|---|---|---|---|---|");
    let rate = |batch: &Batch| batch.done.len() as f64 / batch.seconds;
    let cpu = |batch: &Batch| batch.cpu * 1_000.0 / batch.done.len() as f64;
    let row = |name: &str, count: usize, rate_is: f64, cpu_is: f64| {
        println!(
            "| {name} | {count} | {rate_is:.0} | {:.2} | {cpu_is:.2} | {:.2} |",
            rate_is / rate(&sends),
            cpu_is / cpu(&sends)
        );
    };
    let steps = [
        ("create a deployment", &creating),
        ("bid", &bids),
        ("accept", &accepts),
        ("withdraw", &withdrawals),
        ("close, refund and pay out", &closes),
    ];
    for (name, batch) in [("bank send", &sends)].into_iter().chain(steps) {
        row(name, batch.done.len(), rate(batch), cpu(batch));
    }
    let seconds: f64 = steps.iter().map(|(_, batch)| batch.seconds).sum();
    let processor: f64 = steps.iter().map(|(_, batch)| batch.cpu).sum();
    row(
        "whole lifecycle (these five)",
        LIVES,
        LIVES as f64 / seconds,
        processor * 1_000.0 / LIVES as f64,
    );
    Ok(())
}
