//! Fetches what events do not carry: an order's group, a deployment's commitment, an account's
//! clock; and asks all endpoints whether a lease ended. A failed fetch stays in the store's list and
//! is retried as long as it is needed.

use std::time::{Duration, Instant};

use futures::{StreamExt, stream};
use souk_api::orderbook::LeaseState;
use souk_core::{AccountId, CloseReason, DeploymentId, OrderId};
use tokio_util::sync::CancellationToken;

use super::{ChainError, Market, apply::end_lease, audit::Findings, confirm};
use crate::{
    model::{OrderDetail, agreement::Agreement, audit::LeaseWord},
    store::{
        DeploymentRow, Pending, PendingRow, Store, StoreError, Topic, Tx, cursor, deployments,
        leases, orders, pending,
    },
};

/// Fetches at once.
const PARALLEL: usize = 8;
/// Rows fetched in one round.
const PAGE: u32 = 64;
/// The least and the most time between two rounds after a failure.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(15));

/// Fetches until stopped.
///
/// # Errors
///
/// Only if the store fails.
pub async fn run(
    market: Market,
    store: Store,
    findings: Findings,
    stop: CancellationToken,
) -> Result<(), StoreError> {
    let mut listener = store.listen(&[Topic::Pending]);
    let mut wait = BACKOFF.0;
    // What failed waits for its time; it holds up nothing that is new.
    let mut retry_at = Instant::now();
    loop {
        let retries = Instant::now() >= retry_at;
        let rows = if retries { Rows::All } else { Rows::Untried };
        let left = round(&market, &store, &findings, rows).await?;
        if retries {
            wait = if left == Left::Failed { (wait * 2).min(BACKOFF.1) } else { BACKOFF.0 };
            // With nothing to retry, the resync: a notification may have been lost.
            let after = if left == Left::Nothing { BACKOFF.1 } else { wait };
            retry_at = Instant::now() + after;
        } else if left == Left::Failed {
            retry_at = retry_at.min(Instant::now() + wait);
        }
        let again = async {
            if left != Left::More {
                let _ = tokio::time::timeout_at(retry_at.into(), listener.changed()).await;
            }
        };
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            () = again => {}
        }
    }
}

/// Which rows of the list a round takes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rows {
    All,
    /// Those that no fetch failed for yet.
    Untried,
}

/// What is left on the list after a round.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Left {
    /// Failed fetches.
    Failed,
    /// More than one page.
    More,
    Nothing,
}

/// Fetches one page of the list.
async fn round(
    market: &Market,
    store: &Store,
    findings: &Findings,
    rows: Rows,
) -> Result<Left, StoreError> {
    let list = match rows {
        Rows::All => pending::list,
        Rows::Untried => pending::untried,
    };
    let rows = store.read(move |sql| list(sql, PAGE)).await?;
    let full = rows.len() == PAGE as usize;
    let outcomes: Vec<Result<bool, StoreError>> = stream::iter(rows)
        .map(|row| one(market, store, findings, row))
        .buffer_unordered(PARALLEL)
        .collect()
        .await;
    let mut failed = false;
    for outcome in outcomes {
        failed |= !outcome?;
    }
    Ok(match (failed, full) {
        (true, _) => Left::Failed,
        (false, true) => Left::More,
        (false, false) => Left::Nothing,
    })
}

async fn one(
    market: &Market,
    store: &Store,
    findings: &Findings,
    row: PendingRow,
) -> Result<bool, StoreError> {
    let PendingRow { kind, id, .. } = row;
    let fetched = match kind {
        Pending::Order => order(market, store, OrderId(id)).await,
        Pending::Deployment => deployment(market, store, DeploymentId(id)).await,
        Pending::Account => account(market, store, AccountId(id)).await,
        Pending::LeaseEnd => lease_end(market, store, findings, OrderId(id)).await,
    };
    match fetched {
        Ok(()) => {
            findings.decided(kind, id);
            Ok(true)
        }
        Err(ChainError::Store(error)) => Err(error),
        Err(error) => {
            if let ChainError::Undecided(why) = &error {
                findings.undecided(kind, id, why);
            }
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
            Ok(!needed)
        }
    }
}

async fn order(market: &Market, store: &Store, id: OrderId) -> Result<(), ChainError> {
    let order = market.orderbook.order(id).await?;
    store
        .write(move |tx| {
            orders::set_detail(tx, id, &OrderDetail::from(&order))?;
            if let Some(closes_at) = order.closes_at {
                orders::extend(tx, id, closes_at)?;
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

async fn account(market: &Market, store: &Store, id: AccountId) -> Result<(), ChainError> {
    let height = store.height().await?.unwrap_or(0);
    let clock = match confirm::account(market, id, height).await {
        Agreement::Agreed(clock) => clock,
        Agreement::Undecided(why) => return Err(ChainError::Undecided(why)),
    };
    store
        .write(move |tx| {
            leases::put_clock(tx, id, &clock)?;
            done_at(tx, Pending::Account, id.0, height)?;
            Ok(())
        })
        .await
}

async fn lease_end(
    market: &Market,
    store: &Store,
    findings: &Findings,
    order: OrderId,
) -> Result<(), ChainError> {
    let at = store.cursor().await?;
    let height = at.map_or(0, |at| at.height);
    let word = match confirm::lease(market, order, height).await {
        Agreement::Agreed(word) => word,
        Agreement::Undecided(why) => return Err(ChainError::Undecided(why)),
    };
    if word == LeaseWord::Active {
        findings.contradicted(order);
    }
    store
        .write(move |tx| {
            let runs = leases::get(tx, order)?.is_some_and(|l| l.state == LeaseState::Active);
            let now = at.map_or(0, |at| at.time);
            match word {
                _ if !runs => {}
                LeaseWord::Active => {}
                LeaseWord::Ended { state, reason, at } => {
                    end_lease(tx, order, state, reason, at.unwrap_or(now))?;
                }
                LeaseWord::Absent => {
                    end_lease(tx, order, LeaseState::Closed, CloseReason::Unspecified, now)?;
                }
            }
            done_at(tx, Pending::LeaseEnd, order.0, height)?;
            Ok(())
        })
        .await
}

/// Done, unless blocks came since the question: one of them may have asked for it again.
fn done_at(tx: &Tx<'_>, kind: Pending, id: u64, height: u64) -> Result<(), StoreError> {
    match cursor::get(tx)?.is_none_or(|now| now.height <= height) {
        true => pending::done(tx, kind, id),
        false => Ok(tx.touch(Topic::Pending)),
    }
}

fn is_needed(tx: &Tx<'_>, kind: Pending, id: u64) -> Result<bool, StoreError> {
    match kind {
        Pending::Order => Ok(orders::get(tx, OrderId(id))?.is_some_and(|order| order.open)),
        Pending::Deployment => {
            let is = |deployment: DeploymentId| deployment.0 == id;
            let leased = leases::active(tx)?.iter().any(|l| is(l.group.deployment));
            Ok(leased || orders::open(tx)?.iter().any(|o| is(o.group.deployment)))
        }
        Pending::Account => leases::is_paid_by(tx, AccountId(id)),
        Pending::LeaseEnd => {
            Ok(leases::get(tx, OrderId(id))?.is_some_and(|l| l.state == LeaseState::Active))
        }
    }
}
