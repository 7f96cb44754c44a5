//! What is done and measured, in this order: rest; orders one at a time; a batch at once; rest;
//! more batches; rest; orders one at a time beside all of those; changes to single leases; the agent
//! started again; the end; orders beside many open ones.

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
    /// Single leases that changed, beside few and beside all.
    pub changes: Vec<Changes>,
    pub restart: Restart,
    /// Beside none and beside many open orders.
    pub bids: Vec<Bids>,
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

/// Changes to single leases, one after the other.
pub struct Changes {
    pub what: &'static str,
    /// Leases that run.
    pub beside: usize,
    pub count: usize,
    /// From a manifest's acceptance to its objects; empty for changes that need no request.
    pub applied: Vec<Duration>,
    pub used: Used,
}

/// What something cost.
pub struct Used {
    pub requests: Requests,
    pub processor: f64,
}

/// Bids on orders.
pub struct Bids {
    pub what: &'static str,
    /// Orders that are open.
    pub beside: usize,
    /// From an order's event to the bid.
    pub blocks: Vec<u64>,
}

/// The agent was started again.
pub struct Restart {
    pub gateway: Duration,
    /// Of a manifest that came when the gateway answered.
    pub newcomer: Duration,
    pub requests: Requests,
    pub processor: f64,
    /// Before, after the start, and when all leases had ended.
    pub memory: [Memory; 3],
}

/// Longer than the agent works on what has just happened.
const SETTLED: Duration = Duration::from_secs(5);

/// What is counted from a moment on.
struct Mark {
    at: Instant,
    requests: Requests,
    agent: f64,
    api_server: f64,
}

impl From<Mark> for Used {
    fn from(mark: Mark) -> Self {
        Self { requests: mark.requests, processor: mark.agent }
    }
}

impl Fixture {
    async fn mark(&self) -> Result<Mark> {
        Ok(Mark {
            at: Instant::now(),
            requests: self.counter.read().await?,
            agent: process::processor(self.agent()?)?,
            api_server: process::processor(self.cluster.process("kube-apiserver")?)?,
        })
    }

