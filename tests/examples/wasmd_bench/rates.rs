//! How many transactions the chain takes in a second, and what processor time they need.

use anyhow::Result;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use souk_chain::Any;

use souk_tests::bench::{Account, Accounts, Batch, DEPOSIT, Fixture, PRICE, created};

use crate::gas::MANY;

/// Bank sends.
const SENDS: usize = 600;
/// Lifecycles side by side.
const LIVES: usize = 200;

/// How often all of it is measured, sends and lifecycles in turn.
const ROUNDS: usize = 5;
/// What is measured, in the order of a life; the first is what all is compared to.
const STEPS: [&str; 6] =
    ["bank send", "create a deployment", "bid", "accept", "close and refund", "withdraw"];

/// What one life does in a step: whether its tenant sends it, and the messages.
type Step<'a> = &'a dyn Fn(&Account, &Account, usize) -> (bool, Vec<Any>);

/// Transactions a second, and processor seconds of the node for 1,000 of them.
#[derive(Clone, Copy)]
struct Rate {
    a_second: f64,
    cpu: f64,
}

impl From<&Batch> for Rate {
    fn from(batch: &Batch) -> Self {
        let count = batch.done.len() as f64;
        Self { a_second: count / batch.seconds, cpu: batch.cpu * 1_000.0 / count }
    }
}

/// Measures and prints.
pub async fn print(fixture: &Fixture, accounts: &Accounts) -> Result<()> {
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        rounds.push(round(fixture, accounts).await?);
    }
    println!("\n| | transactions | a second | times a send | CPU s for 1,000 | times a send |");
    println!("|---|---|---|---|---|---|");
    let row = |name: &str, count: usize, of: &dyn Fn(&[Rate]) -> Rate| {
        let all = |value: &dyn Fn(Rate, Rate) -> f64| {
            median(rounds.iter().map(|round| value(of(round), round[0])))
        };
        println!(
            "| {name} | {ROUNDS} times {count} | {:.0} | {:.2} | {:.2} | {:.2} |",
            all(&|one, _| one.a_second),
            all(&|one, send| one.a_second / send.a_second),
            all(&|one, _| one.cpu),
            all(&|one, send| one.cpu / send.cpu),
        );
    };
    for (at, name) in STEPS.into_iter().enumerate() {
        row(name, if at == 0 { SENDS } else { LIVES }, &|round| round[at]);
    }
    row("whole lifecycle (these five)", LIVES, &life);
    let ratios = rounds.iter().map(|round| format!("{:.2}", life(round).cpu / round[0].cpu));
    let ratios: Vec<String> = ratios.collect();
    println!(
        "\nmedians of {ROUNDS} rounds; a lifecycle's processor time in sends: {}",
        ratios.join(", ")
    );
    Ok(())
}

/// The steps of a life together.
fn life(round: &[Rate]) -> Rate {
    let steps = &round[1..];
    let seconds: f64 = steps.iter().map(|step| 1.0 / step.a_second).sum();
    Rate { a_second: 1.0 / seconds, cpu: steps.iter().map(|step| step.cpu).sum() }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Sends, then lives: the rates of [`STEPS`].
async fn round(fixture: &Fixture, accounts: &Accounts) -> Result<Vec<Rate>> {
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
    // What a lease earned in a test is held until it ends.
    let closes = step(&|tenant, _, at| {
        let account = lives[at].account;
        (true, vec![tenant.close(fixture, lives[at].id), tenant.refund(fixture, account)])
    });
    let closes = fixture.all(closes).await?;
    let withdrawals = step(&|_, provider, at| {
        (false, vec![provider.withdraw(fixture, lives[at].account, order(at))])
    });
    let withdrawals = fixture.all(withdrawals).await?;

    let batches = [&sends, &creating, &bids, &accepts, &closes, &withdrawals];
    Ok(batches.into_iter().map(Rate::from).collect())
}
