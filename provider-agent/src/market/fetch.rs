//! Fetches what events do not carry: an order's group, a deployment's commitment, an account's
//! clock; and asks all endpoints whether a lease ended. A failed fetch stays in the store's list and
//! is retried as long as it is needed.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use futures::{StreamExt, stream::FuturesUnordered};
use souk_api::orderbook::LeaseState;
use souk_core::{AccountId, CloseReason, DeploymentId, OrderId};
use tokio_util::sync::CancellationToken;

use super::{ChainError, Market, apply::end_lease, audit::Findings, confirm};
use crate::{
    model::{
        Order, OrderDetail,
        agreement::Agreement,
        audit::LeaseWord,
        health::Reporter,
        work_queue::{End, Urgency, WorkQueue},
    },
    store::{
        DeploymentRow, Pending, PendingRow, Store, StoreError, Topic, Tx, cursor, deployments,
        leases, orders, pending, reclaims,
    },
};

/// Fetches at once.
const PARALLEL: usize = 8;
/// Rows that are read at once.
const PAGE: u32 = 256;
/// The list is read after this time, even without a notification.
const RESYNC: Duration = Duration::from_secs(15);
/// Blocks for which every node has the state after a block, if it keeps no more than most do.
const RECENT: u64 = 50;
/// The wait of a row after its first failure, and the longest.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(4));

/// What is fetched, and its number.
type Key = (Pending, u64);

/// What is fetched by one task, so that it waits for nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// Details of orders and deployments, from one endpoint: bids wait for them.
    Details,
    /// What all endpoints are asked: it takes as long as the slowest.
    Confirmations,
}

impl Subject {
    fn kinds(self) -> &'static [Pending] {
        match self {
            Self::Details => &[Pending::Order, Pending::Deployment],
            Self::Confirmations => &[Pending::Account, Pending::LeaseEnd],
        }
    }
}

/// The task that fetches.
pub struct Fetcher {
    /// The market.
    pub market: Market,
    /// The store, with the list.
    pub store: Store,
    /// Where endpoints that differ are reported.
    pub findings: Findings,
    /// What it fetches.
    pub subject: Subject,
    /// Where what fails is reported.
    pub health: Reporter,
}

impl Fetcher {
    /// Fetches until stopped.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn run(self, stop: CancellationToken) -> Result<(), StoreError> {
        tokio::select! {
            () = stop.cancelled() => Ok(()),
            result = self.fetch() => result,
        }
    }

    /// Each row is fetched by itself: one that fails or hangs waits for its own time and holds up no
    /// other.
    async fn fetch(&self) -> Result<(), StoreError> {
        let mut listener = self.store.listen(&[Topic::Pending]);
        let mut queue = WorkQueue::with_backoff(BACKOFF.0, BACKOFF.1);
        let mut running = FuturesUnordered::new();
        let mut failing = BTreeSet::new();
        let mut full = self.read(&mut queue).await?;
        let mut resync = Instant::now() + RESYNC;
        loop {
            while running.len() < PARALLEL
                && let Some(taken) = queue.take(Instant::now())
            {
                running.push(self.fetch_key(taken.key));
            }
            let next = match running.len() < PARALLEL {
                true => queue.next_later().map_or(resync, |later| later.min(resync)),
                false => resync,
            };
            tokio::select! {
                Some((key, fetched)) = running.next() => {
                    let end = match fetched? {
                        None => End::Done,
                        Some(why) => {
                            self.health.failed(&why);
                            failing.insert(key);
                            End::Failed
                        }
                    };
                    if end == End::Done && failing.remove(&key) && failing.is_empty() {
                        self.health.well();
                    }
                    queue.finish(key, end, Instant::now());
                    if full && queue.depth() < PARALLEL {
                        full = self.read(&mut queue).await?;
                    }
                }
                () = listener.changed() => full = self.read(&mut queue).await?,
                () = tokio::time::sleep_until(next.into()) => {}
            }
            if Instant::now() >= resync {
                // A notification may have been lost.
                full = self.read(&mut queue).await?;
                resync = Instant::now() + RESYNC;
            }
        }
    }

    /// Puts a page of what is to be fetched into the queue, what never failed first. What is there keeps
    /// its turn. True if there may be more.
    async fn read(&self, queue: &mut WorkQueue<Key>) -> Result<bool, StoreError> {
        let kinds = self.subject.kinds();
        let keys = self.store.read(move |sql| pending::keys(sql, kinds, PAGE)).await?;
        let full = keys.len() == PAGE as usize;
        for key in keys {
            // What is being fetched is fetched again only if it is still to be.
            queue.add(key, Urgency::Observed, Instant::now());
        }
        Ok(full)
    }

    async fn fetch_key(&self, key: Key) -> (Key, Result<Option<String>, StoreError>) {
        let fetched = async {
            let row = self.store.read(move |sql| pending::get(sql, key.0, key.1)).await?;
            match row {
                Some(row) => fetch_row(&self.market, &self.store, &self.findings, row).await,
                None => Ok(None),
            }
        };
        (key, fetched.await)
    }
}