    async fn since(&self, mark: &Mark) -> Result<Mark> {
        let now = self.mark().await?;
        Ok(Mark {
            at: now.at,
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
        let (mut bids, mut blocks) = (Vec::new(), Vec::new());
        for order in &orders {
            let (bid, after) = self.ledger.bid(order.id).await?;
            bids.push(bid);
            blocks.push(after);
        }
        self.accept(&orders, &bids).await?;
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

    /// Single leases change, one after the other: new manifests, then what needs no request.
    async fn changes(&self, leases: &mut [Order], count: usize) -> Result<Vec<Changes>> {
        eprintln!("{count} changes of each kind beside {} leases", leases.len());
        let beside = leases.len();
        let mark = self.mark().await?;
        let mut applied = Vec::new();
        for order in leases.iter_mut().take(count) {
            self.update(order).await?;
            self.observations.forget(order.id, Step::Applied);
            let taken = self.launch(std::slice::from_ref(order)).await?;
            let seen = self.observations.all(Step::Applied, &[order.id]).await?;
            applied.extend(after(&taken, &seen));
        }
        let used = self.since(&mark).await?;
        let manifests =
            Changes { what: "new manifests", beside, count, applied, used: used.into() };

        let mark = self.mark().await?;
        self.deposit(leases, count).await?;
        sleep(SETTLED).await;
        let deposits = self.quiet("deposits", beside, count, &mark).await?;

        let mark = self.mark().await?;
        self.touch_pods(&ids(leases), count).await?;
        sleep(SETTLED).await;
        let pods = self.quiet("changes of a pod", beside, count, &mark).await?;
        Ok(vec![manifests, deposits, pods])
    }

    /// What changes cost beyond what the agent uses at rest in the same time.
    async fn quiet(
        &self,
        what: &'static str,
        beside: usize,
        count: usize,
        mark: &Mark,
    ) -> Result<Changes> {
        let during = self.since(mark).await?;
        let rest = self.mark().await?;
        sleep(during.at - mark.at).await;
        let rest = self.since(&rest).await?;
        let processor = (during.agent - rest.agent).max(0.0);
        let used = Used { requests: during.requests, processor };
        Ok(Changes { what, beside, count, applied: Vec::new(), used })
    }

    /// The agent is started again; a lease gets its manifest as soon as the gateway answers.
    async fn restart(&mut self, leases: &mut Vec<Order>) -> Result<Restart> {
        eprintln!("the agent is started again with {} leases", leases.len());
        let newcomer = self.open_orders(1).await?;
        let order = newcomer.first().context("an order was opened")?.id;
        let (bid, _) = self.ledger.bid(order).await?;
        self.accept(&newcomer, &[bid]).await?;
        let before = process::memory(self.agent()?)?;
        self.stop_agent().await;
        let requests = self.counter.read().await?;
        let start = Instant::now();
        self.start_agent().await?;
        let gateway = start.elapsed();
        let taken = self.launch(&newcomer).await?;
        let applied = self.observations.all(Step::Applied, &[order]).await?;
        self.observations.all(Step::Ready, &[order]).await?;
        sleep(SETTLED).await;
        let requests = self.counter.read().await? - &requests;
        // One that has just started has used no processor time before.
        let processor = process::processor(self.agent()?)?;
        let after_start = process::memory(self.agent()?)?;
        let memory = [before, after_start, after_start];
        leases.extend(newcomer);
        let newcomer = after(&taken, &applied).first().copied().context("it was applied")?;
        Ok(Restart { gateway, newcomer, requests, processor, memory })
    }

    /// Blocks to the bids on orders that come while `open` others stay open.
    async fn beside_open_orders(&mut self, open: usize) -> Result<Vec<Bids>> {
        eprintln!("orders beside {open} open ones");
        let mut all = Vec::new();
        for (what, count) in [("one at a time", 1), ("at once", 40)] {
            all.push(self.bids(what, 0, count).await?);
        }
        let many = self.open_orders(open).await?;
        for order in &many {
            self.ledger.bid(order.id).await?;
        }
        for (what, count) in [("one at a time", 1), ("at once", 40)] {
            all.push(self.bids(what, open, count).await?);
        }
        self.close(&many).await?;
        Ok(all)
    }

    async fn bids(&mut self, what: &'static str, beside: usize, at_once: usize) -> Result<Bids> {
        let mut blocks = Vec::new();
        while blocks.len() < at_once.max(10) {
            let orders = self.open_orders_of_last(at_once).await?;
            for order in &orders {
                blocks.push(self.ledger.bid(order.id).await?.1);
            }
            self.close(&orders).await?;
        }
        Ok(Bids { what, beside, blocks })
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
    let (mut rests, mut deploys) = (Vec::new(), Vec::new());
    let (mut ends, mut changes) = (Vec::new(), Vec::new());
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
            changes.extend(fixture.changes(&mut leases, size.single).await?);
        }
    }
    rests.push(fixture.rest(leases.len(), size.rest).await?);

    let what = format!("one at a time beside {} leases", leases.len());
    let (beside, metrics) = fixture.deploy_one_by_one(&what, size.single).await?;
    deploys.push(metrics);
    fixture.end(&beside).await?;

    changes.extend(fixture.changes(&mut leases, size.single).await?);
    let mut restart = fixture.restart(&mut leases).await?;
    ends.push(fixture.end(&leases).await?);
    restart.memory[2] = process::memory(fixture.agent()?)?;
    let bids = fixture.beside_open_orders(size.open).await?;
    Ok(Results { rests, deploys, ends, changes, restart, bids })
}

fn ids(orders: &[Order]) -> Vec<OrderId> {
    orders.iter().map(|order| order.id).collect()
}

/// The time from each moment to the other. A line of the log may be read before the gateway's
/// answer.
fn after(from: &[Instant], to: &[Instant]) -> Vec<Duration> {
    from.iter().zip(to).map(|(from, to)| to.saturating_duration_since(*from)).collect()
}
