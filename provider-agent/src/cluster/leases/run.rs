//! Hands out the leases that have work, each to one worker at a time.
//!
//! Work comes from commits of the store, which name the leases that they change; from what is seen of
//! the leases' objects; from accounts that are depleted, by block time; and from the clock, once a day
//! for each lease.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
    time::{Duration, Instant},
};

use souk_core::OrderId;
use tokio::task::{Id, JoinError, JoinSet};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use super::{
    clock::unix_time,
    metrics::Ended,
    reconcile::{Reconciler, Worked},
};
use crate::{
    cluster::kube::cache::Changes,
    model::work_queue::{DueTimes, End, Taken, Urgency, WorkQueue, next_refresh},
    store::{StoreError, Topic, applied, kept_volumes},
};

/// Leases that are worked on at once. A worker mostly waits for the API server, and one whose namespace
/// hangs is of no use to the others meanwhile.
const WORKERS: usize = 32;
/// As much at the start, while everything is still being listed: each asks for its namespace by itself.
const EARLY_WORKERS: usize = 4;
/// Leases whose manifests came just before the start, at most: they do not wait for the lists of everything.
const FEW: usize = 32;
/// The longest time without a look at the clock.
const TICK: Duration = Duration::from_secs(1);

/// How long work that is under way may go on after the stop signal.
const END: Duration = Duration::from_secs(5);

/// Seconds after which a refresh is tried again for which nothing was seen.
const BLIND: u64 = 60;

type Finished = (OrderId, Worked, Duration);

/// Hands out work.
struct Scheduler {
    reconciler: Arc<Reconciler>,
    queue: WorkQueue<OrderId>,
    running: JoinSet<Finished>,
    /// What is worked on, and whether it is a refresh.
    worked_on: HashMap<Id, (OrderId, bool)>,
    /// Leases that wait until namespaces are seen.
    blind: BTreeSet<OrderId>,
    /// When accounts are depleted, in block time.
    depletions: DueTimes<OrderId>,
    /// When leases are applied again, in Unix seconds.
    refreshes: DueTimes<OrderId>,
    block_time: Option<u64>,
    /// Whether the agent could act when this was looked at last.
    could_act: bool,
    /// Whether everything was listed when this was looked at last.
    settled: bool,
    /// Leases that were worked on before.
    early: BTreeSet<OrderId>,
}

impl Reconciler {
    /// Runs until `stop`, and ends when no work is under way any more.
    pub async fn run(self, stop: CancellationToken) {
        let mut scheduler = Scheduler {
            reconciler: Arc::new(self),
            queue: WorkQueue::default(),
            running: JoinSet::new(),
            worked_on: HashMap::new(),
            blind: BTreeSet::new(),
            depletions: DueTimes::default(),
            refreshes: DueTimes::default(),
            block_time: None,
            could_act: true,
            settled: false,
            early: BTreeSet::new(),
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = scheduler.run() => {}
        }
        let rest = async { while scheduler.running.join_next().await.is_some() {} };
        if tokio::time::timeout(END, rest).await.is_err() {
            scheduler.running.shutdown().await;
        }
    }
}

