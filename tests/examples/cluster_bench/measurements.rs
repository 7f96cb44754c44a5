//! What is done and measured, in this order: rest; orders one at a time; a batch at once; rest;
//! more crowds; rest; orders one at a time beside all of those; the agent started again; the end.

use std::time::Duration;

use anyhow::{Context as _, Result};
use souk_core::OrderId;
use tokio::time::{Instant, sleep};

use crate::{
    Size,
    fixture::{Fixture, Order},
    observations::Step,
    process::{self, Memory},
    requests::Requests,
};

/// All metrics.
pub struct Results {
    /// At rest without, with some and with all leases.
    pub rests: Vec<Rest>,
    /// Leases deployed one at a time, a batch of them, and one at a time beside all others.
    pub deploys: Vec<Deploys>,
    /// Those of the first and the last leases.
    pub ends: Vec<Ends>,
    pub restart: Restart,
}

/// The agent with nothing to do.
pub struct Rest {
    pub leases: usize,
    pub memory: Memory,
    pub minutes: f64,
    pub requests: Requests,
    /// Processor seconds of the agent, and of the API server.
    pub processor: (f64, f64),
}

/// Leases that came to be.
pub struct Deploys {
    pub what: String,
    /// From an order's event to the bid.
    pub blocks: Vec<u64>,
    /// From the manifest's acceptance.
    pub applied: Vec<Duration>,
    pub ready: Vec<Duration>,
    pub requests: Requests,
    pub processor: f64,
}

/// Leases that ended, from their close on.
pub struct Ends {
    pub what: String,
    pub torn_down: Vec<Duration>,
    pub gone: Vec<Duration>,
    pub requests: Requests,
    pub processor: f64,
}

/// The agent was started again.
pub struct Restart {
    pub gateway: Duration,
    pub all: Duration,
    /// Of a manifest that came when the gateway answered.
    pub newcomer: Duration,
    pub requests: Requests,
    pub processor: f64,
    /// Before, when all was applied, and when all leases had ended.
    pub memory: [Memory; 3],
}

/// What is counted from a moment on.
struct Mark {
    requests: Requests,
    agent: f64,
    api_server: f64,
}

impl Fixture {
    async fn mark(&self) -> Result<Mark> {
        Ok(Mark {
            requests: self.counter.read().await?,
            agent: process::processor(self.agent()?)?,
            api_server: process::processor(self.cluster.process("kube-apiserver")?)?,
        })
    }

    async fn since(&self, mark: &Mark) -> Result<Mark> {
        let now = self.mark().await?;
        Ok(Mark {
            requests: now.requests - &mark.requests,
            agent: now.agent - mark.agent,
            api_server: now.api_server - mark.api_server,
        })
    }

    async fn rest(&self, leases: usize, seconds: u64) -> Result<Rest> {
        eprintln!("{leases} leases at rest for {seconds} s");
        let (start, mark) = (Instant::now(), self.mark().await?);
        sleep(Duration::from_secs(seconds)).await;
        let minutes = start.elapsed().as_secs_f64() / 60.0;
        let used = self.since(&mark).await?;
        Ok(Rest {
            leases,
            memory: process::memory(self.agent()?)?,
            minutes,
            requests: used.requests,
            processor: (used.agent, used.api_server),
        })
    }

    /// From orders to running pods, all at once.
    async fn deploy(&mut self, what: &str, count: usize) -> Result<(Vec<Order>, Deploys)> {
        let mark = self.mark().await?;
        let orders = self.open_orders(count).await?;
        let (mut prices, mut blocks) = (Vec::new(), Vec::new());
        for order in &orders {
            let (price, after) = self.ledger.bid(order.id).await?;
            prices.push(price);
            blocks.push(after);
        }
        self.accept(&orders, &prices).await?;
        let taken = self.launch(&orders).await?;
        let ids = ids(&orders);
        let applied = self.observations.all(Step::Applied, &ids).await?;
        let ready = self.observations.all(Step::Ready, &ids).await?;
        let used = self.since(&mark).await?;
        let deploys = Deploys {
            what: what.to_owned(),
            blocks,
            applied: after(&taken, &applied),
            ready: after(&taken, &ready),
            requests: used.requests,
            processor: used.agent,
        };
        Ok((orders, deploys))
    }

    async fn deploy_one_by_one(
        &mut self,
        what: &str,
        count: usize,
    ) -> Result<(Vec<Order>, Deploys)> {
        eprintln!("{count} orders {what}");
        let (mut orders, mut all) = self.deploy(what, 1).await?;
        for _ in 1..count {
            let (order, one) = self.deploy(what, 1).await?;
            orders.extend(order);
            all.blocks.extend(one.blocks);
            all.applied.extend(one.applied);
            all.ready.extend(one.ready);
            all.requests += one.requests;
            all.processor += one.processor;
        }
        Ok((orders, all))
    }