/// Why the row is to be fetched again; none if it is settled: fetched, or not needed any more.
async fn fetch_row(
    market: &Market,
    store: &Store,
    findings: &Findings,
    row: PendingRow,
) -> Result<Option<String>, StoreError> {
    let PendingRow { kind, id, height, .. } = row;
    let fetched = match kind {
        Pending::Order => order(market, store, OrderId(id)).await,
        Pending::Deployment => deployment(market, store, DeploymentId(id)).await,
        Pending::Account => account(market, store, AccountId(id), height).await,
        Pending::LeaseEnd => lease_end(market, store, findings, OrderId(id), height).await,
    };
    match fetched {
        Ok(()) => {
            findings.decided(kind, id);
            Ok(None)
        }
        Err(ChainError::Store(error)) => Err(error),
        Err(error) => {
            if let ChainError::Undecided(why) = &error {
                findings.undecided(kind, id, why);
            }
            let why = format!("{kind} {id}: {error}");
            let needed = store
                .write(move |tx| {
                    if !is_needed(tx, kind, id)? {
                        pending::done(tx, kind, id)?;
                        return Ok::<_, StoreError>(false);
                    }
                    pending::failed(tx, kind, id, &error.to_string())?;
                    tracing::debug!(%kind, id, %error, "fetch failed, retrying");
                    Ok(true)
                })
                .await?;
            if !needed {
                findings.decided(kind, id);
            }
            Ok(needed.then_some(why))
        }
    }
}

async fn order(market: &Market, store: &Store, id: OrderId) -> Result<(), ChainError> {
    let order = market.orderbook.order(id).await?;
    store
        .write(move |tx| {
            let detail = OrderDetail::from(&order);
            orders::set_detail(tx, id, &detail)?;
            if let Some(limit) = detail.absence_limit {
                leases::shorten_limit(tx, id, limit)?;
            }
            if let Some(closes_at) = order.closes_at {
                orders::extend(tx, id, closes_at, order.closes_at_block)?;
            }
            pending::done(tx, Pending::Order, id.0)?;
            Ok(())
        })
        .await
}

/// Pinned to the cursor's height: what events changed since then is newer and stays.
async fn deployment(market: &Market, store: &Store, id: DeploymentId) -> Result<(), ChainError> {
    let height = store.height().await?.unwrap_or(0);
    let found = market.at(height).orderbook.deployment(id).await?;
    let row = DeploymentRow { id, tenant: found.tenant, commitment: found.commitment, height };
    store
        .write(move |tx| {
            deployments::put(tx, &row)?;
            pending::done(tx, Pending::Deployment, id.0)?;
            Ok(())
        })
        .await
}

/// The block whose state is asked for: that of the row, which a node that trails has soon, or the
/// store's last one if nodes may have pruned that by now.
async fn height_to_ask(store: &Store, wanted: u64) -> Result<u64, StoreError> {
    let now = store.height().await?.unwrap_or(0);
    Ok(if now.saturating_sub(wanted) > RECENT { now } else { wanted })
}