impl Scheduler {
    async fn run(&mut self) {
        let store = self.reconciler.store.clone();
        let caches = self.reconciler.caches.clone();
        let mut commits = store.listen_to_leases();
        let mut blocks = store.listen(&[Topic::Cursor]);
        self.load().await;
        self.block().await;
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            self.start_work();
            // What cannot be started now is not waited for in circles.
            let later = self.queue.next_later().filter(|_| self.settled && self.can_start());
            let later = later.unwrap_or_else(|| Instant::now() + TICK);
            tokio::select! {
                changed = commits.changed() => self.committed(changed).await,
                changes = caches.changed() => self.seen(changes),
                () = blocks.changed() => self.block().await,
                Some(ended) = self.running.join_next_with_id() => self.ended(ended),
                () = tokio::time::sleep_until(later.into()) => {}
                _ = tick.tick() => self.tick(),
            }
        }
    }

    /// Whether work can be started. Before the first block nothing can be judged.
    fn can_start(&self) -> bool {
        let workers = if self.settled { WORKERS } else { EARLY_WORKERS };
        self.block_time.is_some() && self.could_act && self.running.len() < workers
    }

    /// The next lease to work on. Before each kind is listed, or is known not to be seen, only those for
    /// which somebody wants something: they are looked at by themselves.
    fn next(&mut self) -> Option<Taken<OrderId>> {
        if self.settled {
            return self.queue.take(Instant::now());
        }
        if self.early.len() >= FEW {
            return None;
        }
        let taken = self.queue.take_fresh(Instant::now())?;
        self.early.insert(taken.key);
        Some(taken)
    }

    /// Looks whether everything is listed. A list may be from before what was applied meanwhile, which its
    /// watch then shows.
    fn look_at_caches(&mut self) {
        if self.settled || !self.reconciler.caches.is_settled() {
            return;
        }
        self.settled = true;
        for order in std::mem::take(&mut self.early) {
            self.reconciler.progress.renew(order, Instant::now());
        }
    }

    /// Looks whether the agent may act. What failed since it might not is tried again at once.
    fn look_at_fence(&mut self) {
        let can_act = self.reconciler.fence.is_open();
        if can_act && !self.could_act {
            self.queue.retry_all(Instant::now());
        }
        self.could_act = can_act;
    }

    /// Starts work while there is some and workers are free.
    fn start_work(&mut self) {
        self.look_at_fence();
        self.look_at_caches();
        let metrics = self.reconciler.metrics.clone();
        while self.can_start()
            && let Some(block_time) = self.block_time
            && let Some(taken) = self.next()
        {
            metrics.waited.observe(taken.waited.as_secs_f64());
            if self.queue.failures(taken.key) > 0 {
                metrics.retries.inc();
            }
            let (order, again) = (taken.key, taken.refresh);
            let span = tracing::info_span!("lease", lease = %order, urgency = ?taken.urgency);
            let reconciler = Arc::clone(&self.reconciler);
            let work = async move {
                let began = Instant::now();
                let worked = reconciler.work(order, block_time, again).await;
                (order, worked, began.elapsed())
            };
            let task = self.running.spawn(work.instrument(span));
            self.worked_on.insert(task.id(), (order, again));
        }
    }

    fn ended(&mut self, ended: Result<(Id, Finished), JoinError>) {
        let (id, finished) = match ended {
            Ok((id, finished)) => (id, Some(finished)),
            Err(error) => {
                let lease = self.worked_on.get(&error.id()).map(|(order, _)| order.0);
                tracing::error!(lease, %error, "work on a lease panicked, retrying");
                (error.id(), None)
            }
        };
        let Some((order, refresh)) = self.worked_on.remove(&id) else { return };
        let (worked, took) =
            finished.map_or((Worked::Failed, Duration::ZERO), |(_, worked, took)| (worked, took));
        let end = match worked {
            Worked::Done => End::Done,
            Worked::Again(wait) => End::Again(wait),
            Worked::Failed => End::Failed,
            Worked::Refused => End::Refused,
            Worked::Blind => {
                self.blind.insert(order);
                if refresh {
                    self.refreshes.set(order, Some(unix_time() + BLIND));
                }
                End::Done
            }
        };
        let result = match end {
            End::Failed => "failed",
            End::Refused => "refused",
            End::Done | End::Again(_) => "done",
        };
        let metrics = &self.reconciler.metrics;
        metrics.work.observe(took.as_secs_f64());
        metrics.ended.get_or_create(&Ended { result }).inc();
        self.queue.finish(order, end, Instant::now());
    }

    fn add(&mut self, orders: impl IntoIterator<Item = OrderId>, urgency: Urgency) {
        let now = Instant::now();
        for order in orders {
            self.queue.add(order, urgency, now);
        }
    }

    /// Reads all leases, and what was applied before this process began.
    async fn load(&mut self) {
        let kept = loop {
            let loaded = async {
                let rows = self.reconciler.store.read(applied::all).await?;
                self.reconciler.progress.restore(rows);
                self.reconciler.index.load(&self.reconciler.store).await?;
                self.reconciler.store.read(kept_volumes::all).await
            };
            match loaded.await {
                Ok(kept) => break kept,
                Err(error) => pause(&error).await,
            }
        };
        let mut orders = self.all_orders();
        // Of some the namespace may be gone.
        orders.extend(kept.into_iter().map(|row| row.order));
        for order in &orders {
            self.set_times(*order);
        }
        let unapplied: Vec<OrderId> =
            orders.iter().copied().filter(|order| self.is_unapplied(*order)).collect();
        self.add(orders, Urgency::Observed);
        // After another program or configuration it is all of them.
        if unapplied.len() <= FEW {
            self.add(unapplied, Urgency::Fresh);
        }
    }

    /// Whether a lease is to run and its newest manifest was not applied yet.
    fn is_unapplied(&self, order: OrderId) -> bool {
        let lease = self.reconciler.index.get(order).filter(|lease| lease.is_active());
        let wanted = lease.and_then(|lease| lease.version(self.reconciler.recipe));
        let applied = self.reconciler.progress.get(order).applied.map(|applied| applied.version);
        wanted.is_some() && wanted != applied
    }

    /// The leases of the store, and those of which the cluster has something.
    fn all_orders(&self) -> BTreeSet<OrderId> {
        let mut orders: BTreeSet<OrderId> = self.reconciler.index.orders().into_iter().collect();
        orders.extend(self.reconciler.caches.orders());
        orders
    }

    /// After commits that changed leases.
    async fn committed(&mut self, changed: BTreeSet<OrderId>) {
        let reconciler = Arc::clone(&self.reconciler);
        let known = loop {
            match reconciler.index.reload(&reconciler.store, &changed).await {
                Ok(known) => break known,
                Err(error) => pause(&error).await,
            }
        };
        let matters = |order: &OrderId| known.contains(order) || reconciler.caches.has(*order);
        let changed: Vec<OrderId> = changed.into_iter().filter(matters).collect();
        for order in &changed {
            self.set_times(*order);
        }
        self.add(changed, Urgency::Fresh);
    }

    /// Sets when a lease is depleted and when it is applied again.
    fn set_times(&mut self, order: OrderId) {
        let lease = self.reconciler.index.get(order).filter(|lease| lease.is_active());
        self.depletions.set(order, lease.as_ref().and_then(|lease| lease.funds.end()));
        let runs = lease.is_some_and(|lease| lease.manifest.is_some());
        if !runs {
            self.refreshes.set(order, None);
        } else if !self.refreshes.contains(order) {
            self.refreshes.set(order, Some(next_refresh(order, unix_time())));
        }
    }

    /// After changes of what is seen.
    fn seen(&mut self, changes: Changes) {
        self.add(changes.leases, Urgency::Observed);
        if changes.recovered {
            self.queue.retry_all(Instant::now());
            // What was not seen was taken to be there; a worker under way may have seen nothing, too. Of
            // some that could not be judged there is nothing but a row.
            let mut orders = self.all_orders();
            orders.extend(std::mem::take(&mut self.blind));
            self.add(orders, Urgency::Observed);
        }
    }

    /// After a block.
    async fn block(&mut self) {
        match self.reconciler.store.block_time().await {
            Ok(Some(now)) => {
                self.block_time = Some(now);
                let depleted = self.depletions.take(now);
                self.add(depleted, Urgency::Fresh);
            }
            Ok(None) => {}
            Err(error) => tracing::error!(%error, "reading the block time failed"),
        }
    }

    fn tick(&mut self) {
        let now = unix_time();
        let due = self.refreshes.take(now);
        for order in &due {
            self.refreshes.set(*order, Some(next_refresh(*order, now)));
        }
        self.add(due, Urgency::Refresh);
        let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        let metrics = &self.reconciler.metrics;
        metrics.depth.set(count(self.queue.depth()));
        metrics.waiting.set(count(self.queue.waiting()));
        metrics.running.set(count(self.running.len()));
        metrics.oldest.set(self.queue.oldest(Instant::now()).as_secs_f64());
    }
}

async fn pause(error: &StoreError) {
    tracing::error!(%error, "reading leases from the store failed, retrying");
    tokio::time::sleep(TICK).await;
}