    async fn end(&self, orders: &[Order]) -> Result<Ends> {
        eprintln!("{} leases end", orders.len());
        let mark = self.mark().await?;
        self.close(orders).await?;
        let closed = Instant::now();
        let ids = ids(orders);
        let torn_down = self.observations.all(Step::TornDown, &ids).await?;
        let gone = self.observations.all(Step::Gone, &ids).await?;
        let used = self.since(&mark).await?;
        let from = |to: Vec<Instant>| after(&vec![closed; to.len()], &to);
        Ok(Ends {
            what: format!("{} at once", orders.len()),
            torn_down: from(torn_down),
            gone: from(gone),
            requests: used.requests,
            processor: used.agent,
        })
    }

    /// Everything is applied once by an agent that knows nothing of what it did before. A lease
    /// is deployed meanwhile.
    async fn restart(&mut self, leases: &mut Vec<Order>) -> Result<Restart> {
        eprintln!("the agent is started again with {} leases", leases.len());
        let newcomer = self.open_orders(1).await?;
        let order = newcomer.first().context("an order was opened")?.id;
        let (price, _) = self.ledger.bid(order).await?;
        self.accept(&newcomer, &[price]).await?;
        let before = process::memory(self.agent()?)?;
        self.stop_agent().await;
        // What it said at last has been read by then.
        sleep(Duration::from_millis(100)).await;
        self.observations.forget(Step::Applied);
        let requests = self.counter.read().await?;
        let start = Instant::now();
        self.start_agent().await?;
        let gateway = start.elapsed();
        let taken = self.launch(&newcomer).await?;
        let all = self.observations.all(Step::Applied, &ids(leases)).await?;
        let all = all.into_iter().max().context("there are leases")? - start;
        // One that has just started has used no processor time before.
        let processor = process::processor(self.agent()?)?;
        let after_all = process::memory(self.agent()?)?;
        let memory = [before, after_all, after_all];
        let applied = self.observations.all(Step::Applied, &[order]).await?;
        let requests = self.counter.read().await? - &requests;
        self.observations.all(Step::Ready, &[order]).await?;
        leases.extend(newcomer);
        let newcomer = after(&taken, &applied).first().copied().context("it was applied")?;
        Ok(Restart { gateway, all, newcomer, requests, processor, memory })
    }
}

/// Runs it all.
pub async fn run(mut fixture: Fixture, size: Size) -> Result<Results> {
    match measure(&mut fixture, size).await {
        Ok(results) => {
            fixture.stop().await;
            Ok(results)
        }
        Err(error) => Err(error.context(fixture.log_tail())),
    }
}

async fn measure(fixture: &mut Fixture, size: Size) -> Result<Results> {
    let (mut rests, mut deploys, mut ends) = (Vec::new(), Vec::new(), Vec::new());
    // What is there at the start is listed and settles.
    sleep(Duration::from_secs(10)).await;
    rests.push(fixture.rest(0, size.rest.div_ceil(5)).await?);

    let (first, metrics) = fixture.deploy_one_by_one("one at a time", size.single).await?;
    deploys.push(metrics);
    ends.push(fixture.end(&first).await?);

    let mut leases = Vec::new();
    while leases.len() < size.leases {
        let count = size.batch.min(size.leases - leases.len());
        let what = format!("at once beside {} leases", leases.len());
        eprintln!("{count} orders {what}");
        let (orders, metrics) = fixture.deploy(&what, count).await?;
        let is_first = leases.is_empty();
        leases.extend(orders);
        deploys.push(metrics);
        if is_first {
            rests.push(fixture.rest(leases.len(), size.rest).await?);
        }
    }
    rests.push(fixture.rest(leases.len(), size.rest).await?);

    let what = format!("one at a time beside {} leases", leases.len());
    let (beside, metrics) = fixture.deploy_one_by_one(&what, size.single).await?;
    deploys.push(metrics);
    fixture.end(&beside).await?;

    let mut restart = fixture.restart(&mut leases).await?;
    ends.push(fixture.end(&leases).await?);
    restart.memory[2] = process::memory(fixture.agent()?)?;
    Ok(Results { rests, deploys, ends, restart })
}

fn ids(orders: &[Order]) -> Vec<OrderId> {
    orders.iter().map(|order| order.id).collect()
}

/// The time from each moment to the other. A line of the log may be read before the gateway's
/// answer.
fn after(from: &[Instant], to: &[Instant]) -> Vec<Duration> {
    from.iter().zip(to).map(|(from, to)| to.saturating_duration_since(*from)).collect()
}