async fn account(
    market: &Market,
    store: &Store,
    id: AccountId,
    wanted: u64,
) -> Result<(), ChainError> {
    let height = height_to_ask(store, wanted).await?;
    let clock = match confirm::account(market, id, height).await {
        Agreement::Agreed(clock) => clock,
        Agreement::Undecided(why) => return Err(ChainError::Undecided(why)),
    };
    store
        .write(move |tx| {
            leases::put_clock(tx, id, &clock)?;
            pending::done_at(tx, Pending::Account, id.0, height)?;
            Ok(())
        })
        .await
}

async fn lease_end(
    market: &Market,
    store: &Store,
    findings: &Findings,
    order: OrderId,
    wanted: u64,
) -> Result<(), ChainError> {
    if !store.read(move |sql| leases::is_active(sql, order)).await? {
        let done = move |tx: &Tx<'_>| pending::done(tx, Pending::LeaseEnd, order.0);
        return Ok(store.write(done).await?);
    }
    let height = height_to_ask(store, wanted).await?;
    let word = match confirm::lease(market, order, height).await {
        Agreement::Agreed(word) => word,
        Agreement::Undecided(why) => return Err(ChainError::Undecided(why)),
    };
    if word == LeaseWord::Active {
        findings.contradicted(order);
    }
    store
        .write(move |tx| {
            let now = cursor::get(tx)?.map_or(0, |now| now.time);
            let ended = match word {
                LeaseWord::Active => None,
                LeaseWord::Ended { state, reason, at, reclaim, paid_until } => {
                    Some((state, reason, at.unwrap_or(now), reclaim, paid_until))
                }
                LeaseWord::Absent => {
                    Some((LeaseState::Closed, CloseReason::Unspecified, now, None, None))
                }
            };
            let mut was_absent = false;
            if let Some((state, reason, at, reclaim, paid_until)) = ended
                && leases::is_active(tx, order)?
            {
                // Whatever events said of it, or did not say: how long the slot is held follows from it.
                match reclaim {
                    Some(reclaim) => reclaims::put(tx, order, &reclaim)?,
                    None => reclaims::remove(tx, order)?,
                }
                end_lease(tx, order, state, reason, at)?;
                leases::set_paid_until(tx, order, paid_until)?;
                if let Some(until) = paid_until {
                    tell_absence(order, at, until);
                    was_absent = true;
                }
            }
            pending::done_at(tx, Pending::LeaseEnd, order.0, height)?;
            Ok::<_, ChainError>(was_absent)
        })
        .await
        .map(|was_absent| {
            if was_absent {
                findings.absent()
            }
        })
}

/// A lease ended since the provider was absent: what that costs.
fn tell_absence(order: OrderId, closed_at: u64, paid_until: u64) {
    let unpaid = closed_at.saturating_sub(paid_until);
    tracing::warn!(
        lease = %order, closed_at, paid_until, unpaid,
        "the chain did not see this provider for the lease's limit: it is paid until `paid_until` at most, and \
         nothing for the `unpaid` seconds since; it may not bid on the group again, and the bond is not touched"
    );
}

fn is_needed(tx: &Tx<'_>, kind: Pending, id: u64) -> Result<bool, StoreError> {
    match kind {
        Pending::Order => {
            // Of a lease by a quote there was no open order.
            let leased = leases::is_active(tx, OrderId(id))?;
            let needs = |order: Order| order.open || leased && order.detail.is_none();
            Ok(orders::get(tx, OrderId(id))?.is_some_and(needs))
        }
        Pending::Deployment => {
            let is = |deployment: DeploymentId| deployment.0 == id;
            let leased = leases::active(tx)?.iter().any(|l| is(l.group.deployment));
            Ok(leased || orders::open(tx)?.iter().any(|o| is(o.group.deployment)))
        }
        Pending::Account => leases::is_paid_by(tx, AccountId(id)),
        Pending::LeaseEnd => leases::is_active(tx, OrderId(id)),
    }
}
